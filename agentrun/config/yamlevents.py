"""From the text of a file to a flat list of YAML events: the one pass of the parser, with its bounds.

Composing a tree recurses, and some ten thousand nested brackets would crash the interpreter. The events are
therefore listed first, and everything that is wrong with the file as YAML is found here: syntax, depth, the
number of entries, aliases without an anchor, a second document. libyaml does the reading; its marks count
characters from 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yaml.composer import ComposerError
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    NodeEvent,
    ScalarEvent,
)

MAX_DEPTH = 60
MAX_ENTRIES = 1000  # of one list; in a mapping the key and the value count as two


class TooMuch(Exception):
    """The file goes beyond a bound at an event."""

    def __init__(self, message: str, event: Any) -> None:
        super().__init__(message)
        self.message = message
        self.event = event


def parse_events(loader_class: Any, text: str) -> Iterator[Any]:
    """Yield the events of a text.

    Raises:
        yaml.YAMLError: the text is not YAML.

    """
    loader = loader_class(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()


def read_events(loader_class: Any, text: str, most: int, most_entries: int = MAX_ENTRIES) -> list[Any]:
    """Return the events of the nodes of one document, in the order of the file.

    Args:
        loader_class: a loader of PyYAML.
        text: the whole file.
        most: how many events are kept; what stands behind them is looked at, too, and forgotten.
        most_entries: of one collection, as `MAX_ENTRIES`.

    Raises:
        yaml.YAMLError: the text is not YAML, or not one document. Faults of syntax come first.
        TooMuch: nested too deep, or too many entries in one collection.

    """
    kept: list[Any] = []
    counts = [0]
    composing = _Composing()
    for event in parse_events(loader_class, text):
        if isinstance(event, NodeEvent):
            counts[-1] += 1
            if counts[-1] > most_entries:
                most_keys = most_entries // 2
                message = f"{most_keys} keys or {most_entries} items are the most"
                raise TooMuch(f"one mapping or list has too many entries: {message}", event)
            if event.anchor is not None:
                composing.check_anchor(event)
            if isinstance(event, CollectionStartEvent):
                counts.append(0)
                if len(counts) > MAX_DEPTH + 1:
                    raise TooMuch(f"nested more than {MAX_DEPTH} deep", event)
        elif isinstance(event, CollectionEndEvent):
            counts.pop()
        else:
            if isinstance(event, DocumentStartEvent):
                composing.check_document(event)
            continue
        if len(kept) < most:
            kept.append(event)
    if composing.fault is not None:
        raise composing.fault
    return kept


class _Composing:
    """What PyYAML's composer would refuse; of several faults it would meet the first one only.

    Attributes:
        fault: the first one, or None so far.

    """

    def __init__(self) -> None:
        self.fault: ComposerError | None = None
        self._anchors: dict[str, Any] = {}
        self._document: Any = None

    def check_anchor(self, event: Any) -> None:
        """Every alias has an anchor before it, and no two anchors share a name."""
        first = self._anchors.get(event.anchor)
        if isinstance(event, AliasEvent):
            if first is None:
                self._refuse(None, None, "found undefined alias", event.start_mark)
        elif first is not None:
            context = "found duplicate anchor; first occurrence"
            self._refuse(context, first, "second occurrence", event.start_mark)
        else:
            self._anchors[event.anchor] = event.start_mark

    def check_document(self, event: DocumentStartEvent) -> None:
        """There is one document."""
        if self._document is None:
            self._document = event.start_mark
            return
        context = "expected a single document in the stream"
        self._refuse(context, self._document, "but found another document", event.start_mark)

    def _refuse(self, *words_and_marks: Any) -> None:
        self.fault = self.fault or ComposerError(*words_and_marks)


def scan_scalars(loader_class: Any, text: str) -> Iterator[tuple[int, int]]:
    """Yield where each scalar of a text starts and ends, in characters.

    Raises:
        yaml.YAMLError: the text is not YAML.

    """
    for event in parse_events(loader_class, text):
        start, end = event.start_mark, event.end_mark
        if isinstance(event, ScalarEvent):
            yield start.index, end.index
