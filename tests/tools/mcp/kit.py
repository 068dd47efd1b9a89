"""Servers for the tests of MCP tools, and short ways to call them."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from agentrun.outcome import ToolOutcome
from agentrun.plan import McpAddress, McpServer, McpTarget, Text, ToolBinding
from agentrun.secret import Secret
from agentrun.tools.call import ToolRequest
from agentrun.tools.dispatcher import RUNNERS, Dispatcher
from agentrun.tools.mcp.link import McpLink
from agentrun.tools.mcp.offers import offer_tools
from agentrun.tools.mcp.pool import McpPool
from agentrun.tools.mcp.runner import McpRunner
from tests.tools.conftest import RecordingCall

ROOT = Path(__file__).parents[3]
ANYTHING = {"type": "object", "properties": {}}


def make_server(address: McpAddress, label: str = "desk", **rules: Any) -> McpServer:
    binding = ToolBinding("", "", ANYTHING, McpTarget(address, ""), **rules)
    return McpServer(label, address, binding)


def make_raw(behaviour: str = "good", *, cwd: Path = ROOT, **env: Text) -> McpServer:
    """A server without the `mcp` package; it starts in no time."""
    command = (sys.executable, "-S", str(Path(__file__).with_name("raw_server.py")), behaviour)
    return make_server(McpAddress(command=command, cwd=str(cwd), env=tuple(env.items())))


def make_desk(marks: Path) -> McpServer:
    """A server made with the official package, over its standard streams."""
    env: tuple[tuple[str, Text], ...] = (("DESK_TOKEN", Secret("hush-hush")), ("DESK_MARKS", str(marks)))
    address = McpAddress(
        command=("python", "-m", "tests.tools.mcp.desk_server"),
        cwd=str(ROOT),
        env=(*env, ("PYTHONPATH", str(ROOT))),
    )
    return make_server(address)


@contextlib.asynccontextmanager
async def joined(server: McpServer) -> AsyncIterator[Desk]:
    """Yield a server that is up, behind a dispatcher, as a call has it."""
    async with McpPool() as pool:
        pool.open([server])
        link = pool.find(server.address)
        await pool.wait([server], 30)
        runners = {**RUNNERS, "mcp": lambda: McpRunner(pool)}
        async with Dispatcher((), runners=runners) as dispatcher:
            yield Desk(server, link, dispatcher)


class Desk:
    """A server behind a dispatcher."""

    def __init__(self, server: McpServer, link: McpLink, dispatcher: Dispatcher) -> None:
        self.server = server
        self.link = link
        self.dispatcher = dispatcher
        self.progress: list[str] = []
        self._ids = 0
        self.offer()

    def offer(self) -> None:
        """Offer what the server lists now."""
        self.tools = offer_tools(self.server, self.link.tools or (), ()).tools
        self.dispatcher.offer(self.tools)

    def start(self, name: str, arguments: str = "{}") -> tuple[str, asyncio.Future[ToolOutcome]]:
        """Start a tool; returns the id of the call and its outcome to come."""
        done: asyncio.Future[ToolOutcome] = asyncio.get_running_loop().create_future()
        self._ids += 1
        call_id = f"fc_{self._ids}"
        request = ToolRequest(call_id, f"desk_{name}", arguments)
        self.dispatcher.start(request, RecordingCall(), done.set_result, self.progress.append)
        return call_id, done

    async def call(self, name: str, arguments: str = "{}") -> ToolOutcome:
        """Call a tool and wait for its outcome."""
        return await asyncio.wait_for(self.start(name, arguments)[1], 30)


async def changed(link: McpLink) -> None:
    """Return when the tools of a server have changed."""
    event = asyncio.Event()
    stop = link.watch(event.set)
    await asyncio.wait_for(event.wait(), 20)
    stop()
