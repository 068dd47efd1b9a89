"""From the text of a file to a tree of nodes with places, or to diagnostics.

PyYAML's composer (the one in C) recurses, and some ten thousand nested brackets crash the interpreter. The
flat stream of events is therefore read first, and depth is bounded there. Aliases share nodes and cost
nothing until the tree is built; the number of nodes is bounded while building.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NoReturn

import yaml
from yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, ScalarEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from agentrun.config.nodes import YamlEntry, YamlList, YamlMap, YamlNode, YamlScalar
from agentrun.config.scalars import loses_digits, resolve_plain
from agentrun.config.wording import explain_yaml_error
from agentrun.diagnostics import Diagnostic, Remark, Span, diagnose

MAX_CHARACTERS = 1 << 20
MAX_DEPTH = 60
MAX_NODES = 10_000
MAX_ENTRIES = 1000  # of one list; in a mapping the key and the value count as two
_CORE = "tag:yaml.org,2002:"

_PLAIN = "plain"
_ODD_BREAKS = re.compile("[\x85\u2028\u2029]")  # the end of a line for YAML 1.1, and for hardly any editor


def _make_loader() -> Any:
    """Return a loader that only marks plain scalars, so that `!!str 12` and `12` stay different."""
    base = getattr(yaml, "CBaseLoader", None)
    if base is None:
        return None
    loader: Any = type("CoreLoader", (base,), {"yaml_implicit_resolvers": {}})
    loader.add_implicit_resolver(_PLAIN, re.compile(""), None)
    return loader


_Loader = _make_loader()


class _Stop(Exception):
    """Reading cannot go on; carries the finding."""

    def __init__(self, finding: Diagnostic) -> None:
        super().__init__(finding.message)
        self.finding = finding


def parse_yaml(text: str, file: str) -> tuple[YamlNode | None, list[Diagnostic]]:
    """Parse one document.

    Args:
        text: the whole file, decoded.
        file: its path, for the spans.

    Returns:
        The tree (None if there is none, or an empty file) and what is wrong.

    """
    if _Loader is None:
        return None, [_missing_libyaml(file)]
    builder = _Builder(file, text.removeprefix("\ufeff"))
    try:
        return _compose(text.removeprefix("\ufeff"), builder), builder.findings
    except _Stop as stop:
        return None, [*builder.findings, stop.finding]
    except yaml.reader.ReaderError:
        return None, [*builder.findings, _control_character(text, file)]
    except yaml.MarkedYAMLError as error:
        return None, [*builder.findings, explain_yaml_error(error, text, file)]


def _compose(text: str, builder: _Builder) -> YamlNode | None:
    if len(text) > MAX_CHARACTERS:
        raise _Stop(diagnose("AR004", "the file is larger than 1 MiB", Span(builder.file, end_column=2)))
    _scan_events(text, builder)
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
    finally:
        loader.dispose()
    return None if root is None else builder.build(root)


def _scan_events(text: str, builder: _Builder) -> None:
    depth, counts = 0, [0]
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, (CollectionStartEvent, ScalarEvent, AliasEvent)):
            counts[-1] += 1
            if counts[-1] > MAX_ENTRIES:
                message = "one mapping or list has too many entries: 500 keys or 1000 items are the most"
                raise _Stop(diagnose("AR011", message, builder.place(event)))
        if isinstance(event, CollectionStartEvent):
            depth += 1
            counts.append(0)
            if depth > MAX_DEPTH:
                raise _Stop(diagnose("AR011", f"nested more than {MAX_DEPTH} deep", builder.place(event)))
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
            counts.pop()
        elif isinstance(event, AliasEvent):
            builder.aliases.append(builder.place(event))


def _find_lines(text: str) -> list[int]:
    """Return where the lines of a text begin, as editors count them."""
    return [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]


def scan_scalars(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each scalar of a text starts and ends, in characters.

    Raises:
        yaml.YAMLError: the text is not YAML.

    """
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, ScalarEvent):
            start, end = event.start_mark, event.end_mark
            assert start is not None
            assert end is not None
            yield start.index, end.index


class _Builder:
    """Turns PyYAML's nodes into ours, once for each file.

    PyYAML's composer puts the anchored node itself where an alias stands. A node that comes by a second time
    is therefore an alias, and because anchors stand before their aliases and both are met in the order of
    the file, it is the next one of `aliases`.

    Attributes:
        aliases: where aliases stand, in the order of the file.

    """

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.findings: list[Diagnostic] = []
        self._lines = _find_lines(text) if _ODD_BREAKS.search(text) else []
        self.aliases: list[Span] = []
        self._met = 0
        self._left = MAX_NODES
        self._open: set[int] = set()
        self._built: dict[int, tuple[YamlNode, int]] = {}

    def place(self, marked: Node | AliasEvent | ScalarEvent | CollectionStartEvent) -> Span:
        """Return where PyYAML says it stands; its marks count characters from 0."""
        start, end = marked.start_mark, marked.end_mark
        assert start is not None
        assert end is not None
        if self._lines:
            return Span(self.file, *self._count(start.index), *self._count(end.index))
        return Span(self.file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def _count(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset, where PyYAML counts more lines than editors do."""
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def build(self, node: Node) -> YamlNode:
        """Return our node for one of PyYAML's, built once however many aliases stand for it."""
        if not self.aliases:
            return self._build(node)
        if id(node) in self._built:
            return self._build_alias(*self._built[id(node)])
        before = self._left
        built = self._build(node)
        self._built[id(node)] = built, before - self._left
        return built

    def _build_alias(self, built: YamlNode, size: int) -> YamlNode:
        place = self._next_alias()
        self._left -= size
        if self._left < 0:
            self._refuse_at("AR011", f"the file expands to more than {MAX_NODES} values", place)
        if isinstance(built, YamlScalar):
            return replace(built, span=place, via=built.span)
        return replace(built, via=place)

    def _next_alias(self) -> Span:
        self._met += 1
        return self.aliases[self._met - 1]

    def _place_key(self, key: ScalarNode) -> Span:
        if not self.aliases:
            return self.place(key)
        if id(key) in self._built:
            return self._next_alias()
        self._built[id(key)] = YamlScalar(key.value, self.place(key)), 1
        return self.place(key)

    def _build(self, node: Node) -> YamlNode:
        self._left -= 1
        if self._left < 0:
            self._refuse("AR011", f"the file expands to more than {MAX_NODES} values", node)
        if isinstance(node, ScalarNode):
            return self._build_scalar(node)
        if id(node) in self._open:
            self._refuse_at("AR011", "an alias points at a value that contains it", self._next_alias())
        self._open.add(id(node))
        try:
            return self._build_collection(node)
        finally:
            self._open.discard(id(node))

    def _build_collection(self, node: Node) -> YamlNode:
        if isinstance(node, SequenceNode):
            self._check_tag(node, "seq")
            return YamlList(tuple(self.build(item) for item in node.value), self.place(node))
        assert isinstance(node, MappingNode)
        self._check_tag(node, "map")
        return YamlMap(self._build_entries(node), self.place(node))

    def _build_entries(self, node: MappingNode) -> dict[str, YamlEntry]:
        entries: dict[str, YamlEntry] = {}
        merges: list[YamlNode] = []
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                hint = "put quotes round a text that contains `{{…}}`" if isinstance(key, MappingNode) else ""
                self._refuse("AR010", "a key must be plain text", key, hint)
            place, built = self._place_key(key), self.build(value)
            if key.value == "<<" and key.tag == _PLAIN:
                merges.append(built)
            elif key.value in entries:
                self._report_duplicate(key.value, place, entries[key.value])
            else:
                entries[key.value] = YamlEntry(place, built)
        return {**self._merge(merges, frozenset(entries)), **entries}

    def _merge(self, merges: list[YamlNode], own: frozenset[str]) -> dict[str, YamlEntry]:
        """Join the mappings named by `<<`; keys in `own` stand beside it and win, so they cannot conflict."""
        merged: dict[str, YamlEntry] = {}
        for source in self._merge_sources(merges):
            for key, entry in source.entries.items():
                earlier = merged.setdefault(key, replace(entry, via=source.via or source.span))
                if key not in own and not same_value(earlier.node, entry.node):
                    self._report_conflict(key, earlier, entry)
        return merged

    def _merge_sources(self, merges: list[YamlNode]) -> Iterator[YamlMap]:
        for value in merges:
            for source in value.items if isinstance(value, YamlList) else (value,):
                if isinstance(source, YamlMap):
                    yield source
                else:
                    message = "`<<` needs a mapping, or a list of mappings"
                    self.findings.append(diagnose("AR012", message, source.span))

    def _build_scalar(self, node: ScalarNode) -> YamlScalar:
        text, span, tag = node.value, self.place(node), node.tag
        if tag in (_CORE + "str", "!"):
            return YamlScalar(text, span, text, plain=False)
        try:
            value = resolve_plain(text)
        except ValueError as error:
            self._refuse("AR214", str(error), node, "put it in quotes if it is a code")
        if tag != _PLAIN:
            self._check_scalar_tag(node, value)
        elif loses_digits(text):
            self._warn_digits(text, value, span)
        return YamlScalar(value, span, text, plain=True)

    def _check_scalar_tag(self, node: ScalarNode, value: object) -> None:
        types: dict[str, tuple[type, ...]]
        types = {"int": (int,), "float": (int, float), "bool": (bool,), "null": (type(None),)}
        expected = types.get(node.tag.removeprefix(_CORE))
        if expected is None:
            self._refuse("AR009", f"the tag `{node.tag}` is not supported", node)
        if not isinstance(value, expected):
            self._refuse("AR009", f"`{node.value}` does not fit its tag `{node.tag}`", node)

    def _warn_digits(self, text: str, value: object, span: Span) -> None:
        message = f"`{text}` is read as the number {value}"
        hint = "put it in quotes if it is a phone number or a code"
        self.findings.append(diagnose("AR014", message, span, hint=hint))

    def _report_duplicate(self, key: str, place: Span, first: YamlEntry) -> None:
        message = f"the key `{key}` is given twice"
        notes = [Remark("it stands first here", first.key)]
        self.findings.append(diagnose("AR007", message, place, notes=notes, hint="keep one of them"))

    def _report_conflict(self, key: str, earlier: YamlEntry, entry: YamlEntry) -> None:
        message = f"the merged mappings disagree about `{key}`"
        notes = [Remark("the other value is here", earlier.key)]
        hint = f"give `{key}` beside `<<`, which always wins"
        self.findings.append(diagnose("AR012", message, entry.key, notes=notes, hint=hint))

    def _check_tag(self, node: Node, kind: str) -> None:
        if node.tag not in (_CORE + kind, "!"):
            self._refuse("AR009", f"the tag `{node.tag}` is not supported", node)

    def _refuse(self, code: str, message: str, node: Node, hint: str = "") -> NoReturn:
        self._refuse_at(code, message, self.place(node), hint)

    def _refuse_at(self, code: str, message: str, place: Span, hint: str = "") -> NoReturn:
        raise _Stop(diagnose(code, message, place, hint=hint))


def same_value(one: YamlNode, other: YamlNode) -> bool:
    """Return whether two nodes mean the same, wherever they stand."""
    match one, other:
        case YamlScalar(), YamlScalar():
            return type(one.value) is type(other.value) and one.value == other.value
        case YamlList(), YamlList():
            pairs = zip(one.items, other.items, strict=False)
            return len(one.items) == len(other.items) and all(same_value(a, b) for a, b in pairs)
        case YamlMap(), YamlMap():
            return one.entries.keys() == other.entries.keys() and all(
                same_value(entry.node, other.entries[key].node) for key, entry in one.entries.items()
            )
    return False


def _missing_libyaml(file: str) -> Diagnostic:
    hint = "pip install --force-reinstall --only-binary pyyaml pyyaml"
    return diagnose("AR003", "PyYAML was built without libyaml here", Span(file, end_column=2), hint=hint)


def _control_character(text: str, file: str) -> Diagnostic:
    """Find the character that the parser refused; libyaml reports its offset in bytes, not characters."""
    text = text.removeprefix("\ufeff")
    match = yaml.reader.Reader.NON_PRINTABLE.search(text)
    position = match.start() if match else 0
    head = text[:position]
    line, column = head.count("\n") + 1, position - head.rfind("\n")
    message = f"the control character U+{ord(text[position]):04X} is not allowed here"
    return diagnose("AR015", message, Span(file, line, column, line, column + 1))
