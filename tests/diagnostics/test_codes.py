"""Every row of the registry tells the truth: its bad example yields the code, and its good one does not."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from agentrun.config import check_paths
from agentrun.diagnostics import CODES, Code, Diagnostic, find_code

TODAY = date(2026, 11, 21)
SUPPORT = """\
version: 1
instructions: Help the {{caller_tier}} caller.
variables: {caller_tier: basic}
tools: [{python: 'tools.orders:lookup_order'}]
guardrails: [{name: no-advice, match: {any_of: [advice]}}]
"""
ORDERS = """\
openapi: 3.1.0
servers: [{url: 'https://orders.example.com'}]
paths:
  /orders/{id}:
    get:
      operationId: getOrder
      summary: Look up an order
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
"""
# Codes that no text of an agent file can show; each has a test of its own where it is found.
WITHOUT_EXAMPLE = {"AR002", "AR003", "AR004", "AR107", "AR110", "AR410"}
WITH_EXAMPLE = [row for code, row in CODES.items() if code not in WITHOUT_EXAMPLE]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        "pyproject.toml": "",
        "agents/prompts/everything.md": "Answer every question of the caller in a friendly way.\n" * 1300,
        "agents/prompts/desk.md": "You are the order desk.",
        "agents/toolsets/orders.yaml": "- builtin: hang_up\n",
        "agents/toolsets/not-a-list.yaml": "builtin: hang_up\n",
        "agents/apis/orders.yaml": ORDERS,
        "agents/toolsets/cycle.yaml": "- use: cycle.yaml\n",
        "agents/billing.yaml": "version: 1\ninstructions: Help.\nvoice: cedar\ntools: [{builtin: hang_up}]\n",
        "agents/back.yaml": "version: 1\ninstructions: Help.\nhandoffs: [{to: desk.yaml, when: Always}]\n",
        "agents/support.yaml": SUPPORT,
        "tools/orders.py": "def lookup_order(order_id: str = '') -> str:\n    return order_id\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path


def check(project: Path, example: str, kind: str) -> tuple[Diagnostic, ...]:
    """Check an example; the keys that every file of its kind needs are put before it."""
    if kind == "agent":
        head = "" if example.startswith("instructions") else "instructions: Help the caller.\n"
    else:
        head = "" if example.startswith("agent:") else "agent: ../agents/support.yaml\n"
    file = project / f"{kind}s" / "desk.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"version: 1\n{head}{example}\n", "utf-8")
    environment = {"AGENTRUN_EXAMPLE_SET": "a value"}
    return check_paths([str(file)], environment=environment, today=TODAY).findings


def test_every_code_has_an_example_or_a_reason() -> None:
    assert {row.code for row in CODES.values() if not (row.bad and row.good)} == WITHOUT_EXAMPLE


@pytest.mark.parametrize("row", WITH_EXAMPLE, ids=lambda row: row.code)
def test_bad_example_yields_exactly_its_code(project: Path, row: Code) -> None:
    codes = {finding.code for finding in check(project, row.bad, row.kind)}
    assert codes - ({"AR901"} - {row.code}) == {row.code}  # an example may use a field that comes later


@pytest.mark.parametrize("row", WITH_EXAMPLE, ids=lambda row: row.code)
def test_good_example_yields_no_error_and_not_its_code(project: Path, row: Code) -> None:
    findings = check(project, row.good, row.kind)
    assert row.code not in {finding.code for finding in findings}
    assert [finding for finding in findings if finding.severity == "error"] == []


@pytest.mark.parametrize("row", CODES.values(), ids=lambda row: row.code)
def test_rows_are_worded_alike(row: Code) -> None:
    assert re.fullmatch(r"AR\d{3}", row.code)
    assert row.title[0].islower() or row.title.startswith(("YAML", "Python", "JSON"))
    assert not row.title.endswith(".")
    assert row.story.rstrip(")").endswith((".", "pyyaml", "new.yaml"))


def test_unknown_code() -> None:
    with pytest.raises(KeyError):
        find_code("AR999")
