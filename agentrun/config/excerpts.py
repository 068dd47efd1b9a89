"""The texts of files that findings are shown with; secrets in them are starred out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from agentrun.config.places import normalize_lines
from agentrun.diagnostics import Diagnostic


def read_sources(findings: Iterable[Diagnostic]) -> dict[str, str]:
    """Return the text of every file that findings point into, for excerpts; unreadable ones are left out."""
    sources: dict[str, str] = {}
    for finding in findings:
        for span in (finding.span, *(note.span for note in finding.notes if note.span)):
            if span.file not in sources:
                try:
                    sources[span.file] = Path(span.file).read_text("utf-8-sig")
                except (OSError, UnicodeDecodeError):
                    sources[span.file] = ""
    return hide_secrets(sources, findings)


def hide_secrets(sources: Mapping[str, str], findings: Iterable[Diagnostic]) -> dict[str, str]:
    """Return texts for excerpts, in which every secret that was found is starred out."""
    hidden = dict(sources)
    for finding in findings:
        if finding.code == "AR111":
            span = finding.span
            lines = normalize_lines(hidden.get(span.file, "")).split("\n")
            for number in range(span.line, min(span.end_line, len(lines)) + 1):
                line = lines[number - 1]
                start = span.column - 1 if number == span.line else 0
                end = span.end_column - 1 if number == span.end_line else len(line)
                lines[number - 1] = line[:start] + "*" * len(line[start:end]) + line[end:]
            hidden[span.file] = "\n".join(lines)
    return hidden
