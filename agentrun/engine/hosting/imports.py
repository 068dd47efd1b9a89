"""Listing the tools of the servers that a session names, from `mcp_list_tools.in_progress` to its end.

The item of a listing enters the conversation when the listing is over, whichever way; until then it can be
retrieved already. A listing that failed says why in its item's `error`, which the official types do not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from agentrun.engine.effects import HostedToolsListed, ListHostedTools, StopHosted
from agentrun.engine.hosting.definitions import is_allowed, pick_definitions
from agentrun.engine.hosting.values import CONNECTION_LOST, TIMED_OUT, HostedError, HostedServer
from agentrun.engine.items import Item
from agentrun.engine.state import SessionState
from agentrun.wire import server as events
from agentrun.wire.json import JsonObject


@dataclass(frozen=True, slots=True)
class _Pending:
    server: HostedServer
    definition: JsonObject
    item: Item
    deadline_ms: int


class Imports:
    """The listings of one session that are under way.

    Args:
        state: of the session, whose catalogue keeps the listings.
        limit_ms: how long a server may take.
        announce: puts a finished item into the conversation.

    """

    def __init__(self, state: SessionState, limit_ms: int, announce: Callable[[Item], None]) -> None:
        self._state = state
        self._limit_ms = limit_ms
        self._announce = announce
        self._pending: dict[str, _Pending] = {}

    @property
    def deadline_ms(self) -> int | None:
        """When the next listing has taken too long."""
        return min((one.deadline_ms for one in self._pending.values()), default=None)

    def find_item(self, item_id: str) -> Item | None:
        """Return the item of a listing under way."""
        pending = self._pending.get(item_id)
        return None if pending is None else pending.item

    def take(self, tools: Iterable[JsonObject]) -> None:
        """List the servers among the tools of a session or a response that are not listed yet."""
        for definition in pick_definitions(tools):
            server = self._state.catalogue.define(definition)
            under_way = any(one.server == server for one in self._pending.values())
            if server not in self._state.catalogue.listings and not under_way:
                self._start(server, definition)

    def _start(self, server: HostedServer, definition: JsonObject) -> None:
        wire = {
            "id": self._state.outbox.ids.make("mcpl"),
            "type": "mcp_list_tools",
            "server_label": server.label,
            "tools": [],
        }
        item = Item(wire)
        self._pending[item.id] = _Pending(server, definition, item, self._state.now_ms + self._limit_ms)
        self._state.outbox.send(events.McpListToolsInProgress(item.id))
        if server.url is None:
            message = f"'{server.service}' is a service of the provider, which is not there offline."
            error = HostedError("protocol_error", f"{message} Use 'server_url'.", CONNECTION_LOST)
            self.note_listed(HostedToolsListed(item.id, (), error))
        else:
            self._state.outbox.command(ListHostedTools(item.id, server))

    def note_listed(self, listed: HostedToolsListed) -> None:
        """Take what a server listed, or why it could not."""
        pending = self._pending.pop(listed.item_id, None)
        if pending is None:
            return
        item = pending.item
        if listed.error is not None:
            item.wire["error"] = listed.error.to_wire()
        else:
            self._state.catalogue.note_listing(pending.server, listed.tools)
            allowed = [tool for tool in listed.tools if is_allowed(pending.definition, tool)]
            item.wire["tools"] = [tool.to_wire() for tool in allowed]
        self._announce(item)
        done = events.McpListToolsCompleted if listed.error is None else events.McpListToolsFailed
        self._state.outbox.send(done(item.id))

    def expire(self) -> None:
        """Give up the listings that have taken too long."""
        late = [one.item.id for one in self._pending.values() if one.deadline_ms <= self._state.now_ms]
        for item_id in late:
            self._state.outbox.command(StopHosted(item_id))
            message = f"The server did not list its tools within {self._limit_ms / 1000:g} seconds."
            self.note_listed(
                HostedToolsListed(item_id, (), HostedError("protocol_error", message, TIMED_OUT))
            )
