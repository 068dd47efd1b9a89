"""One JSON document, `format_version` 1; the shape is a contract and only ever grows."""

from __future__ import annotations

import json

from agentrun.diagnostics.escape import escape_json
from agentrun.diagnostics.identity import identify
from agentrun.diagnostics.model import Diagnostic, Remark, count_severity
from agentrun.diagnostics.report import Report


def render_json(report: Report, *, color: bool = False) -> str:
    """Return the report as JSON with an indent of two; files are named as the user named them."""
    document = {
        "format_version": 1,
        "files": len(report.files),
        "errors": count_severity(report.findings, "error"),
        "warnings": count_severity(report.findings, "warning"),
        "notes": count_severity(report.findings, "note"),
        "findings": [_to_json(finding, mark) for finding, mark in identify(report)],
    }
    return escape_json(json.dumps(document, ensure_ascii=False, indent=2)) + "\n"


def _to_json(finding: Diagnostic, fingerprint: str) -> dict[str, object]:
    span = finding.span
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "hint": finding.hint,
        "path": list(finding.path),
        "notes": [_remark_to_json(remark) for remark in finding.notes],
        "fingerprint": fingerprint,
    }


def _remark_to_json(remark: Remark) -> dict[str, object]:
    if remark.span is None:
        return {"message": remark.message}
    span = remark.span
    return {"message": remark.message, "file": span.file, "line": span.line, "column": span.column}
