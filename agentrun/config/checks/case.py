"""What every check gets to see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from agentrun.config.discovery import make_name
from agentrun.config.handoffs import HandoffNet
from agentrun.config.nodes import (
    Path,
    YamlMap,
    YamlNode,
    YamlScalar,
    find_list,
    find_map,
    find_text,
    walk_scalars,
)
from agentrun.diagnostics import PathPart

if TYPE_CHECKING:
    from agentrun.config.openapi.operation import Operation


@dataclass(frozen=True, slots=True)
class AgentCase:
    """One agent under check. Checks read nodes, because a file with errors has no typed model.

    Attributes:
        tree: the whole agent; parts of it may have the wrong form, so nothing may be taken for granted.
        root: the project root.
        texts: the files that were read, by shown path.
        instructions: the text of the instructions with its place, or None.
        today: the day that decides whether a model is retired.
        file: shown path of the agent's own file.
        net: the agents that can take over the call.
        operations: those of OpenAPI files, by the index of the tool that is one.
        scalars: every single value of the tree with its path, in file order.

    """

    tree: YamlMap
    root: FilePath
    texts: Mapping[str, str]
    instructions: YamlScalar | None
    today: date
    file: str = ""
    net: HandoffNet = field(default_factory=HandoffNet)
    operations: Mapping[int, Operation] = field(default_factory=dict)
    scalars: tuple[tuple[Path, YamlScalar], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Walk the tree once for all checks."""
        object.__setattr__(self, "scalars", tuple(walk_scalars(self.tree)))

    def operation(self, path: Path) -> Operation | None:
        """Return the operation of the tool at a path, if it is one of an OpenAPI file."""
        index = path[1] if len(path) == 2 and path[0] == "tools" else None
        return self.operations.get(index) if isinstance(index, int) else None

    def text(self, *path: PathPart) -> YamlScalar | None:
        """Return the text at a path, if there is one and its value is known."""
        return find_text(self.tree, *path)

    def tools(self) -> Iterator[tuple[Path, YamlMap]]:
        """Yield each tool that is a mapping, with its path."""
        tools = find_list(self.tree, "tools")
        for index, tool in enumerate(tools.items if tools else ()):
            if isinstance(tool, YamlMap):
                yield ("tools", index), tool

    def rules(self) -> Iterator[tuple[Path, YamlMap]]:
        """Yield everything that has the rules of a tool: tools, MCP servers, and single tools of theirs."""
        yield from self.tools()
        servers = find_list(self.tree, "mcp_servers")
        for index, server in enumerate(servers.items if servers else ()):
            if isinstance(server, YamlMap):
                yield ("mcp_servers", index), server
                inner = find_map(server, "tools")
                for name, entry in inner.entries.items() if inner else ():
                    if isinstance(entry.node, YamlMap):
                        yield ("mcp_servers", index, "tools", name), entry.node

    def variables(self) -> Mapping[str, YamlNode]:
        """Return the declared variables."""
        found = find_map(self.tree, "variables")
        return {name: entry.node for name, entry in found.entries.items()} if found else {}


def tool_name(tool: YamlMap) -> YamlScalar | None:
    """Return the place of a tool's name: its `name`, its function, its operation, or its builtin."""
    return (
        find_text(tool, "name")
        or find_text(tool, "python")
        or find_text(tool, "builtin")
        or find_text(tool, "builtin", "name")
        or find_text(tool, "http", "operation")
    )


def read_tool_name(tool: YamlMap) -> str | None:
    """Return the name under which the model sees a tool, or None if the file does not say."""
    found = tool_name(tool)
    if found is None:
        return None
    if found is find_text(tool, "http", "operation"):
        from agentrun.config.openapi.operation import make_tool_name  # hardly any agent needs it

        return make_tool_name(str(found.value))
    return str(found.value).rpartition(":")[2] if found is find_text(tool, "python") else str(found.value)


def handoff_name(agent: YamlMap, shown: str) -> str:
    """Return the name of the function by which the model hands over to an agent."""
    name = find_text(agent, "name")
    return f"handoff_to_{name.value if name else make_name(shown)}"
