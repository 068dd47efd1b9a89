from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from agentrun.cli.init import SCHEMA_FILE, init_command, render_project
from agentrun.config import build_agent_schema, check_paths

ROOT = Path(__file__).parents[2]
app = typer.Typer()
app.command()(init_command)


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def agentrun(folder: Path, *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    return subprocess.run(
        [sys.executable, "-m", "agentrun", *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
        input=said,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=50,
        check=False,
    )


def test_the_project_has_no_finding_and_every_file_is_named(tmp_path: Path) -> None:
    code, out, err = run(str(tmp_path / "cafe"))
    assert code == 0
    written = [Path(line) for line in out.splitlines()]
    assert {path.relative_to(tmp_path / "cafe").as_posix() for path in written} == set(render_project())
    assert all(path.is_file() for path in written)
    assert f"cd {tmp_path / 'cafe'}" in err
    report = check_paths([tmp_path / "cafe"], environment={}, require_environment=True)
    assert report.findings == ()
    assert report.files == (str(tmp_path / "cafe/agents/desk.yaml"),)


def test_the_modeline_names_the_schema_beside_it(tmp_path: Path) -> None:
    run(str(tmp_path))
    for agent in (tmp_path / "agents").glob("*.yaml"):
        line = agent.read_text("utf-8").splitlines()[0]
        name = line.removeprefix("# yaml-language-server: $schema=")
        assert name != line
        schema = (agent.parent / name).resolve()
        assert schema == tmp_path / SCHEMA_FILE
        assert json.loads(schema.read_text("utf-8")) == build_agent_schema()


@pytest.mark.slow
def test_it_holds_its_first_conversation_offline_with_tools(tmp_path: Path) -> None:
    run(str(tmp_path))
    said = "Are you open on sunday?\nThat is all, goodbye\n"
    done = agentrun(tmp_path, "simulate", "agents/desk.yaml", "--format", "jsonl", said=said)
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    first = next(event for event in events if event["event"] == "agent.said")
    assert first["text"] == "Hello, this is Corner Café. How can I help?"
    called = [(event["tool"], event["arguments"]) for event in events if event["event"] == "tool.called"]
    assert called == [("opening_hours", {"day": "sunday"}), ("hang_up", {})]
    assert {event["outcome"] for event in events if event["event"] == "tool.returned"} == {"ok"}
    assert "9:00 to 16:00" in done.stdout
    assert events[-1]["reason"] == "agent_hung_up"


@pytest.mark.slow
def test_the_workflow_of_the_project_passes(tmp_path: Path) -> None:
    run(str(tmp_path))
    workflow = yaml.safe_load((tmp_path / ".github/workflows/agents.yml").read_text("utf-8"))
    steps = [step["run"] for step in workflow["jobs"]["check"]["steps"] if "run" in step]
    assert steps[0] == "pip install agentrun"
    validate, rehearse = steps[1:]
    assert agentrun(tmp_path, *validate.split()[1:]).returncode == 0
    words, _, command = rehearse.partition(" | agentrun ")
    said = words.removeprefix("printf '").removesuffix("'").replace("\\n", "\n")
    done = agentrun(tmp_path, *command.split(), said=said)
    assert done.returncode == 0, done.stderr
    assert "opening_hours → ok" in done.stdout


def test_it_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    code, out, err = run(str(tmp_path))
    assert (code, out) == (2, "")
    assert "`README.md`" in err
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"
    (tmp_path / "README.md").unlink()
    (tmp_path / ".gitignore").symlink_to(tmp_path / "nowhere")
    assert run(str(tmp_path))[0] == 2
    assert not (tmp_path / "nowhere").exists()


def test_a_second_time_is_refused(tmp_path: Path) -> None:
    assert run(str(tmp_path))[0] == 0
    code, out, err = run(str(tmp_path))
    assert (code, out) == (2, "")
    assert "more of its files" in err


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, out, err = run(str(tmp_path / "file" / "project"))
    assert (code, out) == (2, "")
    assert "cannot be written" in err


def test_here_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run()
    assert code == 0
    assert "agents/desk.yaml" in out.splitlines()
    assert "cd " not in err


def test_every_template_is_used() -> None:
    templates = [path for path in (ROOT / "agentrun/scaffold").rglob("*") if path.is_file()]
    assert len(render_project()) == len(templates) + 1
    assert {".gitignore", ".github/workflows/agents.yml", "pyproject.toml"} <= set(render_project())


def test_python_templates_compile_and_are_formatted_like_the_rest() -> None:
    for name, text in render_project().items():
        assert text.endswith("\n")
        assert "\t" not in text
        if name.endswith(".py"):
            compile(text, name, "exec")


@pytest.mark.slow
def test_the_pre_commit_hook_checks_the_project(tmp_path: Path) -> None:
    run(str(tmp_path))
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert hook["id"] == "agentrun-validate"
    assert hook["language"] == "python"
    assert {"name", "entry", "files"} <= set(hook)
    command = [*hook["entry"].split()[1:], *hook["args"]]
    assert hook["pass_filenames"] is False
    assert agentrun(tmp_path, *command).returncode == 0
    with (tmp_path / "agents/desk.yaml").open("a") as file:
        file.write("voise: marin\n")
    assert agentrun(tmp_path, *command).returncode == 1
