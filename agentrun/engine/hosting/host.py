"""The seam between the core's orders and what dials MCP servers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from agentrun.engine.effects import HostedToolReturned, HostedToolsListed, ListHostedTools, RunHostedTool
from agentrun.engine.hosting.failures import HostedFailure
from agentrun.engine.hosting.values import CONNECTION_LOST, HostedError, HostedServer, HostedTool
from agentrun.wire.json import JsonObject

log = logging.getLogger(__name__)

HostedOrder: TypeAlias = ListHostedTools | RunHostedTool
HostedAnswer: TypeAlias = HostedToolsListed | HostedToolReturned
OfflineHost: TypeAlias = Callable[[HostedOrder], HostedAnswer]
"""Servers that answer at once, for virtual time."""

_NOBODY = HostedError("protocol_error", "There are no MCP servers in virtual time.", CONNECTION_LOST)


class ToolHost(Protocol):
    """The connections of one session; `client.McpHost` is the real one.

    Both methods may be cancelled at any time, and take as long as they like: the core keeps the deadlines.
    """

    async def list_tools(self, server: HostedServer) -> Sequence[HostedTool]:
        """Connect, and return all tools.

        Raises:
            HostedFailure: there are none to be had.

        """

    async def run_tool(self, server: HostedServer, tool: str, arguments: JsonObject) -> str:
        """Call a tool and return its output as text.

        Raises:
            HostedFailure: the call did not work, or nobody knows.

        """

    async def close(self) -> None:
        """Close all connections; returns soon, whatever the servers do."""


async def obey(host: ToolHost, order: HostedOrder) -> HostedAnswer:
    """Carry out an order of the core and return the answer to it."""
    match order:
        case ListHostedTools():
            try:
                return HostedToolsListed(order.item_id, await host.list_tools(order.server))
            except HostedFailure as failure:
                # few clients show the error of the item, so the operator is told as well
                reason = " ".join(str(failure).split())
                log.warning("the MCP server `%s` could not be listed: %s", order.server.label, reason)
                return HostedToolsListed(order.item_id, (), failure.error)
        case RunHostedTool():
            try:
                output = await host.run_tool(order.server, order.tool, order.arguments)
            except HostedFailure as failure:
                return HostedToolReturned(order.item_id, "", failure.error)
            return HostedToolReturned(order.item_id, output)


def decline(order: HostedOrder) -> HostedAnswer:
    """Answer an order where no server can be reached."""
    if isinstance(order, ListHostedTools):
        return HostedToolsListed(order.item_id, (), _NOBODY)
    return HostedToolReturned(order.item_id, "", _NOBODY)
