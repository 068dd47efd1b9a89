"""Serving until a signal comes, and leaving in good order.

The first SIGINT or SIGTERM: not ready, no new calls, the live ones are told and may finish within a bound,
then they are ended. The second: everything ends now. uvicorn itself would close every socket at the first
signal, so the signals are ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.applications import Starlette

from agentrun.errors import ListenFailed
from agentrun.runtime.signals import catch_signals
from agentrun.server.desk import CallDesk
from agentrun.server.lines import Lines

MAX_MESSAGE_BYTES = 16 * 1024 * 1024  # what the Realtime API takes in one event, for `/v1/realtime`

OnReady = Callable[[], object]


async def serve_app(
    app: Starlette,
    listener: socket.socket,
    desk: CallDesk,
    drain_s: float = 30.0,
    *,
    on_ready: OnReady = lambda: None,
) -> None:
    """Serve `app` until a signal ends it.

    Args:
        app: made by `build_app`.
        listener: from `open_listener`; closed by whoever opened it.
        desk: gets `draining` at the first signal.
        drain_s: how long live calls may go on after the first signal.
        on_ready: called once connections are accepted.

    """
    lines: Lines = app.state.lines
    server = Server(app, on_ready)
    with _without_noise():
        async with asyncio.TaskGroup() as tasks:
            shutdown = Shutdown(server, desk, lines, drain_s)
            task = tasks.create_task(shutdown.run())
            with catch_signals(shutdown.note_signal):
                await server.serve(sockets=[listener])
            task.cancel()


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


class Server(uvicorn.Server):
    """uvicorn without its own signal handling, and with a word when it is ready."""

    def __init__(self, app: Starlette, on_ready: Callable[[], object]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                ws="websockets-sansio",
                ws_per_message_deflate=False,
                ws_max_size=MAX_MESSAGE_BYTES,
                timeout_graceful_shutdown=2,
            )
        )
        self._on_ready = on_ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `catch_signals`."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections."""
        await super().startup(sockets)
        self._on_ready()


class Shutdown:
    """The way out: counts signals and does what each asks for."""

    def __init__(self, server: uvicorn.Server, desk: CallDesk, lines: Lines, drain_s: float) -> None:
        self._server = server
        self._desk = desk
        self._lines = lines
        self._drain_s = drain_s
        self._first = asyncio.Event()
        self._second = asyncio.Event()

    def note_signal(self) -> None:
        """Take note of one SIGINT or SIGTERM."""
        (self._second if self._first.is_set() else self._first).set()

    async def run(self) -> None:
        """Wait for the first signal, then let the calls finish, unless a second one comes."""
        await self._first.wait()
        self._desk.draining = True
        notice = f"the server is shutting down; this call can go on for {self._drain_s:g} s"
        draining = asyncio.create_task(self._lines.drain(self._drain_s, notice))
        hurry = asyncio.create_task(self._second.wait())
        try:
            await asyncio.wait([draining, hurry], return_when=asyncio.FIRST_COMPLETED)
        finally:
            draining.cancel()
            hurry.cancel()
        await self._lines.end("shutting_down", bound_s=0.5)
        self._server.should_exit = True


_NOISE = (
    "Invalid UTF-8 sequence",  # comes with a stack, but is the caller's mistake; answered with code 1007
    "ASGI callable returned without completing handshake",  # said of every refusal, which is none
)


@contextlib.contextmanager
def _without_noise() -> Iterator[None]:
    """Keep uvicorn from logging errors for what callers do and for calls that we refuse."""

    def matters(record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith(_NOISE)

    logger = logging.getLogger("uvicorn.error")
    logger.addFilter(matters)
    try:
        yield
    finally:
        logger.removeFilter(matters)
