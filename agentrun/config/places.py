"""Finding the place of a few characters inside a longer value."""

from __future__ import annotations

from collections.abc import Mapping

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
    text = normalize_lines(texts.get(within.file, ""))
    lines = text.split("\n")
    start = _offset(lines, within.line, within.column)
    end = _offset(lines, within.end_line, within.end_column)
    at = start - 1
    for _ in range(occurrence + 1):
        at = text.find(words, at + 1, end)
        if at < 0:
            return within
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    return Span(within.file, line, column, line, column + len(words))


def normalize_lines(text: str) -> str:
    """Return a file's text as places count it: without a byte order mark, and with `\\n` at the line ends."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _offset(lines: list[str], line: int, column: int) -> int:
    return sum(len(before) + 1 for before in lines[: line - 1]) + column - 1
