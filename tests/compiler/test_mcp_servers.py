from __future__ import annotations

from pathlib import Path

import pytest

from agentrun.compiler import compile_agent
from agentrun.config import load_agent
from agentrun.config.reading import read_agent
from agentrun.plan import CallPlan, McpAddress, OAuthClient, Placeholder
from agentrun.secret import Secret
from tests.compiler.test_compile import NOON, describe


def compile_text(folder: Path, text: str) -> CallPlan:
    (folder / "pyproject.toml").touch()
    (folder / "agents").mkdir(exist_ok=True)
    file = folder / "agents/desk.yaml"
    file.write_text(f"version: 1\ninstructions: Help.\n{text}")
    spec = load_agent(file, environment={"TOKEN": "hush-hush"})
    return compile_agent(spec, describe_python=describe, now=NOON)


def test_a_server_with_a_command_is_called_by_agentrun(tmp_path: Path) -> None:
    plan = compile_text(
        tmp_path,
        "mcp_servers:\n"
        "  - {label: a, command: [python, -m, x], args: [-v], cwd: ../data,\n"
        "     env: {T: '${TOKEN}', N: 3, B: true}}\n"
        "  - {label: b, command: serve-b}\n",
    )
    first, second = (server.address for server in plan.mcp_servers)
    env = (("T", Secret("hush-hush")), ("N", "3"), ("B", "true"))
    assert first == McpAddress(None, ("python", "-m", "x", "-v"), env, str(tmp_path.resolve() / "data"))
    assert second.command == ("serve-b",)
    assert Path(second.cwd).resolve() == tmp_path.resolve()
    assert plan.session["tools"] == []
    assert "hush-hush" not in repr(plan)


def test_rules_of_the_server_hold_for_tools_that_have_none_of_their_own(tmp_path: Path) -> None:
    plan = compile_text(
        tmp_path,
        "mcp_servers:\n"
        "  - label: a\n    command: x\n    placeholder: Moment.\n    timeout: 20s\n    confirm: caller\n"
        "    allowed_tools: {read_only: true, tool_names: [buy, look]}\n"
        "    tools: {buy: {timeout: 3s}, look: {confirm: none, effect: read}}\n",
    )
    (server,) = plan.mcp_servers
    assert (server.allowed, server.read_only) == (frozenset({"buy", "look"}), True)
    buy, look, other = map(server.rules_for, ("buy", "look", "other"))
    assert [rules.timeout_ms for rules in (buy, look, other)] == [3000, 20_000, 20_000]
    assert [rules.confirm for rules in (buy, look, other)] == ["caller", "none", "caller"]
    assert {rules.placeholder for rules in (buy, look, other)} == {Placeholder("Moment.")}
    assert (look.effect, look.on_hangup, buy.effect) == ("read", "cancel", "write")


def test_a_server_with_a_url_is_called_by_the_provider_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    plan = compile_text(
        tmp_path,
        "mcp_servers:\n"
        "  - {label: a, url: 'https://a.b/mcp', authorization: '${TOKEN}',\n"
        "     headers: {X-N: 5}, require_approval: never}\n"
        "  - label: b\n    url: https://b.c/mcp\n    run: client\n"
        "    authorization: {client_id: me, client_secret: '${TOKEN}', issuer: 'https://d.e'}\n",
    )
    assert plan.session["tools"] == [
        {
            "type": "mcp",
            "server_label": "a",
            "server_url": "https://a.b/mcp",
            "headers": {"X-N": "5"},
            "authorization": Secret("hush-hush"),
            "require_approval": "never",
        }
    ]
    (server,) = plan.mcp_servers
    assert server.address.authorization == OAuthClient("me", Secret("hush-hush"), "https://d.e")


@pytest.mark.parametrize(("folder", "codes"), [("../..", ["AR120"]), ("/", ["AR120"]), (".", [])])
def test_a_server_is_started_inside_the_project(tmp_path: Path, folder: str, codes: list[str]) -> None:
    (tmp_path / "pyproject.toml").touch()
    text = f"version: 1\ninstructions: Help.\nmcp_servers: [{{label: a, command: x, cwd: '{folder}'}}]\n"
    (tmp_path / "a.yaml").write_text(text)
    reading = read_agent(str(tmp_path / "a.yaml"), {}, required=False, today=NOON.date())
    assert [finding.code for finding in reading.findings] == codes
