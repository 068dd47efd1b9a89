"""How agentrun runs a web application: uvicorn, with bounds where it has none.

Both servers use it: `serve` and the embedded engine. Signals, readiness and what happens to live calls are
theirs. What is decided here is the same for both: no compression on audio sockets, no access log, pings, the
largest frame, and that nothing waits for ever for a peer that has gone silent.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from agentrun.errors import ListenFailed

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

MAX_FRAME_BYTES = 16 * 1024 * 1024
"""What the Realtime API takes in one event; a larger frame closes the connection with 1009."""

PING_S = 20.0
"""Silence after which a peer is pinged, and how long it has to answer."""

REQUEST_LIMIT_S = 10.0
"""How long a connection may stand open before it has asked for something."""

QUEUED_FRAMES = 8
LARGE_FRAME_BYTES = 64 * 1024
"""How far a peer may be ahead of the application: so many frames, or one that is as large as that."""

CABLE = "agentrun.cable"
"""Extension of a WebSocket's scope: the protocol itself, for faults that no application could do."""

POLL_S = 0.01
CLOSE_LIMIT_S = 2.0
"""How long a peer has to answer a close frame, to read what is left, and all of them at shutdown."""


class SocketProtocol(WebSocketsSansIOProtocol):
    """A WebSocket that lets go of a peer that has stopped reading.

    uvicorn closes a transport and lets it flush, which such a peer keeps waiting for ever.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # uvicorn's own business
        self.close_timeout = CLOSE_LIMIT_S

    def cut(self) -> None:
        """End the connection without a close frame, as a lost network would."""
        self.transport.abort()

    async def send_sliced(self, text: str, size_bytes: int) -> None:
        """Write a text frame as fragments, which some clients have never seen."""
        data = text.encode()
        for start in range(0, len(data), size_bytes):
            piece, last = data[start : start + size_bytes], start + size_bytes >= len(data)
            send = self.conn.send_text if start == 0 else self.conn.send_continuation
            send(piece, fin=last)
        await self.writable.wait()
        self.transport.write(b"".join(self.conn.data_to_send()))

    async def run_asgi(self) -> None:
        """Run the application, and bound what is left to do when it has returned."""
        self.scope["extensions"][CABLE] = self  # type: ignore[assignment]  # an extension of our own
        try:
            await super().run_asgi()
        finally:
            self._abort_later()

    def send_receive_event_to_app(self) -> None:
        """Hand a frame on; stop reading only where the application has fallen behind.

        uvicorn stops after every frame and starts again for the next one, which costs a telephone call a
        tenth of its time.
        """
        stopped, self.read_paused = self.read_paused, True
        size = sum(map(len, self.frames))
        super().send_receive_event_to_app()
        self.read_paused = stopped
        if (
            not stopped
            and not self.close_sent
            and (self.queue.qsize() >= QUEUED_FRAMES or size >= LARGE_FRAME_BYTES)
        ):
            self.read_paused = True
            self.transport.pause_reading()

    def shutdown(self) -> None:
        """Say goodbye, and give the peer a moment to answer."""
        if not self.handshake_complete or self.close_sent:
            super().shutdown()
            return
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": 1001})
        self.conn.send_close(1001, "the server is shutting down")
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.resume_reading()
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.close)

    def keepalive_timeout(self) -> None:
        """Give up a peer that does not answer pings."""
        super().keepalive_timeout()
        self._abort_later()

    def _abort_later(self) -> None:
        if not self.disconnected:
            self.loop.call_later(2 * CLOSE_LIMIT_S, self.transport.abort)


class RequestProtocol(H11Protocol):
    """An HTTP connection that must ask for something soon."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self.loop.call_later(REQUEST_LIMIT_S, self._check_request)

    def _check_request(self) -> None:
        # an upgrade hands the transport to another protocol
        if not self.cycle and self.transport.get_protocol() is self:
            self.transport.abort()


class _Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close every connection and let the applications end; what has not ended in time is cut off."""
        state = self.server_state
        for server in self.servers:
            server.close()
        for connection in list(state.connections):
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_LIMIT_S):
                while state.connections or state.tasks:  # noqa: ASYNC110  # uvicorn tells nobody of their end
                    await asyncio.sleep(POLL_S)
        late = set(state.tasks)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=CLOSE_LIMIT_S)
        for connection in list(state.connections):
            connection.transport.abort()


@contextlib.asynccontextmanager
async def run_asgi(
    app: ASGIApp,
    listener: socket.socket,
    *,
    tls: ssl.SSLContext | None = None,
    socket_protocol: type[asyncio.Protocol] = SocketProtocol,
) -> AsyncIterator[None]:
    """Serve an application on a bound socket while the block runs; connections are accepted inside it.

    Args:
        app: the application; it gets no lifespan events.
        listener: from `open_listener`; closed by whoever opened it.
        tls: makes it `https` and `wss`.
        socket_protocol: what speaks WebSocket, as uvicorn's own protocol classes do.

    """
    config = uvicorn.Config(
        _forgive_cancelling(app),
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        date_header=False,  # its clock would need a task that ticks
        http=RequestProtocol,
        ws=socket_protocol,
        ws_per_message_deflate=False,
        ws_max_size=MAX_FRAME_BYTES,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
        ssl_context_factory=(lambda *_: tls) if tls is not None else None,
    )
    config.load()
    server = _Server(config)
    server.lifespan = config.lifespan_class(config)
    with _without_noise():
        await server.startup([listener])
        try:
            yield
        finally:
            await server.shutdown()


def open_listener(host: str, port: int) -> socket.socket:
    """Return a bound socket.

    Raises:
        ListenFailed: the port is taken or not allowed, or the host is not an address of this machine.

    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        unknown = OSError(0, "the name is not known; use `--host 127.0.0.1` or an address of this machine")
        raise ListenFailed(host, port, unknown) from error
    family, kind, protocol, _, address = min(found, key=lambda row: row[0] != socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    try:
        if hasattr(signal, "SIGHUP"):  # on Windows the option would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # A second server may bind with SO_REUSEADDR until one listens, so listen at once.
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ListenFailed(host, port, error) from error
    listener.setblocking(False)
    return listener


def _forgive_cancelling(app: ASGIApp) -> ASGIApp:
    """Keep what a second signal cancels from being logged as a failure of the application."""

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(asyncio.CancelledError):  # this is the top of its task: nobody waits for it
            await app(scope, receive, send)

    return run


_NOISE = (
    "Invalid UTF-8 sequence",  # comes with a stack, but is the caller's mistake; answered with code 1007
    "Invalid HTTP request received",  # so is this, answered with status 400
    "Unsupported upgrade request",
    "ASGI callable returned without completing handshake",  # said of every refusal, which is none
)


@contextlib.contextmanager
def _without_noise() -> Iterator[None]:
    """Keep uvicorn from logging what callers do: as errors, or with the token in their URL."""

    def matters(record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING and not record.getMessage().startswith(_NOISE)

    logger = logging.getLogger("uvicorn.error")
    logger.addFilter(matters)
    try:
        yield
    finally:
        logger.removeFilter(matters)
