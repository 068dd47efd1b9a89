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

    """

    value: Atom
    span: Span
    text: str = ""
    plain: bool = True
    unset: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class YamlEntry:
    """A key with its place and its value."""

    key: Span
    node: YamlNode


@dataclass(frozen=True, slots=True)
class YamlMap:
    """A mapping; the keys are text, as written."""

    entries: Mapping[str, YamlEntry]
    span: Span


@dataclass(frozen=True, slots=True)
class YamlList:
    """A list."""

    items: tuple[YamlNode, ...]
    span: Span = field(default=Span(""))


YamlNode: TypeAlias = YamlScalar | YamlMap | YamlList
Path: TypeAlias = tuple[PathPart, ...]


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


def walk_scalars(node: YamlNode, path: Path = ()) -> Iterator[tuple[Path, YamlScalar]]:
    """Yield every scalar below a node with its path, in file order."""
    match node:
        case YamlScalar():
            yield path, node
        case YamlMap():
            for key, entry in node.entries.items():
                yield from walk_scalars(entry.node, (*path, key))
        case YamlList():
            for index, item in enumerate(node.items):
                yield from walk_scalars(item, (*path, index))


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


def show_path(path: Path) -> str:
    """Return a path as people write it: `tools[0].http.url`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text
