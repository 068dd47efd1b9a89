"""Colour: what the environment says, then what the stream is."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agentrun.cli import app
from agentrun.cli.terminal import wants_color


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "stream", "wanted"),
    [
        ({}, Terminal(), True),
        ({}, io.StringIO(), False),
        ({"TERM": "dumb"}, Terminal(), False),
        ({"FORCE_COLOR": "1"}, io.StringIO(), True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, Terminal(), False),
    ],
)
def test_who_decides(environment: dict[str, str], stream: io.StringIO, wanted: bool) -> None:
    assert wants_color(stream, environment) is wanted


@pytest.mark.parametrize(
    "arguments",
    [
        ["validate", "agent.yaml"],
        ["validate"],
        ["validate", "--nothing"],
        ["compile", "agent.yaml"],
        ["compile", "agent.yaml", "--diff", "agent.yaml"],
        ["compile", "nowhere.yaml"],
        ["explain", "AR214"],
        ["explain", "nothing"],
        ["doctor"],
        ["schema"],
        ["init", "."],
        ["init", "new"],
        ["--help"],
    ],
    ids=" ".join,
)
def test_no_command_colours_what_nobody_wants_coloured(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "agent.yaml").write_text("version: 1\ninstructions: Help.\nvoice: '\x1b[31mred'\nodd: 1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    done = CliRunner().invoke(app, arguments, color=True)
    assert done.output
    assert "\x1b" not in done.output
