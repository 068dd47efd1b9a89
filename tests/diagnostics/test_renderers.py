from __future__ import annotations

import json
import re

import pytest

from agentrun.diagnostics import RENDERERS, Diagnostic, Remark, Report, Span, diagnose
from agentrun.diagnostics.identity import identify
from agentrun.diagnostics.render_github import render_annotations


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
    finding = document["findings"][0]
    assert re.fullmatch(r"[0-9a-f]{32}", finding.pop("fingerprint"))
    assert finding == {
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


def test_github_shows_ten_annotations_of_a_level_and_lists_the_rest() -> None:
    many = tuple(diagnose("AR214", f"wrong {n}", Span("::error::a.yaml", n, 1, n, 2)) for n in range(1, 26))
    one = diagnose("AR105", "unused", Span("a.yaml", 9, 1, 9, 2))
    lines = RENDERERS["github"](Report((*many, one))).splitlines()
    assert sum(line.startswith("::error ") for line in lines) == 10
    assert sum(line.startswith("::warning ") for line in lines) == 1
    assert lines[11] == "15 more of severity error, without annotations"
    assert lines[12] == "- ::error::a.yaml:11:1: error[AR214]: wrong 11"
    assert len(lines) == 11 + 1 + 15
    assert render_annotations(Report((*many, one))).splitlines() == lines[:12]


def test_paths_are_relative_to_the_root_where_the_report_is_read_elsewhere() -> None:
    def locate(file: str, root: str = "") -> str:
        return Report((), folder="/repo/shop", root=root).locate(file)

    assert locate("agents/a.yaml") == "agents/a.yaml"
    assert locate("/repo/shop/agents/../a.yaml") == "a.yaml"
    assert locate("../b.yaml") == "/repo/b.yaml"
    assert locate("../b.yaml", "/repo") == "b.yaml"
    assert locate("a.yaml", "/repo") == "shop/a.yaml"
    assert locate("/other/a.yaml", "/repo") == "/other/a.yaml"
    assert Report(()).locate("a.yaml") == "a.yaml"


@pytest.mark.parametrize("name", sorted(RENDERERS))
def test_what_a_file_says_cannot_speak_to_the_terminal(name: str) -> None:
    evil = '\x1b[2J \x9b1m \u202e \ud800 \x00 \r\n::error::x \u2028 <&"]]>'
    found = diagnose("AR214", evil, Span(f"{evil}.yaml", 1, 1, 1, 2), hint=evil, notes=[Remark(evil)])
    text = RENDERERS[name](Report((found,), (f"{evil}.yaml",), {f"{evil}.yaml": evil}))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202e\ud800-\udfff]", text)
    assert [line for line in text.splitlines() if line.startswith("::error::")] == []
    text.encode("utf-8")


def test_fingerprints_stay_when_lines_move_and_tell_equal_findings_apart() -> None:
    def marks(*findings: Diagnostic, folder: str = "/repo") -> list[str]:
        return [mark for _, mark in identify(Report(findings, folder=folder))]

    def found(line: int, file: str = "a.yaml") -> Diagnostic:
        return diagnose("AR105", "unused", Span(file, line, 1, line, 2), path=("tools", 0))

    first, second = marks(found(3), found(4))
    assert first != second
    assert marks(found(7)) == [first]
    assert marks(found(7, "/elsewhere/a.yaml"), folder="/elsewhere") == [first]
    assert marks(found(3, "b.yaml")) != [first]
