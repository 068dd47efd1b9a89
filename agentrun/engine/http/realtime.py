"""`WS /v1/realtime`: the handshake, and one session on each connection.

`serve_session` knows no socket library: what crosses its border is text frames.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus

from starlette.datastructures import Headers, QueryParams
from starlette.types import Receive as AsgiReceive
from starlette.types import Scope
from starlette.types import Send as AsgiSend

from agentrun.asgi import CABLE
from agentrun.engine.connection import CloseSocket, Connection, Send
from agentrun.engine.core import Core
from agentrun.engine.driver import EngineParts, SessionDriver
from agentrun.engine.faults.plan import SessionFaults
from agentrun.engine.faults.shell import Cable, FaultySocket, spoil_handshake, spoil_parts
from agentrun.engine.http.access import SUBPROTOCOL, Target, find_target
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


Serve = Callable[[Connection, EngineParts], Coroutine[None, None, None]]
"""Serves a connection that was accepted, with these parts."""


class RealtimeSocket:
    """The ASGI application behind `WS /v1/realtime`."""

    def __init__(self, board: Switchboard) -> None:
        self._board = board

    async def __call__(self, scope: Scope, receive: AsgiReceive, send: AsgiSend) -> None:
        """Refuse the handshake, or accept it and serve the session to its end."""
        headers = read_headers(scope)
        socket = AsgiSocket(receive, send)
        try:
            plans = self._board.faults.find(headers)
            actions = [action for plan in plans for action in plan.connect()]
            if not await spoil_handshake(actions, socket.wait_until_gone):
                return
            visitor = self._board.admit(headers)
            serve = self._prepare(QueryParams(scope["query_string"]), visitor)
            with self._board.hold():
                await socket.accept(_pick_subprotocol(scope))
                if "realtime=v1" in headers.get("openai-beta", ""):
                    await _refuse_beta(socket.send, socket.close)
                elif plans:
                    cable = scope["extensions"].get(CABLE)
                    await _serve_faulty(serve, self._board.parts, socket, SessionFaults(plans), cable)
                else:
                    connection = Connection(socket.receive, socket.send, socket.close)
                    await serve(connection, self._board.parts)
        except RequestRefused as refusal:
            await deny_socket(refusal, send)

    def _prepare(self, query: Mapping[str, str], visitor: Visitor) -> Serve:
        """Return what serves the connection: a session of its own, or a call that lives already."""
        target = find_target(query)
        if target is not None and target[0] == "call_id":
            call = self._board.calls.find(target[1])
            return lambda connection, _: call.serve_sideband(connection)
        preset = visitor.secret.session if visitor.secret else {}
        core = self._board.open_core(*_find_beginning(target, preset))
        return lambda connection, parts: serve_session(core, parts, connection)


def _find_beginning(target: tuple[Target, str] | None, preset: JsonObject) -> tuple[str | None, JsonObject]:
    """Return the model and the settings that a session begins with, from its URL and from its key."""
    transcribes = preset.get("type") == "transcription"
    match target:
        case ("model", _) if transcribes:
            message = "This key is for a transcription session: connect with ?intent=transcription."
            raise RequestRefused(HTTPStatus.BAD_REQUEST, "invalid_value", message, "model")
        case ("model", model):
            return model, preset
        case ("intent", "transcription"):
            return None, preset if transcribes else {"type": "transcription"}
        case ("intent", intent):
            message = f"This engine has no sessions of intent '{intent}'."
            raise RequestRefused(HTTPStatus.BAD_REQUEST, "invalid_value", message, "intent")
        case _ if preset:
            return None, preset
        case _:
            message = "You must provide a model parameter, for example ?model=gpt-realtime-2.1."
            raise RequestRefused(HTTPStatus.BAD_REQUEST, "missing_required_parameter", message, "model")


async def _serve_faulty(
    serve: Serve, parts: EngineParts, socket: AsgiSocket, faults: SessionFaults, cable: Cable | None
) -> None:
    async with FaultySocket(socket, faults, cable) as wire:
        await serve(Connection(wire.receive, wire.send, wire.close), spoil_parts(parts, faults))


async def serve_session(core: Core, parts: EngineParts, connection: Connection) -> None:
    """Serve one session on a connection that is accepted, until either side ends it.

    A failure of ours ends this session with code 1011 and one log line, and no other session.

    Args:
        core: the session, not started yet.
        parts: mind, ears and voice.
        connection: to its client.

    """
    try:
        driver = SessionDriver(core, parts, connection)
        await driver.run(connection.run(driver.take))
    except Exception as error:  # a border: whatever fails here must not reach other sessions
        log.error("a session failed: %r", _find_leaf(error))
        log.debug("the failure in full", exc_info=error)
        await connection.close(1011, "internal error")


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

    async def wait_until_gone(self) -> None:
        """Wait until the client has given up a handshake that gets no answer."""
        while (await self._receive())["type"] != "websocket.disconnect":
            pass

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
