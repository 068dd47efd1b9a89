from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

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
    for name in ("FORCE_COLOR", "GITHUB_ACTIONS", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
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


FORMATS = ["text", "concise", "json", "github", "sarif", "junit"]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    ("text", "code", "strict_code"),
    [
        ("", 0, 0),
        ("budget: {max_usd: 1}\n", 0, 0),
        ("variables: {a: 1}\n", 0, 1),
        ("voice: bob\n", 1, 1),
    ],
)
def test_the_format_never_changes_the_code(
    project: Path, text: str, code: int, strict_code: int, strict: bool
) -> None:
    (project / "agents/a.yaml").write_text(GOOD + text)
    options = ["--strict"] if strict else []
    codes = {name: run("agents", "--format", name, *options)[0] for name in FORMATS}
    assert codes == dict.fromkeys(FORMATS, strict_code if strict else code)
    codes = {name: run("agents", "nowhere", "--format", name, *options)[0] for name in FORMATS}
    assert codes == dict.fromkeys(FORMATS, 2)


def test_the_verdict_says_why_warnings_fail(project: Path) -> None:
    (project / "agents/a.yaml").write_text(GOOD + "variables: {a: 1}\n")
    assert run("agents", "--strict")[2] == "1 file checked: 1 warning; warnings fail with --strict\n"
    assert run("agents")[2] == "1 file checked: 1 warning\n"


def test_programs_get_only_the_document(project: Path) -> None:
    (project / "agents/a.yaml").write_text(GOOD + "voice: bob\n")
    for name in ("json", "sarif", "junit"):
        assert run("agents", "--format", name)[2] == ""
    assert run("agents", "--format", "sarif", "--output", "x.sarif")[2] == "1 file checked: 1 error\n"
    result = json.loads((project / "x.sarif").read_text("utf-8"))["runs"][0]["results"][0]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "agents/a.yaml", "uriBaseId": "%SRCROOT%"}
    _, out, _ = run("agents", "--format", "junit", "--strict")
    suite = ElementTree.fromstring(out)[0]
    assert (suite.attrib["name"], suite.attrib["failures"]) == ("agents/a.yaml", "1")


def test_in_github_actions_annotations_come_by_themselves(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "agents/a.yaml").write_text(GOOD + "voice: bob\n")
    plain = run("agents")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project.parent))
    code, out, err = run("agents")
    assert (code, err) == (plain[0], plain[2])
    text, annotations = out[: len(plain[1])], out[len(plain[1]) :]
    assert text == plain[1]
    assert annotations.startswith(f"::error file={project.name}/agents/a.yaml,line=3,endLine=3,col=8,")
    assert "::error" not in run("agents", "--format", "text")[1]
    assert run("agents", "--output", "out.txt")[1] == annotations


def test_colour_only_where_it_is_shown(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "agents/a.yaml").write_text(GOOD + "voice: bob\n")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1;31m^^^\x1b[0m" in run("agents")[1]
    run("agents", "--output", "out.txt")
    assert "\x1b" not in (project / "out.txt").read_text("utf-8")
    assert "\x1b" not in run("agents", "--format", "json")[1]


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
