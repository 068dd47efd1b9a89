from __future__ import annotations

import pytest

from agentrun.diagnostics import Span, count_severity, diagnose, sort_findings


def test_severity_comes_from_the_registry_unless_given() -> None:
    assert diagnose("AR105", "m", Span("a")).severity == "warning"
    assert diagnose("AR101", "m", Span("a"), severity="error").severity == "error"
    with pytest.raises(KeyError):
        diagnose("AR000", "m", Span("a"))


def test_findings_are_sorted_and_said_once() -> None:
    late, early = diagnose("AR201", "m", Span("a", 9, 1)), diagnose("AR201", "m", Span("a", 2, 1))
    same_elsewhere = diagnose("AR201", "m", Span("a", 2, 1), path=("x",))
    assert sort_findings([late, early, late, same_elsewhere]) == [early, late]


def test_counting() -> None:
    findings = [diagnose("AR105", "m", Span("a")), diagnose("AR201", "m", Span("a"))]
    assert count_severity(findings, "error") == 1
    assert count_severity(findings, "note") == 0
