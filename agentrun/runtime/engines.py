"""Which model answers: the provider where there is a key, else the embedded engine, or what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agentrun.errors import ConnectFailed
from agentrun.link.endpoint import OPENAI_BASE_URL, Endpoint, make_endpoint
from agentrun.plan import ModelTarget
from agentrun.secret import Secret, reveal


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """The engine of one agent.

    Attributes:
        endpoint: where to dial, or None for the embedded engine.
        name: in a few words, for the page and for logs.
        notice: one line for the operator: what answers, why, and how to switch.

    """

    endpoint: Endpoint | None
    name: str
    notice: str

    @property
    def is_embedded(self) -> bool:
        """Whether the engine of this process answers."""
        return self.endpoint is None


def choose_engine(option: str, model: ModelTarget, environment: Mapping[str, str]) -> EngineChoice:
    """Resolve `--engine auto|openai|embedded|URL` for one agent.

    Raises:
        ConnectFailed: the provider was asked for and there is no key, or the URL cannot be dialled.

    """
    key = model.api_key or _from_environment(environment, "OPENAI_API_KEY")
    base = (
        reveal(model.base_url) if model.base_url is not None else environment.get("OPENAI_BASE_URL") or None
    )
    match option:
        case "embedded":
            return _embedded("--engine openai, or a URL, talks to a real model")
        case "openai":
            return _provider(model, key, base)
        case "auto" if model.provider == "embedded":
            return _embedded("the agent file says `provider: embedded`")
        case "auto" if key is None and (base is None or _is_openai(base)):
            return _embedded(
                "OPENAI_API_KEY is not set; set it, or use --engine URL, to talk to a real model"
            )
        case "auto":
            return _provider(model, key, base)
        case _:
            endpoint = make_endpoint(option, model.name, key)
            return EngineChoice(endpoint, endpoint.host, f"engine: {model.name} at {endpoint.host}")


def _embedded(why: str) -> EngineChoice:
    return EngineChoice(None, "embedded engine", f"engine: embedded, offline ({why})")


def _provider(model: ModelTarget, key: Secret | None, base: str | None) -> EngineChoice:
    base = base or OPENAI_BASE_URL
    if key is None and _is_openai(base):
        raise ConnectFailed(
            "the provider needs a key and OPENAI_API_KEY is not set",
            url=base,
            hint="set OPENAI_API_KEY, or use --engine embedded to go on offline",
        )
    endpoint = make_endpoint(base, model.name, key, azure=model.provider == "azure")
    notice = f"engine: {model.name} at {endpoint.host}; --engine embedded stays offline and costs nothing"
    return EngineChoice(endpoint, f"{model.name} at {endpoint.host}", notice)


def _is_openai(base: str) -> bool:
    """Whether this is the provider's own service, which answers nobody without a key."""
    return base.startswith(OPENAI_BASE_URL.removesuffix("/v1"))


def _from_environment(environment: Mapping[str, str], name: str) -> Secret | None:
    value = environment.get(name, "").strip()
    return Secret(value) if value else None
