"""The engine alone on a port of its own."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator

from agentrun.asgi import open_listener, run_asgi
from agentrun.engine.app import build_app
from agentrun.engine.driver import EngineParts
from agentrun.engine.http.switchboard import EngineOptions, Switchboard


@contextlib.asynccontextmanager
async def listen(
    parts: EngineParts,
    host: str = "127.0.0.1",
    port: int = 8765,
    *,
    options: EngineOptions | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[int]:
    """Serve the engine while the block runs; yields the port.

    Sessions that are open at the end are closed with 1001.

    Args:
        parts: mind, ears and voice.
        host: where to listen.
        port: 0 takes any that is free.
        options: who may come in, and how many.
        tls: makes it `https` and `wss`.

    Raises:
        ListenFailed: the address cannot be listened on.

    """
    async with serve_board(Switchboard(parts, options), host, port, tls=tls) as real_port:
        yield real_port


@contextlib.asynccontextmanager
async def serve_board(
    board: Switchboard, host: str, port: int, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serve an engine that is put together already; see `listen`."""
    with open_listener(host, port) as listener:
        async with run_asgi(build_app(board), listener, tls=tls):
            try:
                yield listener.getsockname()[1]
            finally:
                await board.close()
