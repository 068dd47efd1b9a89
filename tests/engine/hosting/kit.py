"""A session whose MCP servers are values: what they list and return is written down beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from agentrun.engine.effects import (
    HostedToolReturned,
    HostedToolsListed,
    ListHostedTools,
    Output,
    RunHostedTool,
    StopHosted,
    Wake,
)
from agentrun.engine.hosting.values import HostedError, HostedTool
from agentrun.engine.seams import Move
from agentrun.wire.json import JsonObject
from tests.engine.kit import Session

URL = "https://example.com/mcp"
SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}


def make_tool(name: str, *, read_only: bool = False) -> HostedTool:
    """Return a tool with one text parameter."""
    notes = {"readOnlyHint": True} if read_only else {}
    return HostedTool(name, f"Do {name}.", SCHEMA, notes)


def make_server(label: str = "docs", **members: Any) -> JsonObject:
    """Return the definition of a server."""
    return {"type": "mcp", "server_label": label, "server_url": URL, **members}


class HostingSession(Session):
    """A session in text with MCP servers.

    Args:
        script: of the mind.
        listings: by label, what a server lists, or why it cannot; others list `search` and `drop`.
        returns: what calls come to, in order; `"ok"` after the last.
        hold: commands that are not answered yet.

    Attributes:
        hosted: the commands to list, run and stop, in order.

    """

    def __init__(
        self,
        script: Iterable[Sequence[Move]] = (),
        *,
        listings: dict[str, Sequence[HostedTool] | HostedError] | None = None,
        returns: Iterable[str | HostedError] = (),
        hold: tuple[type, ...] = (),
        **options: Any,
    ) -> None:
        self.hosted: list[ListHostedTools | RunHostedTool | StopHosted] = []
        self.listings = listings or {}
        self.returns = list(returns)
        super().__init__(script, hold=hold, text=True, **options)

    def approve(self, request_id: str, approve: bool = True, **members: Any) -> list[JsonObject]:
        """Answer an approval request."""
        item = {"type": "mcp_approval_response", "approval_request_id": request_id, "approve": approve}
        return self.send("conversation.item.create", item={**item, **members})

    def wake(self, now_ms: int) -> list[JsonObject]:
        """Let time pass until the core wants to be woken, and beyond."""
        self.now_ms = now_ms
        return self.put(Wake())

    def _take(self, outputs: Sequence[Output]) -> None:
        orders = (ListHostedTools, RunHostedTool, StopHosted)
        self.hosted += [output for output in outputs if isinstance(output, orders)]
        super()._take(outputs)

    def _obey(self, order: Output) -> None:
        match order:
            case ListHostedTools():
                listed = self.listings.get(order.server.label, (make_tool("search"), make_tool("drop")))
                if isinstance(listed, HostedError):
                    self._feed(HostedToolsListed(order.item_id, (), listed))
                else:
                    self._feed(HostedToolsListed(order.item_id, listed))
            case RunHostedTool():
                outcome = self.returns.pop(0) if self.returns else "ok"
                if isinstance(outcome, HostedError):
                    self._feed(HostedToolReturned(order.item_id, "", outcome))
                else:
                    self._feed(HostedToolReturned(order.item_id, outcome))
            case _:
                super()._obey(order)
