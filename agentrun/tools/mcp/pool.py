"""The MCP connections of a process: one for each server, shared by all calls."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from agentrun.plan import McpAddress, McpServer
from agentrun.tools.mcp.link import McpLink


class McpPool:
    """Opens servers when they are first named, and ends them all together; `async with` owns them."""

    def __init__(self) -> None:
        self._links: dict[McpAddress, McpLink] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        links, self._links = list(self._links.values()), {}
        await asyncio.gather(*(link.aclose() for link in links))

    def open(self, servers: Iterable[McpServer]) -> None:
        """Start servers side by side, without waiting for any of them."""
        for server in servers:
            self.find(server.address, server.label)

    def find(self, address: McpAddress, label: str = "") -> McpLink:
        """Return the way to a server, which is started if nobody has named it before."""
        link = self._links.get(address)
        if link is None:
            link = self._links[address] = McpLink(label or "unnamed", address)
        return link

    async def wait(self, servers: Iterable[McpServer], limit_s: float) -> None:
        """Return when each server is up or has failed once, or the time is over."""
        tried = [asyncio.create_task(self.find(one.address, one.label).wait_tried()) for one in servers]
        if tried:
            _, slow = await asyncio.wait(tried, timeout=limit_s)
            for task in slow:
                task.cancel()
