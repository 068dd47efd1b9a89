"""Acceptance by example: each bad file yields exactly the text beside it, each good file nothing at all.

`tests/files/agents` has files with several faults and a good one with every field; `tests/files/checks` has a
folder for each check beyond the shape, with a bad and a good file, of an agent or of a scenario.
`tests/files/newcomer` has what people get wrong on their first day.

After a change of wording on purpose, write the texts anew with `python -m tests.config.test_files` and read
the difference.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from agentrun.compiler import compile_agent
from agentrun.config import CheckReport, check_paths, load_agent
from agentrun.diagnostics import CODES, Report, render_text
from tests.compiler.test_compile import NOON, describe
from tests.compiler.test_session import check_strictly

FILES = Path(__file__).parents[1] / "files"
CHECKS = sorted((FILES / "checks").glob("AR*"))
BAD = [
    *sorted((FILES / "agents" / "bad").glob("*.yaml")),
    *sorted((FILES / "newcomer").glob("*.yaml")),
    *(folder / "bad.yaml" for folder in CHECKS),
]
GOOD = sorted((FILES / "agents" / "good").glob("*.yaml"))
TODAY = date(2026, 11, 21)


def check(file: Path) -> CheckReport:
    environment = {"AGENTRUN_EXAMPLE_SET": "a value"}
    return check_paths([os.path.relpath(file)], environment=environment, today=TODAY)


def render(file: Path) -> str:
    """Return what `validate` prints for a file, with paths as seen from the folder of examples."""
    report = check(file)
    # What is not supported yet is beside the point of a newcomer's mistake.
    findings = [f for f in report.findings if f.code != "AR901" or file.parent.name != "newcomer"]
    text = render_text(Report(tuple(findings), report.files, report.sources))
    for folder in (file.parent, file.parents[1]):
        text = text.replace(os.path.relpath(folder) + os.sep, "")
    return text.replace(str(FILES.parents[1]), "…")


@pytest.mark.parametrize("file", BAD, ids=lambda file: f"{file.parent.stem}-{file.stem}")
def test_bad_files_yield_exactly_their_text(file: Path) -> None:
    assert render(file) == file.with_suffix(".txt").read_text("utf-8")


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_good_files_yield_nothing_and_compile(file: Path) -> None:
    assert render(file) == ""
    spec = load_agent(file, environment={})
    check_strictly(compile_agent(spec, describe_python=describe, now=NOON).session)


@pytest.mark.parametrize("folder", CHECKS, ids=lambda folder: folder.name)
def test_each_check_finds_its_fault_in_the_bad_file_alone(folder: Path) -> None:
    assert folder.name in {finding.code for finding in check(folder / "bad.yaml").findings}
    good = check(folder / "good.yaml").findings
    assert [finding for finding in good if finding.severity == "error" or finding.code == folder.name] == []


def test_every_check_beyond_the_shape_has_its_files() -> None:
    needed = {code for code, row in CODES.items() if row.bad and code[2] in "13456"}
    assert needed <= {folder.name for folder in CHECKS}


def write_texts() -> None:
    """Write the expected text of every bad file."""
    for file in BAD:
        file.with_suffix(".txt").write_text(render(file), "utf-8")


if __name__ == "__main__":
    write_texts()
