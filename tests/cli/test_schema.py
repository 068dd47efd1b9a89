from __future__ import annotations

import json

import typer
from typer.testing import CliRunner

from agentrun.cli.schema import schema_command
from agentrun.config import build_agent_schema

app = typer.Typer()
app.command()(schema_command)


def test_prints_the_schema() -> None:
    for arguments in ([], ["agent"]):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0
        assert json.loads(result.stdout) == build_agent_schema()


def test_unknown_kind_is_wrong_usage() -> None:
    assert CliRunner().invoke(app, ["weather"]).exit_code == 2
