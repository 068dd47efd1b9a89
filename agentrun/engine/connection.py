"""One WebSocket that carries a session's events: what it reads is handed on, what it sends waits its turn.

No socket library is known here: what crosses the border is text frames. A peer that does not read is given
up, by the amount that waits for it or by the time that one frame takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from agentrun.wire import ServerEvent, encode_event

log = logging.getLogger(__name__)

MAX_UNSENT_BYTES = 32 * 1024 * 1024
SEND_LIMIT_S = 20.0
CLOSE_LIMIT_S = 5.0

Frame: TypeAlias = str | bytes
Receive = Callable[[], Awaitable["Frame | None"]]
"""Wait for the client's next frame; None once the client is gone."""
Send = Callable[[str], Awaitable[None]]
"""Write a text frame; raises OSError where the client is gone."""
CloseSocket = Callable[[int, str], Awaitable[None]]
"""Close with a WebSocket code and a reason."""


class Connection:
    """One client of a session; may live as long as the session or come and go.

    Args:
        receive: waits for a frame.
        send: writes a frame.
        close: closes the socket.

    """

    def __init__(self, receive: Receive, send: Send, close: CloseSocket) -> None:
        self._receive, self._send, self._close = receive, send, close
        self._unsent: deque[str] = deque()
        self._unsent_bytes = 0
        self._changed = asyncio.Event()
        self._sending_since_s: float | None = None
        self._closing: tuple[int, str] | None = None
        self._given_up = asyncio.Event()

    def send(self, event: ServerEvent) -> None:
        """Queue an event."""
        frame = encode_event(event)
        self._unsent.append(frame)
        self._unsent_bytes += len(frame)
        self._changed.set()
        if self._unsent_bytes > MAX_UNSENT_BYTES and self._closing is None:
            log.warning("closing a session whose client does not read: %d bytes unsent", self._unsent_bytes)
            self._closing = (1008, "the client does not read")
            self._given_up.set()

    def end(self, code: int, reason: str) -> None:
        """Close the connection after what is queued; `run` returns then."""
        if self._closing is None:
            self._closing = (code, reason)
            self._changed.set()

    async def run(self, take: Callable[[Frame], Awaitable[None]]) -> None:
        """Read and write until the client is gone or the connection was ended.

        Args:
            take: handles one frame; the next is read when it returns.

        """
        works = (self._read(take), self._write(), self._watch())
        tasks = [asyncio.create_task(work) for work in works]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.result()  # raises what went wrong
        if self._closing is not None:
            await self.close(*self._closing)

    async def close(self, code: int, reason: str) -> None:
        """Close the socket at once."""
        # a peer that does not read can keep a close frame waiting for ever
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await self._close(code, reason)

    async def _read(self, take: Callable[[Frame], Awaitable[None]]) -> None:
        while (frame := await self._receive()) is not None:
            await take(frame)

    async def _write(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            await self._changed.wait()
            self._changed.clear()
            while self._unsent:
                frame = self._unsent.popleft()
                self._unsent_bytes -= len(frame)
                self._sending_since_s = clock()
                try:
                    await self._send(frame)
                except OSError:
                    return
                self._sending_since_s = None
            if self._closing is not None:
                return

    async def _watch(self) -> None:
        """Give up a peer that reads nothing; one look now and then is cheaper than a limit for each frame."""
        clock = asyncio.get_running_loop().time
        while self._sending_since_s is None or clock() - self._sending_since_s < SEND_LIMIT_S:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SEND_LIMIT_S / 4):
                    await self._given_up.wait()
                    return
