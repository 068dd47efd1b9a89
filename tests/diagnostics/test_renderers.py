from __future__ import annotations

import json

import pytest

from agentrun.diagnostics import RENDERERS, Diagnostic, Remark, Report, Span, diagnose


@pytest.fixture
def report() -> Report:
    findings: tuple[Diagnostic, ...] = (
        diagnose(
            "AR214",
            "100% wrong",
            Span("a,b.yaml", 6, 53, 6, 56),
            hint="line\nbreak",
            path=("tools", 0, "timeout"),
            notes=[Remark("see", Span("c.yaml", 1, 2, 1, 3)), Remark("and")],
        ),
        diagnose("AR105", "unused", Span("a,b.yaml", 7, 1, 9, 2)),
        diagnose("AR901", "later", Span("a,b.yaml", 8, 1, 8, 2)),
    )
    return Report(findings, ("a,b.yaml",))


def test_json_has_the_promised_shape(report: Report) -> None:
    document = json.loads(RENDERERS["json"](report))
    assert {key: document[key] for key in ("format_version", "files", "errors", "warnings", "notes")} == {
        "format_version": 1,
        "files": 1,
        "errors": 1,
        "warnings": 1,
        "notes": 1,
    }
    assert document["findings"][0] == {
        "file": "a,b.yaml",
        "line": 6,
        "column": 53,
        "end_line": 6,
        "end_column": 56,
        "code": "AR214",
        "severity": "error",
        "message": "100% wrong",
        "hint": "line\nbreak",
        "path": ["tools", 0, "timeout"],
        "notes": [{"message": "see", "file": "c.yaml", "line": 1, "column": 2}, {"message": "and"}],
    }


def test_concise_is_one_line_each(report: Report) -> None:
    assert RENDERERS["concise"](report) == (
        "a,b.yaml:6:53: error[AR214]: 100% wrong\n"
        "a,b.yaml:7:1: warning[AR105]: unused\n"
        "a,b.yaml:8:1: note[AR901]: later\n"
    )


def test_github_escapes_and_levels(report: Report) -> None:
    assert RENDERERS["github"](report).splitlines() == [
        "::error file=a%2Cb.yaml,line=6,endLine=6,col=53,endColumn=56,title=AR214"
        "::100%25 wrong%0Ahint: line%0Abreak",
        "::warning file=a%2Cb.yaml,line=7,endLine=9,col=1,title=AR105::unused",
        "::notice file=a%2Cb.yaml,line=8,endLine=8,col=1,endColumn=2,title=AR901::later",
    ]


@pytest.mark.parametrize("name", ["text", "concise", "github"])
def test_nothing_found_is_nothing_written(name: str) -> None:
    assert RENDERERS[name](Report(())) == ""
