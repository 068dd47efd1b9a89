"""The full form, for people: headline, the line of the file with carets under the culprit, notes, hint.

Columns are counted in characters, but a terminal counts cells: Korean and most emoji take two, combining
marks none, a tab as many as it likes. The line under the excerpt therefore repeats tabs and pads by width.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from agentrun.diagnostics.escape import escape_controls
from agentrun.diagnostics.model import Diagnostic, Remark, Span
from agentrun.diagnostics.render_concise import render_headline
from agentrun.diagnostics.report import Report

_COLORS = {"error": "31", "warning": "33", "note": "36"}
_LONGEST_LINE = 180
_CONTEXT = 70


def render_text(report: Report | Iterable[Diagnostic], *, color: bool = False) -> str:
    """Return all findings, an empty line between two; findings alone are rendered without excerpts."""
    if not isinstance(report, Report):
        report = Report(tuple(report))
    return "\n".join(_render_finding(finding, report.sources, color) for finding in report.findings)


def _render_finding(finding: Diagnostic, sources: Mapping[str, str], color: bool) -> str:
    headline = render_headline(finding)
    if color:
        headline = _paint(headline, finding)
    lines = [headline, *_render_excerpt(finding.span, sources, _COLORS[finding.severity] if color else "")]
    for note in finding.notes:
        lines += _render_note(note, sources, color)
    if finding.hint:
        lines.append(f"  hint: {escape_controls(finding.hint)}")
    return "\n".join(lines) + "\n"


def _paint(headline: str, finding: Diagnostic) -> str:
    label = f"{finding.severity}[{finding.code}]"
    return headline.replace(label, f"\x1b[1;{_COLORS[finding.severity]}m{label}\x1b[0m", 1)


def _render_note(note: Remark, sources: Mapping[str, str], color: bool) -> list[str]:
    message = escape_controls(note.message)
    if note.span is None:
        return [f"  note: {message}"]
    place = escape_controls(f"{note.span.file}:{note.span.line}:{note.span.column}")
    excerpt = _render_excerpt(note.span, sources, _COLORS["note"] if color else "")
    return [f"  note: {message} ({place})", *excerpt]


def _render_excerpt(span: Span, sources: Mapping[str, str], color: str) -> list[str]:
    # Only \n, \r\n and \r end a line in YAML; str.splitlines knows more line ends than that.
    text = sources.get(span.file, "").replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    lines = text.split("\n")
    if not text or span.line > len(lines):
        return []
    line = _hide_controls(lines[span.line - 1])
    start = min(span.column - 1, len(line))
    end = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
    line, start, end = _crop(line, start, max(start, min(end, len(line))))
    gutter = f"{span.line} | "
    carets = "^" * max(1, _measure(line[start:end]))
    if color:
        carets = f"\x1b[1;{color}m{carets}\x1b[0m"
    return [gutter + line, " " * (len(gutter) - 2) + "| " + _pad(line[:start]) + carets]


def _crop(line: str, start: int, end: int) -> tuple[str, int, int]:
    """Keep the neighbourhood of the culprit in a very long line (JSON on one line is YAML too)."""
    if len(line) <= _LONGEST_LINE:
        return line, start, end
    left = max(0, start - _CONTEXT)
    right = min(len(line), max(min(end, start + _CONTEXT), start) + _CONTEXT)
    prefix, suffix = ("…" if left else ""), ("…" if right < len(line) else "")
    shift = len(prefix) - left
    return prefix + line[left:right] + suffix, start + shift, min(end, right) + shift


def _hide_controls(line: str) -> str:
    return "".join("\ufffd" if c != "\t" and escape_controls(c) != c else c for c in line)


def _pad(text: str) -> str:
    return "".join("\t" if c == "\t" else " " * _width(c) for c in text)


def _measure(text: str) -> int:
    return sum(_width(c) for c in text)


def _width(character: str) -> int:
    """Return the cells that one character takes on a terminal.

    Conjoining vowels and finals of decomposed Korean (U+1160 to U+11FF) join the syllable before them.
    """
    if unicodedata.category(character) in ("Mn", "Me", "Cf") or "\u1160" <= character <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
