"""What a server lists, as tools that the model may call: named, allowed, bound to the rules of the file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from agentrun.mcp.listing import ListedTool
from agentrun.plan import McpServer, McpTarget, ToolBinding
from agentrun.tools.mcp.schemas import fit_for_model

_LONGEST_NAME = 64
_DIGEST_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class Offer:
    """The tools of one server.

    Attributes:
        tools: in the order of the server.
        problems: why some of its tools are not offered, one line each.

    """

    tools: tuple[ToolBinding, ...]
    problems: tuple[str, ...] = ()


def offer_tools(server: McpServer, listed: Iterable[ListedTool], taken: Collection[str]) -> Offer:
    """Return the tools of a server as the model sees them.

    Args:
        server: whose tools they are.
        listed: what it lists.
        taken: names that other tools of the agent have already; theirs win.

    """
    tools: dict[str, ToolBinding] = {}
    problems: list[str] = []
    names: set[str] = set()
    for tool in listed:
        names.add(tool.name)
        if not _is_allowed(server, tool):
            continue
        name = make_name(server.label, tool.name)
        if name in tools or name in taken:
            problems.append(f"its tool `{tool.name}` is left out: another tool is called `{name}`")
            continue
        tools[name] = _bind(server, tool, name)
    problems += _find_strays(server, names)
    return Offer(tuple(tools.values()), tuple(problems))


def make_name(label: str, tool: str) -> str:
    """Return the name by which the model calls a tool: `label_tool`, as the API allows names.

    Characters that it does not allow become `_`. A name that is too long is cut, and ends with a digest of
    the whole, so that two long names stay two.
    """
    name = re.sub(r"[^A-Za-z0-9_-]", "_", f"{label}_{tool}")
    if len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(f"{label} {tool}".encode()).hexdigest()[:_DIGEST_CHARACTERS]
    return f"{name[: _LONGEST_NAME - _DIGEST_CHARACTERS - 1]}_{digest}"


def _is_allowed(server: McpServer, tool: ListedTool) -> bool:
    named = server.allowed is None or tool.name in server.allowed
    return named and (tool.read_only or not server.read_only)


def _bind(server: McpServer, tool: ListedTool, name: str) -> ToolBinding:
    rules = server.rules_for(tool.name)
    return replace(
        rules,
        name=name,
        description=tool.description,
        parameters=fit_for_model(tool.input_schema),
        target=McpTarget(server.address, tool.name),
    )


def _find_strays(server: McpServer, names: Collection[str]) -> list[str]:
    """Return a line for each name of the file that the server does not know: mostly a slip of the pen."""
    asked = dict.fromkeys([*sorted(server.allowed or ()), *server.tool_rules])
    known = ", ".join(f"`{name}`" for name in sorted(names)[:20]) or "none"
    return [f"it has no tool `{name}`; it has {known}" for name in asked if name not in names]
