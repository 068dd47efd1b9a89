"""SARIF 2.1.0, the form that code scanning services read.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. Our columns count characters, which
SARIF calls `unicodeCodePoints`; ends are exclusive in both. Paths are relative to the root of the sources.
"""

from __future__ import annotations

import json
from urllib.parse import quote

from agentrun.diagnostics.codes import CODES
from agentrun.diagnostics.escape import escape_json
from agentrun.diagnostics.identity import identify, show_path
from agentrun.diagnostics.model import Diagnostic, Remark, Span
from agentrun.diagnostics.report import Report

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT = "agentrunFinding/v1"

_Json = dict[str, object]


def render_sarif(report: Report, *, color: bool = False) -> str:
    """Return one SARIF log with one run; the rules are those that were broken, sorted by code."""
    codes = sorted({finding.code for finding in report.findings})
    run = {
        "tool": {"driver": _describe_tool(codes)},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True}],
        "results": [_to_result(report, one, mark, codes.index(one.code)) for one, mark in identify(report)],
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return escape_json(json.dumps(document, ensure_ascii=False, indent=2)) + "\n"


def _describe_tool(codes: list[str]) -> _Json:
    from agentrun import __version__

    return {"name": "agentrun", "semanticVersion": __version__, "rules": [_describe_rule(c) for c in codes]}


def _describe_rule(code: str) -> _Json:
    row = CODES[code]
    examples = [
        f"{label}:\n\n```yaml\n{text}\n```" for label, text in (("Bad", row.bad), ("Good", row.good)) if text
    ]
    return {
        "id": code,
        "shortDescription": {"text": row.title},
        "fullDescription": {"text": row.story},
        "help": {"text": row.story, "markdown": "\n\n".join([row.story, *examples])},
        "defaultConfiguration": {"level": row.severity},
    }


def _to_result(report: Report, finding: Diagnostic, fingerprint: str, rule: int) -> _Json:
    location = _locate(report, finding.span)
    if finding.path:
        location["logicalLocations"] = [{"fullyQualifiedName": show_path(finding.path), "kind": "member"}]
    text = finding.message + (f"\nhint: {finding.hint}" if finding.hint else "")
    result: _Json = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity,
        "message": {"text": text},
        "locations": [location],
        "partialFingerprints": {FINGERPRINT: fingerprint},
    }
    if related := [_relate(report, note) for note in finding.notes if note.span]:
        result["relatedLocations"] = related
    return result


def _relate(report: Report, note: Remark) -> _Json:
    assert note.span is not None
    return {**_locate(report, note.span), "message": {"text": note.message}}


def _locate(report: Report, span: Span) -> _Json:
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
    return {"physicalLocation": {"artifactLocation": _name_file(report.locate(span.file)), "region": region}}


def _name_file(path: str) -> _Json:
    """Return the place of a file as a URI, percent-encoded."""
    encoded = quote(path, errors="surrogatepass")
    if path.startswith("/"):
        return {"uri": f"file://{encoded}"}
    if path[1:3] == ":/":
        return {"uri": f"file:///{encoded}"}
    return {"uri": encoded, "uriBaseId": "%SRCROOT%"}
