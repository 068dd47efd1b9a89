"""Valid files, each with one mistake at a place chosen by chance: the first finding names its line."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from agentrun.config import build_agent_schema, build_scenario_schema, check_paths
from agentrun.diagnostics import Diagnostic
from tests.config.mutating import KINDS, Mutant, Page

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 21)
ENVIRONMENT = {"AGENTRUN_EXAMPLE_SET": "a value"}
ROUNDS = 300
AGENT, SCENARIO = build_agent_schema(), build_scenario_schema()
TOOLSET = AGENT["properties"]["tools"]


@dataclass(frozen=True, slots=True)
class Example:
    """One file that is changed, and the file that is checked then (another one if it is only a part)."""

    file: Path
    checked: Path
    page: Page
    before: frozenset[tuple[str, str]]


def check(file: Path) -> list[Diagnostic]:
    return list(check_paths([file], environment=ENVIRONMENT, today=TODAY).findings)


def find_examples(project: Path) -> Iterator[tuple[Path, Path]]:
    good = project / "tests/files"
    for folder in (project / "agents", good / "agents/good"):
        yield from ((file, file) for file in sorted(folder.glob("*.yaml")) if "version:" in file.read_text())
    yield from ((file, file) for file in sorted(good.glob("checks/AR*/good.yaml")))
    for part in ("base.yaml", "more.yaml"):
        yield project / part, project / "whole.yaml"


PARTS = {
    "whole.yaml": "extends: base.yaml\nversion: 1\ntools:\n  - use: more.yaml\n  - builtin: hang_up\n",
    "base.yaml": """\
instructions: Help the caller of {{shop}}.
variables: {shop: Harbour Books}
turn_detection: {type: server_vad, idle_timeout_ms: 6000}
greeting:
  say: Hello from {{shop}}.
  interruptible: false
model:
  name: gpt-realtime-2.1
  reasoning: {effort: low}
""",
    "more.yaml": """\
- name: ticket
  description: Open a ticket.
  http:
    url: https://tickets.example.com/{{subject}}
    auth: {basic: {username: a, password: b}}
  parameters:
    type: object
    properties: {subject: {type: string, description: What it is about}}
  placeholder: {say: One moment., after: 1s}
- name: find
  description: Find a book.
  http: {method: GET, url: "https://books.example.com/{{title}}", headers: {X-Shop: "{{shop}}"}}
  parameters: {type: object, properties: {title: {type: string, description: The title}}}
  retry: {attempts: 2, on: [connect, 502]}
""",
}


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> list[Example]:
    project = tmp_path_factory.mktemp("project")
    (project / "pyproject.toml").touch()
    for folder in ("agents", "tools", "tests/files/agents/good", "tests/files/checks"):
        shutil.copytree(ROOT / folder, project / folder)
    for name, text in PARTS.items():
        (project / name).write_text(text)
    found = []
    for file, checked in find_examples(project):
        text = file.read_text("utf-8")
        is_scenario = "\nagent:" in text or "\nturns:" in text
        schema = TOOLSET if file.name == "more.yaml" else SCENARIO if is_scenario else AGENT
        findings = check(checked)
        assert not [f for f in findings if f.severity == "error"], findings
        found.append(
            Example(file, checked, Page(text, schema), frozenset((f.code, f.message) for f in findings))
        )
    return found


def try_one(example: Example, mutant: Mutant) -> list[Diagnostic]:
    """Return what is found now and was not before; notes only if there is nothing else."""
    example.file.write_text(mutant.text, "utf-8")
    try:
        findings = check(example.checked)
    finally:
        example.file.write_text(example.page.text, "utf-8")
    new = [f for f in findings if (f.code, f.message) not in example.before]
    return [f for f in new if f.severity != "note"] or new or findings


def make_mutants(kind: str, examples: list[Example]) -> Iterator[tuple[Example, Mutant]]:
    """Yield mutants of one kind: each example takes its turn, the place is chosen by chance."""
    choose = random.Random(kind)
    for number in range(ROUNDS * 30):
        example = examples[number % len(examples)]
        mutant = KINDS[kind](example.page, choose.choice(example.page.places), choose)
        if mutant is not None and mutant.text != example.page.text:
            yield example, mutant


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_finding_names_the_mutated_line(examples: list[Example], kind: str) -> None:
    made, others = 0, []
    for example, mutant in make_mutants(kind, examples):
        findings = try_one(example, mutant)
        line = mutant.text.splitlines()[mutant.line - 1]
        where = f"{example.file.parent.name}/{example.file.name}:{mutant.line}: {line!r}"
        assert findings, f"nothing found after `{kind}` at {where}"
        first = findings[0].span
        if (first.file, first.line) != (str(example.file), mutant.line):
            others.append(f"{where}: {findings[0]}")
        made += 1
        if made == ROUNDS:
            break
    assert made >= 100
    assert len(others) <= 0.03 * made, f"{len(others)} of {made}\n" + "\n".join(others[:8])
