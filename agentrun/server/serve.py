"""`serve` put together: agents, engines, the page, and the calls."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.routing import BaseRoute

from agentrun.asgi import open_listener
from agentrun.secret import Secret
from agentrun.server.agents import AgentDesk, ServedAgent, load_agents
from agentrun.server.app import build_app
from agentrun.server.guard import is_loopback
from agentrun.server.run import serve_app
from agentrun.tools.http.connections import HttpConnections
from agentrun.tools.mcp.pool import McpPool


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What the operator decides.

    Attributes:
        engine: `auto`, `openai`, `embedded` or a URL.
        token: needed by clients; made up if the address is not loopback and none is given.
        drain_s: how long live calls may go on after the first signal.

    """

    host: str = "127.0.0.1"
    port: int = 8080
    engine: str = "auto"
    max_calls: int = 10
    token: str | None = None
    drain_s: float = 30.0


async def serve(
    files: Sequence[Path],
    options: ServeOptions,
    environment: Callable[[Path], Mapping[str, str]],
    say: Callable[[str], object],
) -> None:
    """Serve the agents until a signal comes.

    Args:
        files: agent files.
        options: what the operator decides.
        environment: the environment for one agent file.
        say: prints a line for the operator; the first line names the engine.

    Raises:
        ConfigError: an agent file cannot be used.
        AgentrunError: the address cannot be listened on, or an engine cannot be used.

    """
    agents = load_agents(files, options.engine, environment)
    for notice in dict.fromkeys(agent.engine.notice for agent in agents.values()):
        say(notice)
    token = _decide_token(options)
    web = HttpConnections()
    servers = McpPool()
    desk = AgentDesk(agents, max_calls=options.max_calls, token=token, web=web, servers=servers)

    with open_listener(options.host, options.port) as listener:
        port = listener.getsockname()[1]

        def announce() -> None:
            desk.open(options.host, port)
            say(f"page: {_page_address(options.host, port, token)}  (Ctrl-C stops)")

        async with web, servers, _open_engine(agents, token, say) as engine:
            for agent in agents.values():  # they start while the first caller is still on the way
                servers.open(agent.servers)
            watching = asyncio.create_task(desk.watch.run())
            app = build_app(desk, token=token, engine=engine)
            await serve_app(app, listener, desk, options.drain_s, on_ready=announce)
            watching.cancel()


@contextlib.asynccontextmanager
async def _open_engine(
    agents: Mapping[str, ServedAgent], token: Secret | None, say: Callable[[str], object]
) -> AsyncIterator[Sequence[BaseRoute]]:
    """Open the embedded engine if an agent needs it."""
    if not any(agent.engine.is_embedded for agent in agents.values()):
        yield ()
        return
    from agentrun.engine.app import build_mounts
    from agentrun.engine.http.switchboard import EngineOptions, Switchboard
    from agentrun.engine.opening import open_engine

    async with open_engine("rehearsal") as (parts, degraded):
        for line in degraded:
            say(f"speech: {line}")
        keys = (token,) if token else ()
        board = Switchboard(parts, EngineOptions(keys, loopback_only=token is None))
        try:
            yield build_mounts(board)
        finally:
            await board.close()


def _decide_token(options: ServeOptions) -> Secret | None:
    if options.token:
        return Secret(options.token)
    return None if is_loopback(options.host) else Secret(secrets.token_urlsafe(18))


def _page_address(host: str, port: int, token: Secret | None) -> str:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    address = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/"
    return f"{address}?token={token.reveal()}" if token else address
