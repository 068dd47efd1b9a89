"""The ledger: for every field that stands in the files of an agent, what becomes of it.

The rows follow the files as they are written: the agent's own file first, then those that it extends or
uses, each with the paths of that file. Values that another file replaces are dropped, and so are those that
`overrides` replaces on the wire.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from agentrun.compiler.tools import BUILTINS
from agentrun.compiler.verdicts import Dropped, Field, Ours, Path, Sent, find_outcome
from agentrun.config.nodes import (
    YamlList,
    YamlMap,
    YamlNode,
    YamlScalar,
    find_list,
    find_node,
    find_text,
    to_json,
)
from agentrun.config.reading import Reading
from agentrun.config.yamlfile import parse_yaml
from agentrun.diagnostics import Span, show_path
from agentrun.wire.json import JsonObject, JsonValue

# Where tools are included; the key is gone when the agent is complete, and the path is only a name for it.
_USE: Path = ("tools", 0, "use")

Verdict: TypeAlias = Literal["kept", "mapped", "run by agentrun", "dropped"]


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One field.

    Attributes:
        path: where it stands in its file: `tools[0].placeholder`.
        verdict: `kept`: sent under its own name; `mapped`: sent elsewhere or in another form;
            `run by agentrun`; `dropped`.
        note: where it goes, what agentrun does with it, or why it has no effect.
        file: the file; empty for the agent's own.

    """

    path: str
    verdict: Verdict
    note: str
    file: str = ""


def make_ledger(shown: str, reading: Reading, session: JsonObject) -> tuple[LedgerRow, ...]:
    """Return one row for each leaf of each file.

    Args:
        shown: the agent's own file.
        reading: what came of reading it; it has a tree.
        session: what it was compiled to.

    """
    assert reading.tree is not None
    rows: list[LedgerRow] = []
    judge = _Judge(reading.tree, session)
    for file, node in _parse_files(shown, reading.texts):
        for path, leaf in walk_leaves(node):
            verdict, note = judge.judge(node, path, leaf)
            rows.append(LedgerRow(show_path(path), verdict, note, "" if file == shown else file))
    return tuple(rows)


def walk_leaves(node: YamlNode, path: Path = ()) -> Iterator[tuple[Path, YamlNode]]:
    """Yield every scalar and every empty collection below a node with its path, in file order."""
    match node:
        case YamlMap() if node.entries:
            for key, entry in node.entries.items():
                yield from walk_leaves(entry.node, (*path, key))
        case YamlList() if node.items:
            for index, item in enumerate(node.items):
                yield from walk_leaves(item, (*path, index))
        case _:
            yield path, node


def _parse_files(shown: str, texts: Mapping[str, str]) -> Iterator[tuple[str, YamlNode]]:
    """Yield the agent's file and those that it includes, as they are written, each once."""
    seen: set[str] = set()
    todo = [shown]
    while todo:
        file = todo.pop(0)
        node = parse_yaml(texts[file], file)[0] if file in texts and file not in seen else None
        seen.add(file)
        if node is not None:
            yield file, node
            todo += [
                os.path.normpath(os.path.join(os.path.dirname(file), name)) for name in _find_names(node)
            ]


def _find_names(node: YamlNode) -> Iterator[str]:
    if extends := find_text(node, "extends"):
        yield str(extends.value)
    tools = node if isinstance(node, YamlList) else find_list(node, "tools")
    for item in tools.items if tools else ():
        if use := find_text(item, "use"):
            yield str(use.value)


class _Judge:
    """Knows the whole agent, to which the single files contribute."""

    def __init__(self, tree: YamlMap, session: JsonObject) -> None:
        self._session = session
        agent = to_json(tree)
        assert isinstance(agent, dict)
        self._agent = agent
        self._places = _find_tool_places(agent)
        tools = find_list(tree, "tools")
        self._tools = {tool.span: index for index, tool in enumerate(tools.items if tools else ())}
        # A value is known by the place where it is written; one with an alias stands in several places.
        self._paths: dict[Span, list[Path]] = {}
        for path, leaf in walk_leaves(tree):
            self._paths.setdefault(leaf.span, []).append(path)

    def judge(self, file: YamlNode, path: Path, leaf: YamlNode) -> tuple[Verdict, str]:
        if str(path[0]).startswith("x-"):
            return "dropped", "yours: agentrun ignores it"
        whole = self._find_whole(file, path, leaf)
        if whole is not None:
            return self._decide(Field(whole, to_json(leaf), self._agent, self._session, self._places))
        if isinstance(leaf, YamlScalar) and leaf.value is None:
            return "run by agentrun", "takes away what the file below it says"
        return "dropped", "replaced by a file that is laid over this one"

    def _find_whole(self, file: YamlNode, path: Path, leaf: YamlNode) -> Path | None:
        """Return the path of the whole agent at which a value of one file stands, or None if nowhere."""
        if path == ("extends",):
            return path
        if path[-1] == "use" and len(path) <= len(_USE):
            return _USE
        known = self._paths.get(leaf.span, [])
        return next((way for way in (path, self._shift_tool(file, path)) if way in known), None)

    def _shift_tool(self, file: YamlNode, path: Path) -> Path:
        """Return the path of a value in a tool where tools of other files stand before it, or round it."""
        depth = 1 if isinstance(file, YamlList) else 2
        tool = find_node(file, path[:depth])
        if isinstance(tool, YamlMap) and tool.span in self._tools:
            return ("tools", self._tools[tool.span], *path[depth:])
        return path

    def _decide(self, field: Field) -> tuple[Verdict, str]:
        match find_outcome(field):
            case Ours(note):
                return "run by agentrun", note
            case Dropped(reason):
                return "dropped", reason
            case Sent(place, absent):
                return self._decide_sent(field, place, absent)

    def _decide_sent(self, field: Field, place: Path, absent: str) -> tuple[Verdict, str]:
        over = _find_override(self._agent.get("overrides"), place)
        if over is not None and field.path[0] != "overrides":
            return "dropped", f"`{show_path(('overrides', *over))}` replaces it"
        try:
            value = _value_at(self._session, place)
        except LookupError:
            return "dropped", absent
        same = place == field.path and field.value == value
        filled = (
            isinstance(field.value, str) and value != field.value and re.search(r"\{\{|\$\{", field.value)
        )
        note = f"`{show_path(('session', *place))}`" + (", with names filled in" if filled else "")
        return ("kept" if same else "mapped"), note


def _find_tool_places(agent: JsonObject) -> dict[int, int]:
    tools = agent.get("tools")
    offered = [
        index for index, tool in enumerate(tools if isinstance(tools, list) else ()) if _is_offered(tool)
    ]
    return {index: place for place, index in enumerate(offered)}


def _is_offered(tool: JsonValue) -> bool:
    builtin = tool.get("builtin") if isinstance(tool, dict) else None
    name = builtin.get("name") if isinstance(builtin, dict) else builtin
    return name is None or name in BUILTINS


def _find_override(overrides: JsonValue, place: Path) -> Path | None:
    """Return the override that lies on the way to a place of the session, if one does."""
    for depth, part in enumerate(place):
        if not isinstance(overrides, dict) or part not in overrides:
            return None
        overrides = overrides[part]
        if not isinstance(overrides, dict):
            return place[: depth + 1]
    return None


def _value_at(node: JsonValue, path: Path) -> JsonValue:
    """Return the value at a path.

    Raises:
        LookupError: nothing stands there.

    """
    for part in path:
        match node:
            case dict() if part in node:
                node = node[part]
            case list() if isinstance(part, int) and part < len(node):
                node = node[part]
            case _:
                raise LookupError(show_path(path))
    return node
