"""Acceptance by example: each bad file yields exactly the text beside it, each good file nothing at all.

After a change of wording on purpose, write the texts anew with `python -m tests.config.test_files` and read
the difference.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from agentrun.compiler import compile_agent
from agentrun.config import check_paths, load_agent
from agentrun.diagnostics import Report, render_text
from tests.compiler.test_compile import NOON, describe
from tests.compiler.test_session import check_strictly

FOLDER = Path(__file__).parents[1] / "files" / "agents"
BAD = sorted((FOLDER / "bad").glob("*.yaml"))
GOOD = sorted((FOLDER / "good").glob("*.yaml"))


def render(file: Path) -> str:
    """Return what `validate` prints for a file, with its path as seen from the folder of examples."""
    report = check_paths([os.path.relpath(file)], environment={}, today=date(2026, 11, 21))
    text = render_text(Report(report.findings, report.files, report.sources))
    root = str(FOLDER.parents[2])
    return text.replace(os.path.relpath(file.parent) + os.sep, "").replace(root, "…")


@pytest.mark.parametrize("file", BAD, ids=lambda file: file.stem)
def test_bad_files_yield_exactly_their_text(file: Path) -> None:
    assert render(file) == file.with_suffix(".txt").read_text("utf-8")


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_good_files_yield_nothing_and_compile(file: Path) -> None:
    assert render(file) == ""
    spec = load_agent(file, environment={})
    check_strictly(compile_agent(spec, describe_python=describe, now=NOON).session)


def write_texts() -> None:
    """Write the expected text of every bad file."""
    for file in BAD:
        file.with_suffix(".txt").write_text(render(file), "utf-8")


if __name__ == "__main__":
    write_texts()
