"""The tools of MCP servers on one call: those that are known when it begins, and what becomes of them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable

from agentrun.plan import CallPlan, ToolBinding
from agentrun.tools.mcp.offers import offer_tools
from agentrun.tools.mcp.pool import McpPool

WAIT_S = 2.0
"""How long a call waits for servers that are being started; their tools join it later."""


@contextlib.asynccontextmanager
async def offered_tools(
    plan: CallPlan, pool: McpPool, wait_s: float, offer: Callable[[tuple[ToolBinding, ...]], None]
) -> AsyncIterator[None]:
    """Hand the tools of a plan's servers to `offer`, at the start and whenever they change inside the block.

    A server that is lost keeps its tools on the call: it is started again, and until then they fail.

    Args:
        plan: names the servers.
        pool: holds the connections.
        wait_s: how long to wait for servers that are being started.
        offer: takes all tools of all servers, in the order of the file.

    """
    links = [pool.find(server.address, server.label) for server in plan.mcp_servers]

    def tell() -> None:
        tools: list[ToolBinding] = []
        taken = {tool.name for tool in plan.tools}
        for server, link in zip(plan.mcp_servers, links, strict=True):
            found = offer_tools(server, link.tools or (), taken)
            for problem in found.problems if link.tools is not None else ():
                link.complain(problem)
            tools += found.tools
            taken |= {tool.name for tool in found.tools}
        offer(tuple(tools))

    with contextlib.ExitStack() as stack:
        for link in links:
            stack.callback(link.watch(tell))
        await pool.wait(plan.mcp_servers, wait_s)
        tell()
        yield
