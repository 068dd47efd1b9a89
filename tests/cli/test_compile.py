from __future__ import annotations

import json
import subprocess
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


def test_a_variable_that_only_a_call_gives_stays_as_a_name(agent: Path) -> None:
    code, out, _ = run(str(agent))
    assert code == 0
    assert "You work for {{shop}}, called by {{call.from}}." in out
    assert run(str(agent), "--ledger")[0] == 0


def test_unknown_variable_and_errors_of_the_file(agent: Path) -> None:
    code, out, err = run(str(agent), "--var", "shpo=x")
    assert (code, out) == (1, "")
    assert "the agent has no variable `shpo`" in err
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


def test_the_output_is_the_same_at_any_time(agent: Path) -> None:
    agent.write_text(AGENT.replace("You work", "It is {{now}} on {{today}}. You work"))
    first, second = (run(str(agent), "--var", "shop=x") for _ in range(2))
    assert first == second
    words = json.loads(first[1])["session"]["instructions"]
    assert words.startswith("It is {{now}} on {{today}}.")


def test_secrets_are_masked(agent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTRUN_TEST_UNSET", "sk-very-secret")
    agent.write_text(AGENT + "overrides: {metadata: {key: '${AGENTRUN_TEST_UNSET}'}}\n")
    for options in ([], ["--ledger"], ["--diff", str(agent)]):
        _, out, err = run(str(agent), "--var", "shop=x", *options)
        assert "sk-very-secret" not in out + err


def test_ledger(agent: Path) -> None:
    code, out, _ = run(str(agent), "--var", "shop=x", "--ledger")
    document = json.loads(out)
    assert code == 0
    assert document["target"] == "realtime"
    fields = {row["path"]: row for row in document["fields"]}
    assert list(fields) == [
        "version",
        "instructions",
        "variables.shop.required",
        "tools[0].python",
        "model.api_key",
    ]
    assert fields["tools[0].python"]["verdict"] == "run by agentrun"
    assert fields["instructions"] == {
        "path": "instructions",
        "verdict": "mapped",
        "note": "`session.instructions`, with names filled in",
    }


def test_ledger_names_the_files_of_others(agent: Path, tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("extends: a.yaml\nvoice: marin\n")
    rows = json.loads(run(str(tmp_path / "b.yaml"), "--var", "shop=x", "--ledger")[1])["fields"]
    assert [row["path"] for row in rows if "file" not in row] == ["extends", "voice"]
    assert {row["file"] for row in rows if "file" in row} == {str(agent)}


def test_diff_between_two_files(agent: Path, tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(AGENT.replace("You work", "You always work") + "voice: cedar\n")
    code, out, _ = run(str(tmp_path / "b.yaml"), "--diff", str(agent), "--var", "shop=Harbour")
    assert code == 0
    assert out == (
        "On the wire\n"
        '  ~ session.instructions: "You work for Harbour, called by {{call.from}}." → '
        '"You always work for Harbour, called by {{call.from}}."\n'
        '  + session.audio.output.voice: "cedar"\n'
        "\n"
        "For the caller\n"
        "  * the agent follows other instructions (1 line added, 1 line removed)\n"
        "  * the agent speaks with the voice `cedar` instead of the default\n"
        "\n"
        "Inside agentrun\n"
        '  ~ agent: "a" → "b"\n'
    )
    assert run(str(agent), "--diff", str(agent))[:2] == (0, "nothing changes\n")


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, timeout=30)


@pytest.fixture
def history(agent: Path, tmp_path: Path) -> Path:
    """A repository in which the agent's instructions are a file and its tool changes."""
    agent.write_text(AGENT.replace("You work for {{shop}}, called by {{call.from}}.", "{file: prompt.md}"))
    (tmp_path / "prompt.md").write_text("Be brief.\nWork for {{shop}}.\n")
    git(tmp_path, "init", "-q", "-b", "trunk")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    (tmp_path / "prompt.md").write_text("Be very brief.\nWork for {{shop}}.\n")
    (tmp_path / "tools/shop.py").write_text(
        'def lookup(order: int) -> str:\n    """Look it up."""\n    return ""\n'
    )
    return agent


def test_diff_with_a_git_revision_takes_all_files_from_there(history: Path, tmp_path: Path) -> None:
    code, out, _ = run(str(history), "--diff", "HEAD", "--format", "json")
    document = json.loads(out)
    assert code == 0
    assert (document["before"], document["after"]) == ("HEAD", str(history))
    assert document["wire"] == [
        {
            "path": "session.instructions",
            "kind": "changed",
            "before": "Be brief.\nWork for {{shop}}.\n",
            "after": "Be very brief.\nWork for {{shop}}.\n",
        },
        {
            "path": "session.tools[lookup].parameters.properties.order.type",
            "kind": "changed",
            "before": "string",
            "after": "integer",
        },
    ]
    assert document["caller"] == [
        "the agent follows other instructions (1 line added, 1 line removed)",
        "`lookup`: it takes other arguments",
    ]
    assert document["inside"] == []
    text = run(str(history), "--diff", "trunk:a.yaml")[1]
    assert "      -Be brief.\n      +Be very brief.\n" in text
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=tmp_path, check=True, capture_output=True, text=True, timeout=30
    )
    changed = {line[3:] for line in status.stdout.splitlines()}
    assert {name for name in changed if "__pycache__" not in name} == {"prompt.md", "tools/shop.py"}


@pytest.mark.parametrize("other", ["nowhere.yaml", "HEAD~7", "HEAD:no/such.yaml", "--output=x", "HEAD:../x"])
def test_what_cannot_be_compared_with_is_wrong_usage(history: Path, other: str) -> None:
    code, out, err = run(str(history), f"--diff={other}")
    assert (code, out) == (2, "")
    assert "Traceback" not in err


def test_errors_on_the_other_side_are_shown(agent: Path, tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(AGENT + "voice: bob\n")
    code, out, err = run(str(agent), "--diff", str(tmp_path / "b.yaml"))
    assert (code, out) == (1, "")
    assert "b.yaml:6:8: error[AR303]" in err
    assert run(str(agent), "--diff", str(agent), "--ledger")[0] == 2
