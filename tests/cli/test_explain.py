from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from agentrun.cli.explain import explain_command
from agentrun.diagnostics import CODES

app = typer.Typer()
app.command()(explain_command)


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_story(code: str) -> None:
    result = CliRunner().invoke(app, [code.lower()])
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{code}: {CODES[code].title}")
    assert ("Bad:" in result.stdout) == bool(CODES[code].bad)


def test_unknown_code_offers_the_nearest() -> None:
    result = CliRunner().invoke(app, ["AR2144"])
    assert result.exit_code == 2
    assert "did you mean AR214?" in result.stderr
