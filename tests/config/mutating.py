"""Mistakes made in a valid file at a place chosen by chance, and the line that a finding about it names.

Places are found by walking the parsed file together with its schema, so every key that the schema knows can
be hit: nested ones, entries of lists, and those in flow style. A mutation is a pure function of a place.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agentrun.config.nodes import Path, YamlList, YamlMap, YamlNode, YamlScalar, first_place
from agentrun.config.places import normalize_lines
from agentrun.config.yamlfile import parse_yaml
from agentrun.diagnostics import Span


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of a mapping, or one item of a list.

    Attributes:
        key: where the key stands; None for an item.
        node: the value.
        schema: of the value.
        home: the mapping or list around it.
        home_schema: of that.
        home_line: the line of the key that owns `home`; for an item of a list that of the item's start.

    """

    path: Path
    key: Span | None
    node: YamlNode
    schema: Mapping[str, Any]
    home: YamlMap | YamlList
    home_schema: Mapping[str, Any]
    home_line: int

    @property
    def name(self) -> str:
        return str(self.path[-1])


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed text, and the line, counted from 1, that is to be named."""

    text: str
    line: int


class Page:
    """The text of one file with its tree."""

    def __init__(self, text: str, schema: Mapping[str, Any]) -> None:
        self.text = normalize_lines(text)
        self.lines = self.text.split("\n")
        tree, findings = parse_yaml(self.text, "page.yaml")
        assert tree is not None, findings
        self.places = list(_walk(tree, schema, (), _first_line(tree)))

    def offset(self, line: int, column: int) -> int:
        return sum(len(before) + 1 for before in self.lines[: line - 1]) + column - 1

    def start(self, span: Span) -> int:
        return self.offset(span.line, span.column)

    def end(self, node: YamlNode) -> int:
        """Return where a value ends; libyaml counts the blank lines after a block to it."""
        at = min(self.offset(node.span.end_line, node.span.end_column), len(self.text))
        return len(self.text[:at].rstrip()) if node.span.end_line > node.span.line else at

    def begins_line(self, span: Span) -> bool:
        return not self.lines[span.line - 1][: span.column - 1].strip(" ")


def _walk(node: YamlNode, schema: Mapping[str, Any], path: Path, line: int) -> Iterator[Place]:
    if node.via is not None:
        return
    if isinstance(node, YamlMap):
        for key, entry in node.entries.items():
            known = schema.get("properties", {}).get(key) or schema.get("additionalProperties")
            if (entry.via or entry.node.via) is None and isinstance(known, dict) and not key.startswith("x-"):
                yield Place((*path, key), entry.key, entry.node, known, node, schema, line)
                yield from _walk(entry.node, known, (*path, key), entry.key.line)
    elif isinstance(node, YamlList):
        for index, item in enumerate(node.items):
            known = schema.get("items", {})
            yield Place((*path, index), None, item, known, node, schema, line)
            yield from _walk(item, known, (*path, index), _first_line(item))


def _first_line(node: YamlNode) -> int:
    return first_place(node).line


def _is_closed(place: Place) -> bool:
    return place.key is not None and place.name in place.home_schema.get("properties", {})


def misspell_key(page: Page, place: Place, choose: random.Random) -> Mutant | None:
    if place.key is None or not _is_closed(place):
        return None
    at = page.start(place.key) + choose.randrange(1, len(place.name) + 1)
    return Mutant(page.text[:at] + "q" + page.text[at:], place.key.line)


def change_type(page: Page, place: Place, choose: random.Random) -> Mutant | None:
    types = place.schema.get("type", "string" if "const" in place.schema else None)
    if types is None:
        return None
    wrong = [text for kind, text in (("array", "[[1]]"), ("object", "{q: 1}")) if kind not in types]
    if not wrong:
        return None
    # After the colon of its key, so that a block of several lines becomes one line.
    start = (
        page.text.index(":", page.start(place.key) + len(place.name)) + 1
        if place.key
        else page.start(place.node.span)
    )
    line = place.key.line if place.key else place.node.span.line
    new = f" {choose.choice(wrong)}" if place.key else choose.choice(wrong)
    return Mutant(page.text[:start] + new + page.text[page.end(place.node) :], line)


def drop_key(page: Page, place: Place, choose: random.Random) -> Mutant | None:
    """Leave out a key that is needed; what is named is the key that owns the mapping around it."""
    if place.key is None or not isinstance(place.home, YamlMap) or not _is_needed(place):
        return None
    entries = list(place.home.entries.items())
    index = [key for key, _ in entries].index(place.name)
    start = page.start(place.key)
    if index + 1 < len(entries):  # what comes next moves up to its place
        following = entries[index + 1][1].key
        return Mutant(page.text[:start] + page.text[page.start(following) :], _line_of_home(place, index))
    if index == 0:
        return Mutant(
            page.text[:start] + "{}" * page.begins_line(place.key) + page.text[page.end(place.node) :],
            place.home_line,
        )
    before = page.end(entries[index - 1][1].node)
    return Mutant(page.text[:before] + page.text[page.end(place.node) :], place.home_line)


def _line_of_home(place: Place, index: int) -> int:
    assert place.key is not None
    in_list = not place.path[:-1] or isinstance(place.path[-2], int)
    return place.key.line if in_list and index == 0 else place.home_line


def _is_needed(place: Place) -> bool:
    schema = place.home_schema
    if place.name in schema.get("required", ()):
        return True
    either = {key for branch in schema.get("oneOf", ()) for key in branch.get("required", ())}
    return (
        place.name in either
        and isinstance(place.home, YamlMap)
        and len(either & place.home.entries.keys()) == 1
    )


def indent_line(page: Page, place: Place, choose: random.Random) -> Mutant | None:
    """Move a line that is not the first of its block, one or more spaces to the left or right."""
    mark = place.key or _dash(page, place)
    if (
        mark is None
        or not page.begins_line(mark)
        or place.path[-1] in (0, next(iter(getattr(place.home, "entries", "x"))))
    ):
        return None
    by = choose.choice([1, 1, -1, 3])
    line = page.lines[mark.line - 1]
    if by < 0 and (mark.column == 1 or by + mark.column < 1):
        return None
    if page.lines[mark.line - 2].strip().startswith("#"):
        return None
    changed = " " * by + line if by > 0 else line[-by:]
    return Mutant("\n".join([*page.lines[: mark.line - 1], changed, *page.lines[mark.line :]]), mark.line)


def _dash(page: Page, place: Place) -> Span | None:
    span = (
        next(iter(place.node.entries.values())).key
        if isinstance(place.node, YamlMap) and place.node.entries
        else place.node.span
    )
    column = page.lines[span.line - 1].find("- ") + 1
    is_block = column and page.lines[span.line - 1][: column - 1].strip() == "" and column + 2 == span.column
    return Span(span.file, span.line, column) if is_block else None


def repeat_key(page: Page, place: Place, choose: random.Random) -> Mutant | None:
    if place.key is None:
        return None
    start, end = page.start(place.key), page.end(place.node)
    entry = page.text[start:end]
    is_block = page.begins_line(place.key) or page.lines[place.key.line - 1].lstrip(" ").startswith(
        "- " + place.name
    )
    glue = "\n" + " " * (place.key.column - 1) if is_block else ", "
    if is_block:
        rest = page.text[end:].split("\n", 1)[0]  # a comment stays with the first
        return Mutant(
            page.text[: end + len(rest)] + glue + entry + page.text[end + len(rest) :],
            place.key.line + entry.count("\n") + 1,
        )
    return Mutant(page.text[:end] + glue + entry + page.text[end:], place.key.line)


_REFERENCES = frozenset(
    {"python", "file", "use", "extends", "to", "agent", "tool", "call", "tool_choice"}
    | {"voice", "name:voice", "model", "name:model"}
)


def break_reference(page: Page, place: Place, choose: random.Random) -> Mutant | None:
    """Misspell a name that stands for something else: a file, a function, a tool, a variable, a voice."""
    node = place.node
    if not isinstance(node, YamlScalar) or not isinstance(node.value, str):
        return _break_key(page, place)
    start, end = page.start(node.span), page.end(node)
    templates = (
        list(re.finditer(r"\{\{\w+\}\}", page.text[start:end])) if page.text[start:end].count("{{") else []
    )
    if templates:
        found = choose.choice(templates)
        at = start + found.end() - 2
        return Mutant(page.text[:at] + "zq" + page.text[at:], page.text.count("\n", 0, at) + 1)
    qualified = f"{place.name}:{place.path[-2]}" if len(place.path) > 1 else place.name
    words = place.name in _REFERENCES and "enum" not in place.schema and place.path[-2:] != ("builtin", "to")
    others = getattr(place.home, "entries", {})
    if "base_url" in others or "provider" in others:
        return None  # any name may be one of a server of one's own
    if (not words and qualified not in _REFERENCES) or node.text in ("auto", "none", "required"):
        return None
    at = end - (page.text[end - 1] in "\"'")
    return Mutant(page.text[:at] + "zq" + page.text[at:], place.node.span.line)


def _break_key(page: Page, place: Place) -> Mutant | None:
    if place.key is None or place.path[0] not in ("mocks",) or len(place.path) != 2:
        return None
    at = page.start(place.key) + len(place.name)
    return Mutant(page.text[:at] + "zq" + page.text[at:], place.key.line)


Mutation = Callable[[Page, Place, random.Random], Mutant | None]
KINDS: dict[str, Mutation] = {
    "typo": misspell_key,
    "wrong type": change_type,
    "missing key": drop_key,
    "wrong indent": indent_line,
    "duplicate": repeat_key,
    "wrong reference": break_reference,
}
