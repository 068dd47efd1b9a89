"""From the text of a file to a tree of nodes with places, or to diagnostics.

The events of the file are listed in one pass, which bounds their depth (`yamlevents`), and the tree is built
from the list. Aliases share nodes and cost nothing; the number of values that they stand for is bounded while
building.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml
from yaml.events import AliasEvent, CollectionStartEvent, MappingStartEvent, NodeEvent, ScalarEvent

from agentrun.config import yamlevents
from agentrun.config.merges import merge_sources
from agentrun.config.nodes import YamlEntry, YamlList, YamlMap, YamlNode, YamlScalar
from agentrun.config.scalars import loses_digits, resolve_plain
from agentrun.config.yamlevents import MAX_DEPTH, MAX_ENTRIES, TooMuch, read_events
from agentrun.diagnostics import Diagnostic, Remark, Span, diagnose

__all__ = ["MAX_CHARACTERS", "MAX_DEPTH", "MAX_NODES", "parse_yaml", "scan_scalars"]

MAX_CHARACTERS = 1 << 20
MAX_NODES = 10_000
_EVENTS_EACH = 3  # a key, a value and the end of the value: enough to go beyond the bound
_CORE = "tag:yaml.org,2002:"
_ODD_BREAKS = re.compile("[\x85\u2028\u2029]")  # the end of a line for YAML 1.1, and for hardly any editor


def _make_loader() -> Any:
    """Return PyYAML's loader over libyaml, or None: the one in Python is thirty times slower."""
    return getattr(yaml, "CBaseLoader", None)


_Loader = _make_loader()


class _Stop(Exception):
    """Reading cannot go on; carries the finding."""

    def __init__(self, finding: Diagnostic) -> None:
        super().__init__(finding.message)
        self.finding = finding


def parse_yaml(
    text: str, file: str, *, most_nodes: int = MAX_NODES, most_entries: int = MAX_ENTRIES
) -> tuple[YamlNode | None, list[Diagnostic]]:
    """Parse one document.

    Args:
        text: the whole file, decoded.
        file: its path, for the spans.
        most_nodes: how many values it may expand to.
        most_entries: how many one collection may have; in a mapping the key and the value count as two.

    Returns:
        The tree (None if there is none, or an empty file) and what is wrong.

    """
    if _Loader is None:
        return None, [_missing_libyaml(file)]
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_CHARACTERS:
        return None, [diagnose("AR004", "the file is larger than 1 MiB", Span(file, end_column=2))]
    places = _Places(file, text)
    try:
        events = read_events(_Loader, text, _EVENTS_EACH * most_nodes + 1, most_entries)
    except TooMuch as fault:
        return None, [diagnose("AR011", fault.message, places.of(fault.event))]
    except yaml.reader.ReaderError:
        return None, [_control_character(text, file)]
    except yaml.MarkedYAMLError as error:
        from agentrun.config.wording import explain_yaml_error

        return None, [explain_yaml_error(error, text, file)]
    builder = _Builder(events, places, most_nodes)
    try:
        return builder.build_document(), builder.findings
    except _Stop as stop:
        return None, [*builder.findings, stop.finding]


def scan_scalars(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each scalar of a text starts and ends, in characters.

    Raises:
        yaml.YAMLError: the text is not YAML.

    """
    return yamlevents.scan_scalars(_Loader, text)


class _Places:
    """Where the events of a file stand, in lines as editors count them."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._lines = _find_lines(text) if _ODD_BREAKS.search(text) else []

    def of(self, event: Any, end: Any = None) -> Span:
        """Return where an event stands, or everything from it to the end of another one."""
        start, stop = event.start_mark, (end or event).end_mark
        if self._lines:
            return Span(self._file, *self._count(start.index), *self._count(stop.index))
        return Span(self._file, start.line + 1, start.column + 1, stop.line + 1, stop.column + 1)

    def _count(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset, where PyYAML counts more lines than editors do."""
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1


def _find_lines(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What an anchor stands for.

    Attributes:
        node: the value; None while its end has not been read.
        size: how many values it holds, itself included.

    """

    node: YamlNode | None
    size: int = 0


class _Builder:
    """Turns the events of one file into a tree, from the first to the last."""

    def __init__(self, events: Iterable[Any], places: _Places, most: int) -> None:
        self.findings: list[Diagnostic] = []
        self._events = iter(events)
        self._place = places.of
        self._most = self._left = most
        self._anchors: dict[str, _Anchored] = {}

    def build_document(self) -> YamlNode | None:
        """Return the tree, or None if the file holds nothing."""
        first = next(self._events, None)
        return None if first is None else self._build(first)

    def _build(self, event: Any) -> YamlNode:
        if isinstance(event, AliasEvent):
            return self._build_alias(event)
        self._left -= 1
        if self._left < 0:
            raise self._refusal("AR011", f"the file expands to more than {self._most} values", event)
        if event.anchor is None:
            return self._build_value(event)
        before = self._left
        self._anchors[event.anchor] = _Anchored(None)
        node = self._build_value(event)
        self._anchors[event.anchor] = _Anchored(node, before - self._left + 1)
        return node

    def _build_value(self, event: Any) -> YamlNode:
        if isinstance(event, ScalarEvent):
            return self._build_scalar(event)
        if isinstance(event, MappingStartEvent):
            self._check_tag(event, "map")
            entries, end = self._build_entries()
            return YamlMap(entries, self._place(event, end))
        self._check_tag(event, "seq")
        items, end = self._build_items()
        return YamlList(items, self._place(event, end))

    def _build_alias(self, event: Any) -> YamlNode:
        place, anchored = self._place(event), self._anchors[event.anchor]
        if anchored.node is None:
            raise self._refusal("AR011", "an alias points at a value that contains it", event)
        self._left -= anchored.size
        if self._left < 0:
            raise self._refusal("AR011", f"the file expands to more than {self._most} values", event)
        if isinstance(anchored.node, YamlScalar):
            return replace(anchored.node, span=place, via=anchored.node.span)
        return replace(anchored.node, via=place)

    def _build_items(self) -> tuple[tuple[YamlNode, ...], Any]:
        items: list[YamlNode] = []
        for event in self._events:
            if not isinstance(event, NodeEvent):
                return tuple(items), event
            items.append(self._build(event))
        raise AssertionError("libyaml ends every list")

    def _build_entries(self) -> tuple[dict[str, YamlEntry], Any]:
        entries: dict[str, YamlEntry] = {}
        merges: list[YamlNode] = []
        for event in self._events:
            if not isinstance(event, NodeEvent):
                merged = self._merge(merges, frozenset(entries)) if merges else {}
                return {**merged, **entries}, event
            key = self._build_key(event)
            node = self._build(next(self._events))
            if key.text == "<<" and key.plain:
                merges.append(node)
            elif key.text in entries:
                self._report_duplicate(key.text, key.span, entries[key.text])
            else:
                entries[key.text] = YamlEntry(key.span, node)
        raise AssertionError("libyaml ends every mapping")

    def _build_key(self, event: Any) -> YamlScalar:
        """Return a key, which stays a text whatever it looks like."""
        anchor = event.anchor
        if isinstance(event, ScalarEvent):
            key = YamlScalar(event.value, self._place(event), event.value, event.implicit[0])
            if anchor is not None:
                self._anchors[anchor] = _Anchored(key, 1)
            return key
        if isinstance(event, AliasEvent):
            meant = self._anchors[anchor].node
            if isinstance(meant, YamlScalar):
                return replace(meant, span=self._place(event))
        hint = "put quotes round a text that contains `{{…}}`" if isinstance(event, MappingStartEvent) else ""
        raise self._refusal("AR010", "a key must be plain text", event, hint)

    def _merge(self, merges: list[YamlNode], own: frozenset[str]) -> dict[str, YamlEntry]:
        merged, findings = merge_sources(merges, own)
        self.findings += findings
        return merged

    def _build_scalar(self, event: Any) -> YamlScalar:
        text, span, tag = event.value, self._place(event), event.tag
        if not event.implicit[0] and tag in (None, "!", _CORE + "str"):
            return YamlScalar(text, span, text, False)
        try:
            value = resolve_plain(text)
        except ValueError as error:
            raise self._refusal("AR214", str(error), event, "put it in quotes if it is a code") from None
        if not event.implicit[0]:
            self._check_scalar_tag(event, value)
        elif value is not text and loses_digits(text):
            self._warn_digits(text, value, span)
        return YamlScalar(value, span, text)

    def _check_scalar_tag(self, event: Any, value: object) -> None:
        types: dict[str, tuple[type, ...]]
        types = {"int": (int,), "float": (int, float), "bool": (bool,), "null": (type(None),)}
        expected = types.get(event.tag.removeprefix(_CORE))
        if expected is None:
            raise self._refusal("AR009", f"the tag `{event.tag}` is not supported", event)
        if not isinstance(value, expected):
            raise self._refusal("AR009", f"`{event.value}` does not fit its tag `{event.tag}`", event)

    def _warn_digits(self, text: str, value: object, span: Span) -> None:
        message = f"`{text}` is read as the number {value}"
        hint = "put it in quotes if it is a phone number or a code"
        self.findings.append(diagnose("AR014", message, span, hint=hint))

    def _report_duplicate(self, key: str, place: Span, first: YamlEntry) -> None:
        message = f"the key `{key}` is given twice"
        notes = [Remark("it stands first here", first.key)]
        self.findings.append(diagnose("AR007", message, place, notes=notes, hint="keep one of them"))

    def _check_tag(self, event: Any, kind: str) -> None:
        if event.tag not in (None, "!", _CORE + kind):
            raise self._refusal("AR009", f"the tag `{event.tag}` is not supported", event)

    def _refusal(self, code: str, message: str, event: Any, hint: str = "") -> _Stop:
        end = self._find_end() if isinstance(event, CollectionStartEvent) else None
        return _Stop(diagnose(code, message, self._place(event, end), hint=hint))

    def _find_end(self) -> Any:
        """Return the event that ends the collection whose first event was the last one read."""
        depth = 1
        for event in self._events:
            if isinstance(event, CollectionStartEvent):
                depth += 1
            elif not isinstance(event, NodeEvent):
                depth -= 1
                if depth == 0:
                    return event
        return None  # the list of events was cut short


def _missing_libyaml(file: str) -> Diagnostic:
    hint = "pip install --force-reinstall --only-binary pyyaml pyyaml"
    return diagnose("AR003", "PyYAML was built without libyaml here", Span(file, end_column=2), hint=hint)


def _control_character(text: str, file: str) -> Diagnostic:
    """Find the character that the parser refused; libyaml reports its offset in bytes, not characters."""
    match = yaml.reader.Reader.NON_PRINTABLE.search(text)
    position = match.start() if match else 0
    head = text[:position]
    line, column = head.count("\n") + 1, position - head.rfind("\n")
    message = f"the control character U+{ord(text[position]):04X} is not allowed here"
    return diagnose("AR015", message, Span(file, line, column, line, column + 1))
