"""Finding the place of a few characters inside a longer value."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from functools import lru_cache

from agentrun.diagnostics import Span


def locate(texts: Mapping[str, str], within: Span, words: str, occurrence: int = 0) -> Span:
    """Return where `words` stand inside a value.

    Args:
        texts: files by the path used in spans.
        within: the value.
        words: what to look for, as written in the file.
        occurrence: which one, counted from 0.

    Returns:
        The place, or `within` if the words are written with escapes or folded.

    """
    text, starts = _find_lines(texts.get(within.file, ""))
    start = _offset(starts, within.line, within.column)
    end = _offset(starts, within.end_line, within.end_column)
    at = start - 1
    for _ in range(occurrence + 1):
        at = text.find(words, at + 1, end)
        if at < 0:
            return within
    line = bisect_right(starts, at)
    column = at - starts[line - 1] + 1
    return Span(within.file, line, column, line, column + len(words))


def normalize_lines(text: str) -> str:
    """Return a file's text as places count it: without a byte order mark, and with `\\n` at the line ends."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


@lru_cache(maxsize=4)
def _find_lines(text: str) -> tuple[str, list[int]]:
    """Return a file's text as places count it, and where its lines start; one text is asked many times."""
    lines = normalize_lines(text)
    return lines, [0, *(match.end() for match in re.finditer("\n", lines))]


def _offset(starts: list[int], line: int, column: int) -> int:
    return starts[min(line, len(starts)) - 1] + column - 1
