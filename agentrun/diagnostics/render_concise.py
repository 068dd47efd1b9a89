"""One line for each finding: `file:line:column: severity[CODE]: message`."""

from __future__ import annotations

from agentrun.diagnostics.model import Diagnostic
from agentrun.diagnostics.report import Report


def render_headline(finding: Diagnostic) -> str:
    """Return the finding as one line, the form that editors and grep understand."""
    span = finding.span
    return f"{span.file}:{span.line}:{span.column}: {finding.severity}[{finding.code}]: {finding.message}"


def render_concise(report: Report, *, color: bool = False) -> str:
    """Return one line for each finding."""
    return "".join(render_headline(finding) + "\n" for finding in report.findings)
