"""A Starlette WebSocket in the shape that channels use."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from starlette.websockets import WebSocket, WebSocketDisconnect


class StarletteSocket:
    """An accepted WebSocket; satisfies `agentrun.channels.browser.Socket`."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._gone = False

    async def receive(self) -> str | bytes | None:
        """Wait for the next message; None once the other side is gone."""
        if self._gone:
            return None
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            self._gone = True
            return None
        data: bytes | None = message.get("bytes")
        text: str | None = message.get("text")
        return data if data is not None else text

    async def send_text(self, text: str) -> None:
        """Write a text message."""
        with self._gone_as_oserror():
            await self._websocket.send_text(text)

    async def send_bytes(self, data: bytes) -> None:
        """Write a binary message."""
        with self._gone_as_oserror():
            await self._websocket.send_bytes(data)

    async def close(self, code: int, reason: str) -> None:
        """Close with a WebSocket code."""
        with contextlib.suppress(OSError), self._gone_as_oserror():
            await self._websocket.close(code, reason)

    @contextlib.contextmanager
    def _gone_as_oserror(self) -> Iterator[None]:
        """Starlette says in three ways that a socket is closed; channels know one."""
        if self._gone:
            raise ConnectionResetError("the socket is closed")
        try:
            yield
        except (WebSocketDisconnect, RuntimeError) as error:
            self._gone = True
            raise ConnectionResetError("the socket is closed") from error
