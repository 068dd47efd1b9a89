"""The engine as a route of a Starlette application."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence

from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from agentrun.engine.driver import EngineParts
from agentrun.engine.server import SUBPROTOCOL, check_request, serve_session
from agentrun.secret import Secret


def mount_engine(
    parts: EngineParts, *, keys: Sequence[Secret] = ()
) -> Callable[[WebSocket], Awaitable[None]]:
    """Return what serves one session on a WebSocket that is not accepted yet.

    Args:
        parts: mind, ears and voice, shared by all sessions.
        keys: those that open a session; empty means that any key, and none, will do.

    """

    async def serve(websocket: WebSocket) -> None:
        query = dict(websocket.query_params)
        headers = {name.lower(): value for name, value in websocket.headers.items()}
        denial = check_request(query, headers, keys)
        if denial is not None:
            response = Response(denial.render_body(), denial.status, media_type="application/json")
            await websocket.send_denial_response(response)
            return
        offered = websocket.scope.get("subprotocols") or []
        await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
        socket = _Socket(websocket)
        await serve_session(
            socket.receive, socket.send, socket.close, query=query, headers=headers, parts=parts
        )

    return serve


class _Socket:
    """An accepted Starlette socket with the three functions that a session needs."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def receive(self) -> str | bytes | None:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            return None
        text: str | None = message.get("text")
        data: bytes | None = message.get("bytes")
        return text if text is not None else data

    async def send(self, frame: str) -> None:
        try:
            await self._websocket.send_text(frame)
        except (WebSocketDisconnect, RuntimeError) as gone:  # Starlette says in two ways that nobody is there
            raise ConnectionResetError("the client is gone") from gone

    async def close(self, code: int, reason: str) -> None:
        with contextlib.suppress(OSError, WebSocketDisconnect, RuntimeError):
            await self._websocket.close(code, reason)
