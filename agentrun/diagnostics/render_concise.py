"""One line for each finding: `file:line:column: severity[CODE]: message`."""

from __future__ import annotations

from agentrun.diagnostics.escape import escape_controls
from agentrun.diagnostics.model import Diagnostic
from agentrun.diagnostics.report import Report


def render_headline(finding: Diagnostic) -> str:
    """Return the finding as one line, the form that editors and grep understand."""
    span = finding.span
    label = f"{finding.severity}[{finding.code}]"
    return escape_controls(f"{span.file}:{span.line}:{span.column}: {label}: {finding.message}")


def render_concise(report: Report, *, color: bool = False) -> str:
    """Return one line for each finding."""
    return "".join(render_headline(finding) + "\n" for finding in report.findings)
