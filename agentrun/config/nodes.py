"""A YAML document as a tree in which every key and value knows its place.

The tree may be put together from several files (`extends`, `use`): each span names its file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from agentrun.diagnostics import PathPart, Span
from agentrun.secret import Secret
from agentrun.wire.json import JsonValue

Path: TypeAlias = tuple[PathPart, ...]
Atom: TypeAlias = str | int | float | bool | Secret | None


@dataclass(frozen=True, slots=True)
class YamlScalar:
    """A single value.

    Attributes:
        value: after the rules of the YAML 1.2 core schema and after filling in the environment.
        text: as written, without quotes.
        plain: True if it stands without quotes and is no block of text.
        unset: names of environment variables that were asked for and are missing; the value is then not
            the one that will be used, and checks of it are to be skipped.
        via: for a value that an alias stands for, where the value is written; `span` is then the alias.

    """

    value: Atom
    span: Span
    text: str = ""
    plain: bool = True
    unset: tuple[str, ...] = ()
    via: Span | None = None


@dataclass(frozen=True, slots=True)
class YamlEntry:
    """A key with its place and its value.

    Attributes:
        via: for an entry that `<<` brought in, the place of the alias or mapping after `<<`.

    """

    key: Span
    node: YamlNode
    via: Span | None = None


@dataclass(frozen=True, slots=True)
class YamlMap:
    """A mapping; the keys are text, as written.

    Attributes:
        via: the alias that stands for the mapping, if one does; `span` is where it is written.

    """

    entries: Mapping[str, YamlEntry]
    span: Span
    via: Span | None = None


@dataclass(frozen=True, slots=True)
class YamlList:
    """A list.

    Attributes:
        via: the alias that stands for the list, if one does; `span` is where it is written.
        homes: for a list that was put together from several files, the path of each item in its own file.

    """

    items: tuple[YamlNode, ...]
    span: Span = field(default=Span(""))
    via: Span | None = None
    homes: tuple[Path, ...] = ()


YamlNode: TypeAlias = YamlScalar | YamlMap | YamlList


def find_node(node: YamlNode, path: Path) -> YamlNode | None:
    """Return the node at a path, or None if the path leads nowhere."""
    for part in path:
        match node:
            case YamlMap() if part in node.entries:
                node = node.entries[str(part)].node
            case YamlList() if isinstance(part, int) and part < len(node.items):
                node = node.items[part]
            case _:
                return None
    return node


def path_in_file(root: YamlNode, path: Path) -> Path:
    """Return a path of the whole agent as it is in the file where the value stands.

    They differ below a list that `use` put together: `tools[4]` of the agent may be `[1]` of a toolset.
    """
    for length, part in enumerate(path):
        parent = find_node(root, path[:length]) if isinstance(part, int) else None
        if isinstance(parent, YamlList) and isinstance(part, int) and part < len(parent.homes):
            return (*parent.homes[part], *path[length + 1 :])
    return path


def find_path(node: YamlNode, span: Span, path: Path = ()) -> Path:
    """Return the path of the key that stands at `span`, or of the value that `span` is a part of.

    Without either it is the path of the root, which is empty.
    """
    match node:
        case YamlScalar() if _contains(node.span, span):
            return path
        case YamlMap():
            for key, entry in node.entries.items():
                if entry.key == span:
                    return (*path, key)
                if found := find_path(entry.node, span, (*path, key)):
                    return found
        case YamlList():
            for index, item in enumerate(node.items):
                if found := find_path(item, span, (*path, index)):
                    return found
    return ()


def _contains(whole: Span, part: Span) -> bool:
    starts = (whole.line, whole.column) <= (part.line, part.column)
    ends = (part.end_line, part.end_column) <= (whole.end_line, whole.end_column)
    return whole.file == part.file and starts and ends


def find_detours(root: YamlNode, path: Path) -> Iterator[tuple[bool, Span]]:
    """Yield the aliases and merges on the way to a value.

    Yields:
        True and where the value is written, for an alias that stands for the value itself;
        False and where a collection around it is used, for aliases and merges above it.

    """
    for length in range(len(path) + 1):
        node = find_node(root, path[:length])
        parent = find_node(root, path[: length - 1]) if length else None
        if isinstance(parent, YamlMap) and (entry := parent.entries.get(str(path[length - 1]))) and entry.via:
            yield False, entry.via
        if node is None or node.via is None:
            continue
        if length == len(path):
            yield True, node.via if isinstance(node, YamlScalar) else first_place(node)
        else:
            yield False, node.via


def find_key(node: YamlNode, path: Path) -> Span:
    """Return the place of the key that owns the value at `path`.

    An item of a list and the root have no key: then it is the start of the value.
    """
    parent = find_node(node, path[:-1]) if path else None
    if isinstance(parent, YamlMap) and path[-1] in parent.entries:
        return parent.entries[str(path[-1])].key
    found = find_node(node, path)
    return first_place(found) if found is not None else first_place(node)


def first_place(node: YamlNode) -> Span:
    """Return a short span where a value starts: the scalar itself, or the first key of a mapping."""
    match node:
        case YamlScalar():
            return node.span
        case YamlMap() if node.entries:
            return next(iter(node.entries.values())).key
        case _:
            start = node.span
            return Span(start.file, start.line, start.column, start.line, start.column + 1)


def find_text(node: YamlNode, *path: PathPart) -> YamlScalar | None:
    """Return the scalar at a path if it is a text whose value is known."""
    found = find_node(node, path)
    if isinstance(found, YamlScalar) and isinstance(found.value, str) and not found.unset:
        return found
    return None


def find_map(node: YamlNode, *path: PathPart) -> YamlMap | None:
    """Return the mapping at a path, or None."""
    found = find_node(node, path)
    return found if isinstance(found, YamlMap) else None


def find_list(node: YamlNode, *path: PathPart) -> YamlList | None:
    """Return the list at a path, or None."""
    found = find_node(node, path)
    return found if isinstance(found, YamlList) else None


def walk_scalars(node: YamlNode) -> list[tuple[Path, YamlScalar]]:
    """Return every scalar below a node with its path, in file order."""
    found: list[tuple[Path, YamlScalar]] = []
    _collect_scalars(node, (), found)
    return found


def _collect_scalars(node: YamlNode, path: Path, found: list[tuple[Path, YamlScalar]]) -> None:
    if isinstance(node, YamlScalar):
        found.append((path, node))
    elif isinstance(node, YamlMap):
        for key, entry in node.entries.items():
            _collect_scalars(entry.node, (*path, key), found)
    else:
        for index, item in enumerate(node.items):
            _collect_scalars(item, (*path, index), found)


def to_json(node: YamlNode, *, reveal: bool = False) -> JsonValue:
    """Return the values alone; secrets stay `Secret` unless `reveal` is set (to check, never to show)."""
    match node:
        case YamlScalar(value=Secret() as secret):
            return secret.reveal() if reveal else secret
        case YamlScalar():
            return node.value
        case YamlMap():
            return {key: to_json(entry.node, reveal=reveal) for key, entry in node.entries.items()}
        case YamlList():
            return [to_json(item, reveal=reveal) for item in node.items]
