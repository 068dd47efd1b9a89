"""Completion in the shell is typer's own; it works as long as the script and the program agree."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from agentrun.cli import app

pytestmark = pytest.mark.slow
PROGRAM = "import sys; sys.argv[0] = 'agentrun'; from agentrun.cli import main; main()"


def run(*arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env={**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1", **environment},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_script_can_be_shown(shell: str) -> None:
    script = run("--show-completion", shell)
    assert "_AGENTRUN_COMPLETE" in script
    assert f"complete_{shell}" in script


def complete(shell: str, line: str) -> list[str]:
    if shell == "bash":
        words = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    else:
        words = {"_TYPER_COMPLETE_ARGS": line}
    return run(_AGENTRUN_COMPLETE=f"complete_{shell}", **words).split()


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_commands_and_options_are_completed(shell: str) -> None:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    shown = " ".join(complete(shell, "agentrun "))
    assert [name for name in group.commands if name not in shown] == []
    assert "validate" in " ".join(complete(shell, "agentrun val"))
    assert "sarif" in " ".join(complete(shell, "agentrun validate --format sa"))
