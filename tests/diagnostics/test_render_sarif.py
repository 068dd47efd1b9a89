from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun import __version__
from agentrun.diagnostics import CODES, RENDERERS, Diagnostic, Remark, Report, Span, diagnose

SCHEMA = Path(__file__).parents[1] / "files/sarif/sarif-2.1.0-rtm.5.json"


@cache
def validator() -> Any:
    # `format: uri` is checked only with a package that is not among our dependencies; see below.
    return jsonschema.Draft4Validator(json.loads(SCHEMA.read_text("utf-8")))


def render(*findings: Diagnostic, **more: str) -> Any:
    document = json.loads(RENDERERS["sarif"](Report(findings, **more)))  # type: ignore[arg-type]
    validator().validate(document)
    return document["runs"][0]


def test_the_schema_refuses_what_is_wrong() -> None:
    document = json.loads(RENDERERS["sarif"](Report(())))
    validator().validate(document)
    document["runs"][0]["columnKind"] = "bytes"
    with pytest.raises(jsonschema.ValidationError):
        validator().validate(document)


def test_no_findings_are_an_empty_list() -> None:
    run = render()
    assert run["results"] == []
    assert run["tool"]["driver"] == {"name": "agentrun", "semanticVersion": __version__, "rules": []}
    assert run["columnKind"] == "unicodeCodePoints"


def test_every_code_is_a_rule_and_every_result_points_at_its_own() -> None:
    span = Span("a.yaml", 1, 1, 1, 2)
    run = render(*(diagnose(code, "m", span) for code in reversed(list(CODES))))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted(CODES)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] == CODES[result["ruleId"]].severity


def test_places_and_texts() -> None:
    note = Remark("first here", Span("상점/b c.yaml", 1, 2, 1, 3))
    found = diagnose(
        "AR214",
        "too much",
        Span("/repo/a.yaml", 6, 53, 7, 2),
        hint="less",
        path=("tools", 0, "timeout"),
        notes=[note, Remark("nowhere")],
    )
    result = render(found, folder="/repo")["results"][0]
    assert result["message"] == {"text": "too much\nhint: less"}
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "a.yaml", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 6, "startColumn": 53, "endLine": 7, "endColumn": 2},
            },
            "logicalLocations": [{"fullyQualifiedName": "tools[0].timeout", "kind": "member"}],
        }
    ]
    related = result["relatedLocations"]
    assert len(related) == 1
    uri = related[0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri) == "상점/b c.yaml"
    assert uri.isascii()
    assert " " not in uri


def test_a_file_outside_the_root_is_absolute() -> None:
    found = diagnose("AR214", "m", Span("/else/a.yaml"))
    place = render(found, folder="/repo")["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "file:///else/a.yaml"}
    found = diagnose("AR214", "m", Span("C:/else/a.yaml"))
    place = render(found)["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"].startswith("file:///C")


@given(st.text(max_size=30), st.text(max_size=30), st.integers(1, 9), st.integers(1, 9))
def test_any_text_gives_a_valid_log(message: str, file: str, line: int, column: int) -> None:
    render(diagnose("AR201", message or "m", Span(file, line, column, line, column + 1), hint=message))
