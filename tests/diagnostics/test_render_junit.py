from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from agentrun.diagnostics import RENDERERS, Diagnostic, Report, Span, diagnose


def found(code: str, line: int, file: str = "a.yaml", message: str = "m") -> Diagnostic:
    return diagnose(code, message, Span(file, line, 1, line, 2), path=("tools", 0), hint="do it")


def render(report: Report) -> ElementTree.Element:
    root = ElementTree.fromstring(RENDERERS["junit"](report))
    suites = list(root)
    for name in ("tests", "failures"):
        assert int(root.attrib[name]) == sum(int(suite.attrib[name]) for suite in suites)
    for suite in suites:
        assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
        assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
    return root


def test_a_suite_for_each_file_and_a_case_for_each_finding() -> None:
    findings = (found("AR214", 3), found("AR105", 4), found("AR214", 5), found("AR214", 1, "inc.yaml"))
    root = render(Report(findings, ("a.yaml", "b.yaml")))
    assert [suite.attrib["name"] for suite in root] == ["a.yaml", "b.yaml", "inc.yaml"]
    first, second, _ = root
    assert [case.attrib["name"] for case in first] == [
        "AR214 tools[0]",
        "AR105 tools[0]",
        "AR214 tools[0] #2",
    ]
    assert first[0].attrib["line"] == "3"
    failure = first[0].find("failure")
    assert failure is not None
    assert failure.attrib == {"type": "AR214", "message": "m"}
    assert failure.text == "a.yaml:3:1: error[AR214]: m\nhint: do it"
    assert first[1].find("system-out") is not None
    assert [case.attrib["name"] for case in second] == ["valid"]
    assert root.attrib["failures"] == "3"


def test_warnings_fail_only_where_the_run_is_strict() -> None:
    findings = (found("AR105", 4), found("AR901", 5))
    easy = render(Report(findings, ("a.yaml",)))
    assert (easy.attrib["tests"], easy.attrib["failures"]) == ("3", "0")
    strict = render(Report(findings, ("a.yaml",), strict=True))
    assert (strict.attrib["tests"], strict.attrib["failures"]) == ("2", "1")


@given(st.text(max_size=30))
def test_any_text_is_well_formed(text: str) -> None:
    render(Report((found("AR214", 1, f"{text}.yaml", text),), (f"{text}.yaml",)))
