from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from agentrun.cli.compile import compile_command

app = typer.Typer()
app.command()(compile_command)

AGENT = """\
version: 1
instructions: You work for {{shop}}, called by {{call.from}}.
variables: {shop: {required: true}}
tools: [{python: "tools.shop:lookup"}]
model: {api_key: "${AGENTRUN_TEST_UNSET}"}
"""


@pytest.fixture
def agent(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools/shop.py").write_text(
        'def lookup(order: str) -> str:\n    """Look it up."""\n    return order\n'
    )
    (tmp_path / "a.yaml").write_text(AGENT)
    return tmp_path / "a.yaml"


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_prints_the_client_event(agent: Path) -> None:
    code, out, err = run(str(agent), "--var", "shop=Harbour")
    event = json.loads(out)
    assert code == 0
    assert event["type"] == "session.update"
    assert event["session"]["instructions"] == "You work for Harbour, called by {{call.from}}."
    assert event["session"]["tools"][0]["parameters"]["properties"] == {"order": {"type": "string"}}
    assert "note[AR101]" in err


def test_missing_variable_and_errors_of_the_file(agent: Path) -> None:
    code, out, err = run(str(agent))
    assert (code, out) == (1, "")
    assert "the variable `shop` must be given" in err
    agent.write_text(AGENT + "voice: bob\n")
    code, out, err = run(str(agent), "--var", "shop=x")
    assert (code, out) == (1, "")
    assert err.count("AR303") == 1


def test_wrong_usage(agent: Path, tmp_path: Path) -> None:
    assert run(str(tmp_path / "no.yaml"))[0] == 2
    assert run(str(agent), "--var", "shop")[0] == 2


def test_a_tool_that_does_not_import(agent: Path, tmp_path: Path) -> None:
    (tmp_path / "tools/shop.py").write_text("import no_such_module_here\ndef lookup(): ...\n")
    code, out, err = run(str(agent), "--var", "shop=x")
    assert (code, out) == (1, "")
    assert "no_such_module_here" in err
