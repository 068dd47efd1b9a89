"""Workflow commands that GitHub Actions shows as annotations of the changed lines.

Source: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from agentrun.diagnostics.model import Diagnostic
from agentrun.diagnostics.report import Report

_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}


def render_github(report: Report, *, color: bool = False) -> str:
    """Return one workflow command for each finding."""
    return "".join(_render_command(finding) + "\n" for finding in report.findings)


def _render_command(finding: Diagnostic) -> str:
    span = finding.span
    place = f"file={_escape_property(span.file)},line={span.line},endLine={span.end_line},col={span.column}"
    # GitHub refuses an end column where the annotation covers several lines.
    if span.end_line == span.line:
        place += f",endColumn={span.end_column}"
    text = finding.message + (f"\nhint: {finding.hint}" if finding.hint else "")
    return f"::{_LEVELS[finding.severity]} {place},title={finding.code}::{_escape(text)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
