"""`agentrun doctor`: what is missing for each way of running, one line each, with the remedy."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from agentrun.cli.exits import Exit

Status: TypeAlias = Literal["ok", "less", "missing", "broken"]

# The ways of running, in the order in which people meet them. Only the first one has to work.
WAYS: Mapping[str, str] = {
    "text": "check and rehearse in writing, offline",
    "voice": "talk on the page, offline",
    "webrtc": "take calls over WebRTC in `agentrun engine`",
    "provider": "talk to a real model",
    "microphone": "this machine's own microphone",
}
_PACKAGES = (
    "yaml",
    "jsonschema",
    "typer",
    "websockets",
    "httpx",
    "jmespath",
    "mcp",
    "starlette",
    "uvicorn",
    "cryptography",
)
_REINSTALL = "install agentrun again in a fresh environment: pip install agentrun"
_LIBYAML = "pip install --force-reinstall --only-binary pyyaml pyyaml"
_TIMEOUT_S = 10


class Format(StrEnum):
    """How the answer is written."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        way: for which way of running; a key of `WAYS`.
        name: what was looked at.
        status: `ok`; `less`: it works with less; `missing`: this way does not work without it; `broken`: the
            default way does not work.
        message: how it stands.
        remedy: what to do; empty if nothing need be done.

    """

    way: str
    name: str
    status: Status
    message: str
    remedy: str = ""


def doctor_command(
    output_format: Annotated[
        Format, typer.Option("--format", "-f", help="How the answer is written.")
    ] = Format.TEXT,
    network: Annotated[
        bool, typer.Option("--network", help="Ask the provider, too; without it no request leaves.")
    ] = False,
) -> None:
    """Say what is missing on this machine for each way of running.

    Leaves with 4 if agents cannot even be rehearsed in writing, and with 0 otherwise.

    Example: agentrun doctor
    """
    from agentrun.cli.agents import read_environment

    environment = read_environment(Path.cwd() / "agent.yaml")
    checks = [*check_machine(environment), *(check_network(environment) if network else ())]
    render = render_json if output_format is Format.JSON else render_text
    typer.echo(render(checks), nl=False)
    raise typer.Exit(Exit.FINE if is_ready("text", checks) else Exit.ENVIRONMENT)


def is_ready(way: str, checks: list[Check]) -> bool:
    """Return whether nothing that a way of running needs is missing."""
    # Every way needs what the first one needs.
    return not any(check.status in ("missing", "broken") for check in checks if check.way in ("text", way))


def check_machine(environment: Mapping[str, str]) -> Iterator[Check]:
    """Look at everything that can be seen without a request and without starting anything."""
    yield _check_python(sys.version_info[:3])
    yield _check_libyaml()
    yield _check_packages()
    yield from _check_speech(environment)
    yield _check_resampling()
    yield _check_webrtc()
    yield _check_key(environment)
    yield _check_microphone(Path("/proc/asound/pcm"))


def _check_python(version: tuple[int, ...]) -> Check:
    shown = ".".join(map(str, version))
    if version >= (3, 11):
        return Check("text", "python", "ok", f"Python {shown}")
    return Check("text", "python", "broken", f"Python {shown} is too old", "use Python 3.11 or newer")


def _check_libyaml() -> Check:
    import yaml

    if yaml.__with_libyaml__:
        return Check("text", "libyaml", "ok", f"PyYAML {yaml.__version__} with libyaml")
    return Check("text", "libyaml", "broken", "PyYAML was built without libyaml", _LIBYAML)


def _check_packages() -> Check:
    from importlib.util import find_spec

    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if not missing:
        return Check("text", "packages", "ok", "all packages are installed")
    return Check("text", "packages", "broken", f"not installed: {', '.join(missing)}", _REINSTALL)


def _check_speech(environment: Mapping[str, str]) -> Iterator[Check]:
    from agentrun.engine.speech import probe_parts

    parts = probe_parts(environment)
    for part in (parts.detector, parts.recogniser, parts.voice):
        # The engine's own sentence ends with its remedy.
        message, _, remedy = part.problem.partition(": ")
        if not part.problem:
            yield Check("voice", part.name, "ok", f"{part.uses} is installed")
        else:
            yield Check("voice", part.name, "less", message, remedy or "unset AGENTRUN_SPEECH_OFF")


def _check_resampling() -> Check:
    from agentrun.audio import has_soxr

    if has_soxr():
        return Check("voice", "soxr", "ok", "sound is resampled by soxr")
    return Check("voice", "soxr", "less", "sound is resampled in plain Python", "install agentrun[speech]")


def _check_webrtc() -> Check:
    from importlib.util import find_spec

    missing = [name for name in ("aiortc", "av") if find_spec(name) is None]
    if not missing:
        return Check("webrtc", "aiortc", "ok", "aiortc is installed")
    message = f"not installed: {', '.join(missing)}; other calls do not need it"
    return Check("webrtc", "aiortc", "missing", message, "install agentrun[webrtc]")


def _check_key(environment: Mapping[str, str]) -> Check:
    key, base = environment.get("OPENAI_API_KEY", "").strip(), environment.get("OPENAI_BASE_URL", "").strip()
    if key:
        return Check(
            "provider", "key", "ok", "OPENAI_API_KEY is set" + (f", for {_host(base)}" if base else "")
        )
    if base:
        return Check("provider", "key", "ok", f"OPENAI_BASE_URL names {_host(base)}; no key is sent")
    remedy = "set it, put it into `.env` in the project's root, or give `model.api_key` in the agent file"
    return Check("provider", "key", "missing", "OPENAI_API_KEY is not set", remedy)


def _host(base: str) -> str:
    from urllib.parse import urlsplit

    return urlsplit(base).hostname or "an address without a host"


def _check_microphone(devices: Path) -> Check:
    """Look for a device that records; only Linux says so without a library."""
    page = "talk on the page of `agentrun serve`: the browser brings its own microphone"
    if sys.platform != "linux":
        return Check("microphone", "microphone", "missing", "agentrun does not use it by itself yet", page)
    try:
        found = "capture" in devices.read_text("utf-8", errors="replace")
    except OSError:
        found = False
    message = "there is one, but agentrun does not use it by itself yet" if found else "none is found here"
    return Check("microphone", "microphone", "missing", message, page)


def check_network(environment: Mapping[str, str]) -> Iterator[Check]:
    """Ask the provider for its list of models: the only request that this command makes."""
    import httpx

    base = (environment.get("OPENAI_BASE_URL", "").strip() or "https://api.openai.com/v1").rstrip("/")
    key = environment.get("OPENAI_API_KEY", "").strip()
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    host = _host(base)
    try:
        status = httpx.get(f"{base}/models", headers=headers, timeout=_TIMEOUT_S).status_code
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        message = f"{host} cannot be reached: {str(error) or type(error).__name__}"
        yield Check(
            "provider", "network", "missing", message, "check the network, a proxy, or OPENAI_BASE_URL"
        )
        return
    if status in (401, 403):
        remedy = "check OPENAI_API_KEY" if key else "set OPENAI_API_KEY"
        yield Check("provider", "network", "missing", f"{host} refuses the key ({status})", remedy)
    else:
        yield Check("provider", "network", "ok", f"{host} answers ({status})")


def render_text(checks: list[Check]) -> str:
    """Return one line for each check below the line of its way."""
    lines = []
    for way, words in WAYS.items():
        lines.append(f"{words}: {_judge(way, checks)}")
        for check in checks:
            if check.way == way:
                remedy = f" → {check.remedy}" if check.remedy else ""
                lines.append(f"  {check.status:<8} {check.name:<11} {check.message}{remedy}")
    return "\n".join(lines) + "\n"


def _judge(way: str, checks: list[Check]) -> str:
    if not is_ready(way, checks):
        return "not ready"
    return "ready, with less" if any(c.status == "less" for c in checks if c.way == way) else "ready"


def render_json(checks: list[Check]) -> str:
    """Return the same for programs."""
    import json

    ways = {way: {"ready": is_ready(way, checks), "means": words} for way, words in WAYS.items()}
    document = {"format_version": 1, "ways": ways, "checks": [asdict(check) for check in checks]}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
