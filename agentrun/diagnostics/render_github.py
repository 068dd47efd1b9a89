"""Workflow commands that GitHub Actions shows as annotations of the changed lines.

Sources: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions; a step shows ten
annotations of each kind and drops the rest without a word, so the rest is written as lines of the log.
"""

from __future__ import annotations

from agentrun.diagnostics.escape import escape_controls
from agentrun.diagnostics.model import Diagnostic, Severity, count_severity
from agentrun.diagnostics.render_concise import render_headline
from agentrun.diagnostics.report import Report

MOST_ANNOTATIONS = 10
_LEVELS: dict[Severity, str] = {"error": "error", "warning": "warning", "note": "notice"}


def render_github(report: Report, *, color: bool = False) -> str:
    """Return workflow commands for ten findings of each severity, and lines for those that are left."""
    _, rest = _split(report)
    # GitHub looks for commands at the start of a line, and a file may have any name.
    return render_annotations(report) + "".join(f"- {render_headline(finding)}\n" for finding in rest)


def render_annotations(report: Report) -> str:
    """Return the workflow commands alone, and how many findings have none; to stand beside another format."""
    shown, rest = _split(report)
    lines = [_render_command(finding, report) for finding in shown]
    for severity in _LEVELS:
        if left := count_severity(rest, severity):
            lines.append(f"{left} more of severity {severity}, without annotations")
    return "".join(line + "\n" for line in lines)


def _split(report: Report) -> tuple[list[Diagnostic], list[Diagnostic]]:
    shown: list[Diagnostic] = []
    rest: list[Diagnostic] = []
    for finding in report.findings:
        same = sum(1 for other in shown if other.severity == finding.severity)
        (shown if same < MOST_ANNOTATIONS else rest).append(finding)
    return shown, rest


def _render_command(finding: Diagnostic, report: Report) -> str:
    span = finding.span
    file = _escape_property(escape_controls(report.locate(span.file)))
    place = f"file={file},line={span.line},endLine={span.end_line},col={span.column}"
    # GitHub refuses an end column where the annotation covers several lines.
    if span.end_line == span.line:
        place += f",endColumn={span.end_column}"
    text = _clean(finding.message) + (f"\nhint: {_clean(finding.hint)}" if finding.hint else "")
    return f"::{_LEVELS[finding.severity]} {place},title={finding.code}::{_escape(text)}"


def _clean(text: str) -> str:
    return "\n".join(escape_controls(line) for line in text.split("\n"))


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
