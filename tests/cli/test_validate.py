from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from agentrun.cli.validate import validate_command

GOOD = "version: 1\ninstructions: Help the caller.\n"
app = typer.Typer()
app.command()(validate_command)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "agents").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    return tmp_path


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_fine(project: Path) -> None:
    (project / "agents/a.yaml").write_text(GOOD)
    assert run("agents") == (0, "", "1 file checked: all fine\n")


def test_findings_with_their_place(project: Path) -> None:
    (project / "agents/a.yaml").write_text(GOOD + "voice: bob\n")
    code, out, err = run("agents/a.yaml")
    assert code == 1
    assert out.splitlines()[:3] == [
        "agents/a.yaml:3:8: error[AR303]: there is no voice `bob`",
        "3 | voice: bob",
        "  |        ^^^",
    ]
    assert err == "1 file checked: 1 error\n"


def test_json(project: Path) -> None:
    (project / "agents/a.yaml").write_text(GOOD + "variables: {a: 1}\n")
    code, out, err = run("agents", "--format", "json")
    document = json.loads(out)
    assert (code, err) == (0, "")
    assert (document["files"], document["errors"], document["warnings"]) == (1, 0, 1)
    assert document["findings"][0]["path"] == ["variables", "a"]


def test_strict_makes_warnings_fail_and_notes_not(project: Path) -> None:
    (project / "agents/a.yaml").write_text(GOOD + "budget: {max_usd: 1}\n")
    assert run("agents", "--strict")[0] == 0
    (project / "agents/a.yaml").write_text(GOOD + "variables: {a: 1}\n")
    assert run("agents")[0] == 0
    assert run("agents", "--strict")[0] == 1


def test_missing_variables_fail_with_env(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AGENTRUN_TEST_KEY", raising=False)
    (project / "agents/a.yaml").write_text(GOOD + "model: {api_key: '${AGENTRUN_TEST_KEY}'}\n")
    assert run("agents")[0] == 0
    assert run("agents", "--env")[0] == 1
    monkeypatch.setenv("AGENTRUN_TEST_KEY", "k")
    assert run("agents", "--env")[0] == 0


def test_what_cannot_be_read_and_what_is_not_there(project: Path) -> None:
    code, out, err = run("nowhere")
    assert (code, err) == (2, "0 files checked: 1 error\n")
    assert "AR001" in out
    code, out, err = run("agents")
    assert (code, out) == (5, "")
    assert err.startswith("no agent file found")


def test_output_file(project: Path) -> None:
    (project / "agents/a.yaml").write_text(GOOD + "voice: bob\n")
    code, out, _ = run("agents", "--format", "github", "--output", "findings.txt")
    assert (code, out) == (1, "")
    assert (project / "findings.txt").read_text().startswith("::error file=agents/a.yaml,line=3")
    assert run("agents", "--output", "no/such/folder")[0] == 2


def test_wrong_format_is_wrong_usage(project: Path) -> None:
    assert run("agents", "--format", "xml")[0] == 2


def test_importing_tools(project: Path) -> None:
    (project / "tools").mkdir()
    (project / "tools/shop.py").write_text("import no_such_module_here\ndef lookup(): ...\n")
    (project / "agents/a.yaml").write_text(GOOD + "tools: [{python: 'tools.shop:lookup'}]\n")
    assert run("agents")[0] == 0
    code, out, _ = run("agents", "--import")
    assert code == 1
    assert "error[AR410]" in out
    assert "no_such_module_here" in out


def test_validating_loads_nothing_heavy(project: Path) -> None:
    (project / "agents/a.yaml").write_text(GOOD)
    script = (
        "import sys\n"
        "from agentrun.cli import app\n"
        "try:\n    app(['validate', 'agents'])\n"
        "except SystemExit as done:\n    assert done.code == 0, done.code\n"
        "heavy = {'mcp', 'httpx', 'starlette', 'uvicorn', 'websockets', 'numpy', 'openai'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=False, text=True, timeout=50
    )
    assert done.returncode == 0, done.stderr
