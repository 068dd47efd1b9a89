"""JUnit XML, which most CI services show as tests: a suite for each file, a case for each finding.

What fails the run is a failure; other findings are cases that pass and say something. A file without a
failure has the case `valid`. The dialect is the one that CI services agree on
(https://github.com/testmoapp/junitxml); it has no schema of its own.
"""

from __future__ import annotations

from collections import Counter

from agentrun.diagnostics.escape import escape_xml
from agentrun.diagnostics.identity import show_path
from agentrun.diagnostics.model import Diagnostic
from agentrun.diagnostics.render_concise import render_headline
from agentrun.diagnostics.report import Report


def render_junit(report: Report, *, color: bool = False) -> str:
    """Return the report as one XML document; cases have names that stay when lines move."""
    files = dict.fromkeys([*report.files, *(finding.span.file for finding in report.findings)])
    suites = "".join(_render_suite(file, report) for file in files)
    failures = sum(1 for finding in report.findings if report.fails(finding))
    tests = suites.count("\n    <testcase ")
    head = f'<testsuites name="agentrun validate" tests="{tests}" failures="{failures}" errors="0">'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}\n{suites}</testsuites>\n'


def _render_suite(file: str, report: Report) -> str:
    findings = [finding for finding in report.findings if finding.span.file == file]
    failures = sum(1 for finding in findings if report.fails(finding))
    shown = escape_xml(report.locate(file))
    names: Counter[str] = Counter()
    cases = [_render_case(finding, report, shown, names) for finding in findings]
    if not failures:
        cases.insert(0, f'    <testcase classname="{shown}" name="valid" file="{shown}"/>\n')
    head = f'  <testsuite name="{shown}" tests="{len(cases)}" failures="{failures}" errors="0" skipped="0">'
    return f"{head}\n{''.join(cases)}  </testsuite>\n"


def _render_case(finding: Diagnostic, report: Report, file: str, names: Counter[str]) -> str:
    name = f"{finding.code} {show_path(finding.path)}".rstrip()
    names[name] += 1
    if names[name] > 1:
        name += f" #{names[name]}"
    message = escape_xml(finding.message)
    hint = f"\nhint: {finding.hint}" if finding.hint else ""
    text = escape_xml(render_headline(finding) + hint)
    if report.fails(finding):
        inner = f'<failure type="{finding.code}" message="{message}">{text}</failure>'
    else:
        inner = f"<system-out>{text}</system-out>"
    place = f'file="{file}" line="{finding.span.line}"'
    head = f'    <testcase classname="{file}" name="{escape_xml(name)}" {place}>'
    return f"{head}\n      {inner}\n    </testcase>\n"
