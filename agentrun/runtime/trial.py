"""The tools of an agent without a call: what the model sees of them, and one run of one of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import assert_never

from agentrun.outcome import ToolOutcome
from agentrun.plan import BuiltinTarget, CallPlan, HttpTarget, McpTarget, PythonTarget, ToolBinding
from agentrun.runtime.servers import offered_tools
from agentrun.secret import reveal
from agentrun.tools.call import ToolRequest
from agentrun.tools.dispatcher import RUNNERS, Dispatcher
from agentrun.tools.mcp.pool import McpPool
from agentrun.tools.mcp.runner import McpRunner
from agentrun.tools.python import locate_function
from agentrun.wire.json import JsonValue

WAIT_S = 10.0
"""How long servers that are being started are waited for."""


@dataclass(frozen=True, slots=True)
class Toolset:
    """What the model may call.

    Attributes:
        tools: those that agentrun runs, in the order of the file; those of MCP servers follow.
        hosted: labels of the MCP servers that the provider calls; it alone knows their tools.
        lost: MCP servers that did not answer: their labels, and why.

    """

    tools: tuple[ToolBinding, ...]
    hosted: tuple[str, ...] = ()
    lost: Mapping[str, str] = field(default_factory=dict)

    def find(self, name: str) -> ToolBinding | None:
        """Return the tool that the model calls `name`, or None."""
        return next((tool for tool in self.tools if tool.name == name), None)


@dataclass(slots=True)
class TrialCall:
    """Stands in for a call: what a tool does to it is told to `on_effect`, in one line."""

    on_effect: Callable[[str], None]
    caller: str = ""
    called: str = ""
    id: str = "trial"
    channel: str = "text"
    variables: MutableMapping[str, JsonValue] = field(default_factory=dict)

    async def say(self, text: str) -> None:
        """Tell what the agent would say."""
        self.on_effect(f"the agent would say: {text}")

    async def hang_up(self, reason: str = "") -> None:
        """Tell that the call would end."""
        self.on_effect("the call would end" + (f": {reason}" if reason else ""))


def find_source(plan: CallPlan, tool: ToolBinding) -> str:
    """Say in one line where a tool comes from; secrets in it show as `***`."""
    match tool.target:
        case PythonTarget() as target:
            return f"python {target.module}:{target.function} ({locate_function(target)})"
        case HttpTarget() as target:
            return f"http {target.method} {target.url}"
        case BuiltinTarget() as target:
            return f"builtin {target.name}"
        case McpTarget() as target:
            label = next((one.label for one in plan.mcp_servers if one.address == target.address), "")
            return f"mcp {label}: {target.tool}"
        case never:
            assert_never(never)


@asynccontextmanager
async def open_tools(plan: CallPlan, wait_s: float = WAIT_S) -> AsyncIterator[tuple[Toolset, McpPool]]:
    """Start the MCP servers of a plan and list all tools; the servers are ended with the block."""
    hosted = [tool["server_label"] for tool in plan.session.get("tools", ()) if tool.get("type") == "mcp"]
    offered: list[tuple[ToolBinding, ...]] = [()]
    async with McpPool() as pool, offered_tools(plan, pool, wait_s, offered.append):
        links = [(server.label, pool.find(server.address)) for server in plan.mcp_servers]
        lost = {label: link.problem or "no answer" for label, link in links if link.tools is None}
        yield Toolset((*plan.tools, *offered[-1]), tuple(hosted), lost), pool


async def run_tool(
    plan: CallPlan, toolset: Toolset, pool: McpPool, request: ToolRequest, call: TrialCall
) -> ToolOutcome:
    """Run one tool as a call would: the same checks, the same limits, the same outcome.

    Only what concerns a conversation is missing: nobody is asked for consent, and nothing is counted.
    """
    call.variables = {name: reveal(value) for name, value in plan.variables.items()} | dict(call.variables)
    runners = {**RUNNERS, "mcp": lambda: McpRunner(pool)}
    done: asyncio.Future[ToolOutcome] = asyncio.get_running_loop().create_future()
    async with Dispatcher(toolset.tools, runners=runners) as dispatcher:
        dispatcher.start(request, call, done.set_result, call.on_effect)
        return await done
