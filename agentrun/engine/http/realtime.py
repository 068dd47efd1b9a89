"""`WS /v1/realtime`: the handshake, and one session on each connection.

`serve_session` knows no socket library: what crosses its border is text frames.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Mapping
from http import HTTPStatus

from starlette.datastructures import Headers, QueryParams
from starlette.types import Receive as AsgiReceive
from starlette.types import Scope
from starlette.types import Send as AsgiSend

from agentrun.engine.connection import CloseSocket, Connection, Receive, Send
from agentrun.engine.core import Core
from agentrun.engine.driver import EngineParts, SessionDriver
from agentrun.engine.http.access import SUBPROTOCOL, find_target
from agentrun.engine.http.front import deny_socket, make_request_id
from agentrun.engine.http.refusals import RequestRefused
from agentrun.engine.http.switchboard import Switchboard, Visitor
from agentrun.engine.ids import Ids
from agentrun.engine.outbox import Outbox
from agentrun.errors import RemoteProtocolError
from agentrun.wire import ServerEvent, encode_event
from agentrun.wire.json import JsonObject

log = logging.getLogger(__name__)

_BETA_CODE = "beta_api_shape_disabled"


class RealtimeSocket:
    """The ASGI application behind `WS /v1/realtime`."""

    def __init__(self, board: Switchboard) -> None:
        self._board = board

    async def __call__(self, scope: Scope, receive: AsgiReceive, send: AsgiSend) -> None:
        """Refuse the handshake, or accept it and serve the session to its end."""
        headers = read_headers(scope)
        socket = AsgiSocket(receive, send)
        try:
            visitor = self._board.admit(headers)
            core = self._open_core(QueryParams(scope["query_string"]), visitor)
            with self._board.hold():
                await socket.accept(_pick_subprotocol(scope))
                if "realtime=v1" in headers.get("openai-beta", ""):
                    await _refuse_beta(socket.send, socket.close)
                else:
                    await serve_session(core, self._board.parts, socket.receive, socket.send, socket.close)
        except RequestRefused as refusal:
            await deny_socket(refusal, send)

    def _open_core(self, query: Mapping[str, str], visitor: Visitor) -> Core:
        preset = visitor.secret.session if visitor.secret else {}
        return self._board.open_core(*_find_beginning(query, preset))


def _find_beginning(query: Mapping[str, str], preset: JsonObject) -> tuple[str | None, JsonObject]:
    """Return the model and the settings that a session begins with, from its URL and from its key."""
    transcribes = preset.get("type") == "transcription"
    match find_target(query):
        case ("model", _) if transcribes:
            message = "This key is for a transcription session: connect with ?intent=transcription."
            raise RequestRefused(HTTPStatus.BAD_REQUEST, "invalid_value", message, "model")
        case ("model", model):
            return model, preset
        case ("intent", "transcription"):
            return None, preset if transcribes else {"type": "transcription"}
        case ("call_id", _):
            message = "No session found for the provided call_id"
            raise RequestRefused(HTTPStatus.NOT_FOUND, "call_id_not_found", message, "")
        case ("intent", intent):
            message = f"This engine has no sessions of intent '{intent}'."
            raise RequestRefused(HTTPStatus.BAD_REQUEST, "invalid_value", message, "intent")
        case _ if preset:
            return None, preset
        case _:
            message = "You must provide a model parameter, for example ?model=gpt-realtime-2.1."
            raise RequestRefused(HTTPStatus.BAD_REQUEST, "missing_required_parameter", message, "model")


async def serve_session(
    core: Core, parts: EngineParts, receive: Receive, send: Send, close: CloseSocket
) -> None:
    """Serve one session on a connection that is accepted, until either side ends it.

    A failure of ours ends this session with code 1011 and one log line, and no other session.

    Args:
        core: the session, not started yet.
        parts: mind, ears and voice.
        receive: waits for a frame; None once the client is gone.
        send: writes a text frame; OSError once the client is gone.
        close: closes the connection.

    """
    try:
        connection = Connection(receive, send, close)
        driver = SessionDriver(core, parts, connection)
        await driver.run(connection.run(driver.take))
    except Exception as error:  # a border: whatever fails here must not reach other sessions
        log.error("a session failed: %r", _find_leaf(error))
        log.debug("the failure in full", exc_info=error)
        with contextlib.suppress(OSError):
            await close(1011, "internal error")


def _find_leaf(error: BaseException) -> BaseException:
    return _find_leaf(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


async def _refuse_beta(send: Send, close: CloseSocket) -> None:
    message = (
        "The beta shape of the Realtime API is disabled: do not send the header 'OpenAI-Beta: realtime=v1'."
    )
    outbox = Outbox(Ids(os.urandom(16)))
    outbox.refuse(RemoteProtocolError(message, code=_BETA_CODE), None)
    with contextlib.suppress(OSError):
        for event in outbox.take():
            if isinstance(event, ServerEvent):
                await send(encode_event(event))
        await close(4000, f"invalid_request_error.{_BETA_CODE}")


def read_headers(scope: Scope) -> dict[str, str]:
    """Return the headers by their names in lower case; what stands twice is joined as HTTP has it."""
    headers = Headers(scope=scope)
    return {name: ", ".join(headers.getlist(name)) for name in headers}


def _pick_subprotocol(scope: Scope) -> str | None:
    """Echo the protocol's name where it is offered, and never an entry that carries a key."""
    return SUBPROTOCOL if SUBPROTOCOL in scope.get("subprotocols", ()) else None


class AsgiSocket:
    """A WebSocket of an ASGI server with the functions that a session needs."""

    def __init__(self, receive: AsgiReceive, send: AsgiSend) -> None:
        self._receive = receive
        self._send = send
        self._gone = False

    async def accept(self, subprotocol: str | None) -> None:
        """Take the connection."""
        await self._receive()  # `websocket.connect`
        headers = [(b"x-request-id", make_request_id().encode())]
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": headers})

    async def receive(self) -> str | bytes | None:
        """Wait for a frame; None once the client is gone."""
        if self._gone:
            return None
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._gone = True
            return None
        text: str | None = message.get("text")
        data: bytes | None = message.get("bytes")
        return text if text is not None else data

    async def send(self, frame: str) -> None:
        """Write a text frame; OSError once the client is gone."""
        await self._write({"type": "websocket.send", "text": frame})

    async def close(self, code: int, reason: str) -> None:
        """Close the connection, if it is open still."""
        with contextlib.suppress(OSError):
            await self._write({"type": "websocket.close", "code": code, "reason": reason})

    async def _write(self, message: dict[str, object]) -> None:
        try:
            await self._send(message)
        except RuntimeError as error:  # how ASGI servers say that the connection was closed from our side
            raise ConnectionResetError("the connection is closed") from error
