"""Valid files, each with one mistake at a place chosen by chance: the first finding names its line."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from agentrun.config import build_agent_schema, check_paths

ROOT = Path(__file__).parents[2]
TOP = "|".join(build_agent_schema()["properties"])
TODAY = date(2026, 11, 21)
ROUNDS = 120
Mutation = Callable[[list[str], random.Random], int | None]


def pick(lines: list[str], form: str, choose: random.Random) -> int | None:
    """Return the index of a line that matches, or None."""
    found = [index for index, line in enumerate(lines) if re.search(form, line)]
    return choose.choice(found) if found else None


def misspell_key(lines: list[str], choose: random.Random) -> int | None:
    at = pick(lines, rf"^({TOP}):|^    (placeholder|effect|timeout|deliver):", choose)
    if at is not None:
        key = lines[at].split(":")[0]
        cut = choose.randrange(len(key) - len(key.lstrip()) + 1, len(key))
        lines[at] = lines[at].replace(key, key[:cut] + "q" + key[cut:], 1)
    return at


def change_type(lines: list[str], choose: random.Random) -> int | None:
    at = pick(
        lines, r"^(version|name|model|voice|language|description|greeting): [^{|>\[]|^  - python: ", choose
    )
    if at is not None:
        lines[at] = re.sub(r": .*", ": [[1]]", lines[at], count=1)
    return at


def drop_key(lines: list[str], choose: random.Random) -> int | None:
    at = pick(lines, r"^version: |^instructions: [^|>]", choose)
    if at is None:
        return None
    del lines[at]
    return pick(lines, rf"^({TOP}):", random.Random()) and next(
        index for index, line in enumerate(lines) if re.match(r"[a-z_]+:|x-", line)
    )


def indent_line(lines: list[str], choose: random.Random) -> int | None:
    at = pick(lines, rf"^({TOP}): [^|>]", choose)
    if at is None or not any(re.match(r"[a-z]", line) for line in lines[:at]):
        return None
    lines[at] = " " + lines[at]
    return at


def repeat_line(lines: list[str], choose: random.Random) -> int | None:
    at = pick(lines, rf"^({TOP}): [^|>]", choose)
    if at is not None:
        lines.insert(at + 1, lines[at])
        return at + 1
    return None


def break_reference(lines: list[str], choose: random.Random) -> int | None:
    at = pick(lines, r"^(?!#).*\{\{\w+\}\}|^  - python: \S+:\w+$|^  file: ", choose)
    if at is not None:
        lines[at] = lines[at].replace("}}", "zq}}", 1) if "}}" in lines[at] else lines[at] + "zq"
    return at


KINDS: dict[str, Mutation] = {
    "typo": misspell_key,
    "wrong type": change_type,
    "missing key": drop_key,
    "wrong indent": indent_line,
    "duplicate": repeat_line,
    "wrong reference": break_reference,
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    project = tmp_path_factory.mktemp("project")
    (project / "pyproject.toml").touch()
    for folder in ("agents", "tools", "tests/files/agents/good"):
        shutil.copytree(ROOT / folder, project / folder)
    found = [*(project / "agents").glob("*.yaml"), *(project / "tests/files/agents/good").glob("*.yaml")]
    return [file for file in sorted(found) if re.search("^version:", file.read_text(), re.M)]


def rate(kind: str, files: list[Path], rounds: int) -> tuple[int, int, list[str]]:
    """Return how many mutations were made, how many were named first, and the others in words."""
    choose, made, named, others = random.Random(kind), 0, 0, []
    for number in range(rounds):
        file = files[number % len(files)]
        text = file.read_text("utf-8")
        lines = text.split("\n")
        at = KINDS[kind](lines, choose)
        if at is None:
            continue
        changed = file.with_name("mutated.yaml")
        changed.write_text("\n".join(lines), "utf-8")
        findings = check_paths([changed], environment={}, today=TODAY).findings
        made += 1
        wrong = [f for f in findings if f.severity != "note"] or list(findings)
        if wrong and wrong[0].span.file == str(changed) and wrong[0].span.line == at + 1:
            named += 1
        else:
            others.append(f"{file.name}:{at + 1}: {lines[at]!r}: {[str(f) for f in wrong[:1]]}")
        assert findings, f"nothing found after `{kind}` at {file.name}:{at + 1}: {lines[at]!r}"
    return made, named, others


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_finding_names_the_mutated_line(files: list[Path], kind: str) -> None:
    made, named, others = rate(kind, files, ROUNDS)
    assert made >= ROUNDS // 3
    assert named >= 0.97 * made, f"{named} of {made}\n" + "\n".join(others[:5])
