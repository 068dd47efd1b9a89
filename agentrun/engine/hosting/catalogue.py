"""The servers that a session has imported, and the tools that a model can be offered of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from agentrun.engine.hosting.definitions import find_server, is_allowed
from agentrun.engine.hosting.values import HostedServer, HostedTool
from agentrun.wire.json import JsonObject


@dataclass(slots=True)
class Catalogue:
    """What is known of MCP servers; one for each session.

    Attributes:
        definitions: the complete definition last given for a label; kept when the server leaves `tools`, so
            that its label alone can bring it back.
        listings: the tools of the servers that have listed them.

    """

    definitions: dict[str, JsonObject] = field(default_factory=dict)
    listings: dict[HostedServer, Sequence[HostedTool]] = field(default_factory=dict)

    def define(self, definition: JsonObject) -> HostedServer:
        """Keep a complete definition and return its server; another server of that label is forgotten."""
        server = find_server(definition)
        earlier = self.definitions.get(server.label)
        if earlier is not None and find_server(earlier) != server:
            self.listings.pop(find_server(earlier), None)
        self.definitions[server.label] = definition
        return server

    def note_listing(self, server: HostedServer, tools: Sequence[HostedTool]) -> None:
        """Keep what a server lists, unless its label means another server by now."""
        if find_server(self.definitions[server.label]) == server:
            self.listings[server] = tools

    def find_tools(self, definition: JsonObject) -> list[HostedTool]:
        """Return the tools that a definition allows; none while they are not listed."""
        listed = self.listings.get(find_server(definition), ())
        return [tool for tool in listed if is_allowed(definition, tool)]
