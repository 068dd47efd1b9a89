"""Hosting as the core sees it: one object for what is imported and what is called."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from agentrun.engine.effects import HostedToolReturned, HostedToolsListed
from agentrun.engine.hosting.calls import HostedCalls
from agentrun.engine.hosting.imports import Imports
from agentrun.engine.hosting.values import HostingLimits
from agentrun.engine.items import Item
from agentrun.engine.state import SessionState
from agentrun.wire.json import JsonObject


class Hosting:
    """The hosted MCP servers of one session.

    Args:
        state: of the session.
        limits: how long servers may take.
        announce: puts a finished item into the conversation.

    """

    def __init__(self, state: SessionState, limits: HostingLimits, announce: Callable[[Item], None]) -> None:
        self._imports = Imports(state, limits.list_ms, announce)
        self.calls = HostedCalls(state, limits.call_ms)

    @property
    def deadline_ms(self) -> int | None:
        """When a server has taken too long, at the earliest."""
        deadlines = (self._imports.deadline_ms, self.calls.deadline_ms)
        return min((one for one in deadlines if one is not None), default=None)

    def find_item(self, item_id: str) -> Item | None:
        """Return an item that is under way and not (or not yet) in the conversation."""
        return self._imports.find_item(item_id) or self.calls.find_item(item_id)

    def take_tools(self, tools: Iterable[JsonObject]) -> None:
        """List the servers among complete tools that are not listed yet."""
        self._imports.take(tools)

    def take_input(self, event: HostedToolsListed | HostedToolReturned) -> None:
        """Take an answer of the shell."""
        if isinstance(event, HostedToolsListed):
            self._imports.note_listed(event)
        else:
            self.calls.note_returned(event)

    def expire(self) -> None:
        """Give up what has taken too long."""
        self._imports.expire()
        self.calls.expire()
