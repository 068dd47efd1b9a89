"""Serving until a signal comes, and leaving in good order.

The first SIGINT or SIGTERM: not ready, no new calls, the live ones are told and may finish within a bound,
then they are ended. The second: everything ends now.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from starlette.applications import Starlette

from agentrun.asgi import run_asgi
from agentrun.runtime.signals import catch_signals
from agentrun.server.desk import CallDesk
from agentrun.server.lines import Lines

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
    shutdown = Shutdown(desk, app.state.lines, drain_s)
    with catch_signals(shutdown.note_signal):
        async with run_asgi(app, listener):
            on_ready()
            await shutdown.run()


class Shutdown:
    """The way out: counts signals and does what each asks for."""

    def __init__(self, desk: CallDesk, lines: Lines, drain_s: float) -> None:
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
