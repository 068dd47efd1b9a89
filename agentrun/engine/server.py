"""The socket shell: Realtime sessions over WebSocket.

`serve_session` knows no socket library; `listen` serves it on a port of its own with `websockets`, and
`engine.mount` as a route of a Starlette application.
"""

from __future__ import annotations

import contextlib
import datetime
import hmac
import json
import logging
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from agentrun.engine.core import SESSION_LIMIT_MS, Core
from agentrun.engine.driver import CloseSocket, EngineParts, Receive, Send, SessionDriver
from agentrun.engine.ids import Ids
from agentrun.engine.outbox import Outbox
from agentrun.errors import RemoteProtocolError
from agentrun.secret import Secret
from agentrun.wire import ServerEvent, encode_event

if TYPE_CHECKING:
    from websockets.asyncio.server import Server, ServerConnection
    from websockets.http11 import Request, Response

log = logging.getLogger(__name__)

MAX_FRAME_BYTES = 16 * 1024 * 1024
SUBPROTOCOL = "realtime"
_KEY_SUBPROTOCOL = "openai-insecure-api-key."
_BETA_CODE = "beta_api_shape_disabled"


@dataclass(frozen=True, slots=True)
class Denial:
    """Why a handshake is refused, in the shape of the API's HTTP errors.

    Attributes:
        status: of the HTTP response.
        code: for programs.
        message: for people.

    """

    status: HTTPStatus
    code: str
    message: str

    def render_body(self) -> str:
        """Return the JSON body."""
        error = {"message": self.message, "type": "invalid_request_error", "code": self.code, "param": None}
        return json.dumps({"error": error})


def check_request(
    query: Mapping[str, str], headers: Mapping[str, str], keys: Sequence[Secret] = ()
) -> Denial | None:
    """Return why a handshake must be refused, or None.

    Args:
        query: of the URL.
        headers: of the request, names in lower case.
        keys: those that open a session; empty means that any key, and none, will do.

    """
    if keys and not _is_known(find_key(headers), keys):
        return Denial(HTTPStatus.UNAUTHORIZED, "invalid_api_key", "Incorrect API key provided.")
    if "call_id" in query or query.get("intent"):
        message = "This engine serves conversations only: connect with `model` in the query."
        return Denial(HTTPStatus.BAD_REQUEST, "invalid_value", message)
    if not query.get("model"):
        message = "You must provide a model parameter in the query, for example ?model=gpt-realtime-2.1."
        return Denial(HTTPStatus.BAD_REQUEST, "missing_required_parameter", message)
    return None


def find_key(headers: Mapping[str, str]) -> str:
    """Return the API key of a request, from a header or from a browser's subprotocol; empty if none."""
    bearer = headers.get("authorization", "")
    if bearer.lower().startswith("bearer "):
        return bearer[7:].strip()
    offered = (name.strip() for name in headers.get("sec-websocket-protocol", "").split(","))
    keys = (name.removeprefix(_KEY_SUBPROTOCOL) for name in offered if name.startswith(_KEY_SUBPROTOCOL))
    return headers.get("api-key") or next(keys, "")


def _is_known(key: str, keys: Sequence[Secret]) -> bool:
    return any(hmac.compare_digest(key.encode(), known.reveal().encode()) for known in keys)


async def serve_session(
    receive: Receive,
    send: Send,
    close: CloseSocket,
    *,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    parts: EngineParts,
    session_limit_ms: int = SESSION_LIMIT_MS,
) -> None:
    """Serve one session on a connection that is accepted, until either side ends it.

    A failure of ours ends this session with code 1011 and one log line, and no other session.

    Args:
        receive: waits for a frame; None once the client is gone.
        send: writes a text frame; OSError once the client is gone.
        close: closes the connection.
        query: of the URL; `check_request` has accepted it.
        headers: of the request, names in lower case.
        parts: mind, ears and voice.
        session_limit_ms: when the session is closed; an hour at the service.

    """
    ids = Ids(os.urandom(16))
    try:
        if "realtime=v1" in headers.get("openai-beta", ""):
            await _refuse_beta(ids, send, close)
            return
        epoch = datetime.datetime.now().astimezone()
        core = Core(query.get("model", ""), ids, epoch, session_limit_ms=session_limit_ms)
        await SessionDriver(core, parts, receive, send, close).run()
    except Exception as error:  # a border: whatever fails here must not reach other sessions
        log.error("a session failed: %r", _find_leaf(error))
        log.debug("the failure in full", exc_info=error)
        with contextlib.suppress(OSError):
            await close(1011, "internal error")


def _find_leaf(error: BaseException) -> BaseException:
    return _find_leaf(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


async def _refuse_beta(ids: Ids, send: Send, close: CloseSocket) -> None:
    message = (
        "The beta shape of the Realtime API is disabled: do not send the header 'OpenAI-Beta: realtime=v1'."
    )
    outbox = Outbox(ids)
    outbox.refuse(RemoteProtocolError(message, code=_BETA_CODE), None)
    with contextlib.suppress(OSError):
        for event in outbox.take():
            if isinstance(event, ServerEvent):
                await send(encode_event(event))
        await close(4000, f"invalid_request_error.{_BETA_CODE}")


@contextlib.asynccontextmanager
async def listen(
    parts: EngineParts,
    host: str = "127.0.0.1",
    port: int = 8765,
    *,
    keys: Sequence[Secret] = (),
    session_limit_ms: int = SESSION_LIMIT_MS,
) -> AsyncIterator[int]:
    """Serve `/v1/realtime` (and `/healthz`) on a port of its own; yields the port.

    Raises:
        OSError: the address cannot be listened on.

    """
    from websockets.asyncio.server import serve

    async def run(connection: ServerConnection) -> None:
        await _serve_connection(connection, parts, session_limit_ms)

    def admit(connection: ServerConnection, request: Request) -> Response | None:
        return _admit(connection, request, keys)

    async with serve(
        run,
        host,
        port,
        process_request=admit,
        select_subprotocol=lambda _, offered: next((it for it in offered if it == SUBPROTOCOL), None),
        compression=None,
        max_size=MAX_FRAME_BYTES,
        max_queue=64,
        close_timeout=2,
    ) as served:
        yield _find_port(served)
        served.close(code=1001, reason="the engine is shutting down")


def _find_port(served: Server) -> int:
    port: int = next(iter(served.sockets)).getsockname()[1]
    return port


def _admit(connection: ServerConnection, request: Request, keys: Sequence[Secret]) -> Response | None:
    path = urlsplit(request.path)
    if path.path == "/healthz":
        return connection.respond(HTTPStatus.OK, "ok\n")
    if path.path.rstrip("/") != "/v1/realtime":
        return connection.respond(HTTPStatus.NOT_FOUND, "the engine serves /v1/realtime\n")
    denial = check_request(read_query(path.query), _read_headers(request), keys)
    if denial is None:
        return None
    response = connection.respond(denial.status, denial.render_body())
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "application/json"
    return response


def read_query(query: str) -> dict[str, str]:
    """Return the members of a query string; of repeated ones the first."""
    return {name: values[0] for name, values in parse_qs(query).items()}


def _read_headers(request: Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.raw_items()}


async def _serve_connection(connection: ServerConnection, parts: EngineParts, session_limit_ms: int) -> None:
    from websockets.exceptions import ConnectionClosed

    async def receive() -> str | bytes | None:
        try:
            return await connection.recv()
        except ConnectionClosed:
            return None

    async def send(frame: str) -> None:
        try:
            await connection.send(frame)
        except ConnectionClosed as gone:
            raise ConnectionResetError("the client is gone") from gone

    request = connection.request
    if request is None:
        return
    await serve_session(
        receive,
        send,
        connection.close,
        query=read_query(urlsplit(request.path).query),
        headers=_read_headers(request),
        parts=parts,
        session_limit_ms=session_limit_ms,
    )
