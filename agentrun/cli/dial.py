"""`agentrun engine dial`: a caller for an application that answers telephone calls."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentrun.cli.exits import Exit

if TYPE_CHECKING:
    import httpx

    from agentrun.wire.json import JsonObject

_POLL_S = 0.2
_ANSWER_LIMIT_S = 10.0
_PATH = "/simulate/calls"


def dial_command(
    to: Annotated[str, typer.Option(metavar="URL", help="Where the engine is.")] = "http://127.0.0.1:8765",
    say: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="A line of the caller; may be given more than once."),
    ] = None,
    wav: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A recording of the caller (16-bit WAV), played after the lines."),
    ] = None,
    dtmf: Annotated[
        str | None, typer.Option(metavar="KEYS", help="Keys pressed at the end, such as `12#`.")
    ] = None,
    caller: Annotated[
        str | None, typer.Option("--from", metavar="NUMBER", help="Number or SIP address of the caller.")
    ] = None,
    callee: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="Number or SIP address that is called.")
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME:VALUE", help="A further SIP header; may be given more than once."),
    ] = None,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what the caller heard to this WAV file.")
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", envvar="AGENTRUN_ENGINE_API_KEY", show_envvar=True, help="Key of the engine."
        ),
    ] = None,
) -> None:
    """Call an application through a running engine, as a telephone would, and print what is said.

    The engine tells the application with a webhook, the application accepts the call, and the caller says one
    line after the other, each when the agent has finished, and hangs up.

    Leaves with 1 if the call was rejected, and with 4 if nobody answered or the engine cannot be reached.

    Example: agentrun engine dial --say "Where is my order A1001?" --say "Thank you."

    Example: agentrun engine dial --from +4930123 --header "X-Tenant: a" --dtmf 12# --save agent.wav
    """
    order = {"say": say or [], **_read_rest(wav, dtmf, caller, callee, header or [])}
    with _open_client(to, api_key) as client:
        call = _Dialled(client, order)
        try:
            state = call.follow()
        except KeyboardInterrupt:
            call.hang_up()
            raise
        code = _tell_end(state)
        if save is not None:
            _save(call, save)
    raise typer.Exit(code)


def _read_rest(
    wav: Path | None, dtmf: str | None, caller: str | None, callee: str | None, headers: list[str]
) -> JsonObject:
    rest: JsonObject = {"dtmf": dtmf, "from": caller, "to": callee, "headers": _parse_headers(headers)}
    rest["wav"] = _read_recording(wav) if wav else None
    return {name: value for name, value in rest.items() if value is not None}


def _parse_headers(given: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for header in given:
        name, colon, value = header.partition(":")
        if not colon or not name.strip() or not value.strip():
            raise typer.BadParameter(f"`{header}` is not of the form NAME: VALUE", param_hint="--header")
        headers[name.strip()] = value.strip()
    return headers


def _read_recording(path: Path) -> str:
    import base64

    from agentrun.audio import parse_wav

    try:
        data = path.read_bytes()
        parse_wav(data)
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be read: {error.strerror}", param_hint="--wav") from error
    except ValueError as error:
        raise typer.BadParameter(f"{path}: {error}", param_hint="--wav") from error
    return base64.b64encode(data).decode()


def _open_client(to: str, key: str | None) -> httpx.Client:
    import ssl
    from urllib.parse import urlsplit

    import httpx

    parts = urlsplit(to)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise typer.BadParameter(f"`{to}` is not an address such as http://127.0.0.1:8765", param_hint="--to")
    # the variable SSL_CERT_FILE names what is trusted; a proxy of the environment leads to no engine
    trust = ssl.create_default_context() if parts.scheme == "https" else False
    return httpx.Client(
        base_url=f"{parts.scheme}://{parts.netloc}",
        headers={"authorization": f"Bearer {key.split()[0]}"} if key and key.strip() else {},
        timeout=_ANSWER_LIMIT_S,
        trust_env=False,
        verify=trust,
    )


class _Dialled:
    """A call that the engine simulates for us."""

    def __init__(self, client: httpx.Client, order: JsonObject) -> None:
        self._client = client
        self._path = _PATH
        begun = self._ask("POST", "", json=order).json()
        self._path = f"{_PATH}/{begun['call_id']}"
        typer.echo(f"agentrun: ringing as {begun['call_id']}", err=True)
        if begun["webhook"]["state"] == "none":
            typer.echo("agentrun: the engine has no --webhook-url, so it tells nobody", err=True)

    def follow(self) -> JsonObject:
        """Print what is said until the call is over, and return how it stands then."""
        import time

        shown, live = 0, False
        while True:
            state: JsonObject = self._ask("GET", "").json()
            if state["sip_status"] == 200 and not live:
                live = True
                typer.echo("agentrun: answered", err=True)
            for said in state["transcript"][shown:]:
                typer.echo(f"{said['role']}: {said['text']}")
            shown = len(state["transcript"])
            if state["reason"] is not None:
                return state
            time.sleep(_POLL_S)

    def hang_up(self) -> None:
        """End the call before it is over."""
        self._ask("POST", "/hangup")

    def load_sound(self) -> bytes:
        """Return what the caller has heard, as a WAV file."""
        return self._ask("GET", "/audio.wav").content

    def _ask(self, method: str, path: str, json: JsonObject | None = None) -> httpx.Response:
        import httpx

        from agentrun.errors import ConnectFailed

        url = f"{self._client.base_url}{self._path.removeprefix('/')}{path}"
        try:
            answer = self._client.request(method, self._path + path, json=json)
        except httpx.HTTPError as error:
            message = f"no engine answers at {self._client.base_url}: {error}"
            hint = "start one with `agentrun engine --webhook-url URL`"
            raise ConnectFailed(message, url=url, hint=hint) from error
        if answer.is_success:
            return answer
        raise _explain_refusal(answer)


def _explain_refusal(answer: httpx.Response) -> Exception:
    from agentrun.engine.remote.failures import read_error
    from agentrun.errors import ConnectFailed

    said = read_error(answer.content).message or f"status {answer.status_code}"
    if answer.status_code == 400:
        return typer.BadParameter(said)
    hint = "this command needs `agentrun engine`" if answer.status_code == 404 else ""
    message = f"the engine refuses: {said}"
    return ConnectFailed(message, url=str(answer.url), status=answer.status_code, hint=hint)


def _save(call: _Dialled, path: Path) -> None:
    try:
        path.write_bytes(call.load_sound())
    except OSError as error:
        raise typer.BadParameter(
            f"{path} cannot be written: {error.strerror}", param_hint="--save"
        ) from error
    typer.echo(f"agentrun: what the caller heard is in {path}", err=True)


def _tell_end(state: JsonObject) -> Exit:
    """Say how a call ended, and return the code to leave with."""
    end, code = {
        "caller_left": ("the caller hung up", Exit.FINE),
        "hung_up": ("the application hung up", Exit.FINE),
        "referred": (f"transferred to {state['refer_to']}", Exit.FINE),
        "session_over": ("the session came to its end", Exit.FINE),
        "rejected": (f"the application rejected the call with {state['sip_status']}", Exit.FINDINGS),
        "not_answered": ("nobody answered", Exit.ENVIRONMENT),
    }.get(state["reason"], ("the engine ended the call", Exit.ENVIRONMENT))
    if state["webhook"]["state"] == "failed":
        end += "; the webhook was not taken, as the log of the engine tells"
    typer.echo(f"agentrun: {end}", err=True)
    return code
