"""Where a model is reached: from a base URL and a key to the address and headers of the WebSocket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from agentrun.errors import ConnectFailed
from agentrun.secret import Secret

OPENAI_BASE_URL = "https://api.openai.com/v1"

_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One dialable session address.

    Attributes:
        url: `ws://` or `wss://` address with the model in the query; no secret in it.
        headers: headers of the handshake; their values are secret.

    """

    url: str
    headers: Mapping[str, Secret] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return urlsplit(self.url).netloc  # `make_endpoint` lets no user or password in

    @property
    def address(self) -> tuple[str, int]:
        """Host name and port to connect to."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "wss" else 80)


def make_endpoint(base_url: str, model: str, api_key: Secret | None, *, azure: bool = False) -> Endpoint:
    """Return the endpoint of a Realtime service as the official SDKs derive it from a base URL.

    Args:
        base_url: for example `https://api.openai.com/v1`, `http://127.0.0.1:8765/v1`, or a `ws` URL.
        model: name of the model (on Azure: of the deployment).
        api_key: sent as a bearer token, on Azure as `api-key`.
        azure: whether the service is Azure OpenAI.

    Raises:
        ConnectFailed: the URL cannot be dialled.

    """
    parts = _split(base_url)
    scheme = _SCHEMES[parts.scheme.lower()]
    path = parts.path.rstrip("/")
    path = path if path.endswith("/realtime") else f"{path or '/v1'}/realtime"
    query = "&".join(filter(None, [parts.query, f"model={quote(model, safe='')}"]))
    headers: dict[str, Secret] = {}
    if api_key is not None:
        token = api_key.reveal()
        headers = {"api-key": Secret(token)} if azure else {"Authorization": Secret(f"Bearer {token}")}
    return Endpoint(urlunsplit((scheme, parts.netloc, path, query, "")), headers)


def _split(base_url: str) -> SplitResult:
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme.lower() in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not close, a port that is no number
        usable = False
    if not usable:
        shown = base_url if "@" not in base_url else "the engine's URL"
        raise ConnectFailed(
            f"`{shown}` is not the address of a Realtime service",
            url=shown,
            hint="give a base URL such as http://127.0.0.1:8765/v1",
        )
    if parts.username is not None or parts.password is not None:
        raise ConnectFailed(
            f"the URL of {parts.hostname} holds a user name or a password",
            url=str(parts.hostname),
            hint="leave it out and give the key as `model.api_key` or OPENAI_API_KEY",
        )
    return parts
