"""`agentrun tools`: what the model sees, and one run of a tool."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from agentrun.cli.exits import report_failure
from agentrun.cli.tools import tools_command

app = typer.Typer()
app.command()(tools_command)

AGENT = """\
version: 1
instructions: You work for {{shop}}.
variables: {shop: Harbour}
tools:
  - python: tools.shop:lookup
    effect: read
    placeholder: One moment.
  - python: tools.shop:order
    confirm: caller
    timeout: 1s
    result: {max_bytes: 300}
  - name: post_ticket
    description: Open a ticket for {{shop}}.
    http: {method: POST, url: "http://127.0.0.1:9/${TOKEN}", json: {subject: "{{subject}}"}}
    parameters: {type: object, properties: {subject: {type: string}}, required: [subject]}
  - builtin: hang_up
mcp_servers:
  - {label: far, url: "https://mcp.example.com/mcp"}
"""
MODULE = '''\
import agentrun


def lookup(order: str) -> dict[str, str]:
    """Look it up.

    Args:
        order: its number.
    """
    print("in the tool")
    return {"order": order}


async def order(title: str, call: agentrun.Call, copies: int = 1) -> str:
    """Order a book."""
    if title == "nothing":
        raise agentrun.ToolError("There is no such book.")
    await call.say(f"Ordering for {call.caller} at {call.variables['shop']}.")
    return title * copies
'''


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOKEN", "s3cret")
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools/shop.py").write_text(MODULE)
    (tmp_path / "a.yaml").write_text(AGENT)
    return tmp_path / "a.yaml"


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        return report_failure(result.exception), result.stdout, result.stderr
    return result.exit_code, result.stdout, result.stderr


def test_lists_what_the_model_sees_and_where_it_comes_from(agent: Path) -> None:
    code, out, err = run(str(agent))
    lookup, order, ticket, hang_up, far = out.rstrip("\n").split("\n\n")
    place = agent.parent / "tools/shop.py"
    assert (code, err) == (0, "")
    assert lookup.splitlines() == [
        "lookup",
        "  Look it up.",
        "  - order (string): its number.",
        f"  from: python tools.shop:lookup ({place}:4)",
        "  read, 10 s",
    ]
    assert "  - copies (integer, optional) " + '{"default": 1}' in order
    assert order.endswith("write, the same call runs once, needs the consent of the caller, 1 s")
    assert "  Open a ticket for Harbour.\n" in ticket
    assert "from: http POST ***" in ticket
    assert "from: builtin hang_up" in hang_up
    assert far.startswith("far\n")
    assert "s3cret" not in out


def test_lists_as_json(agent: Path) -> None:
    code, out, _ = run(str(agent), "--format", "json", "--var", "shop=Corner")
    listed = json.loads(out)
    assert (code, listed["agent"], listed["hosted"]) == (0, "a", ["far"])
    assert [tool["name"] for tool in listed["tools"]] == ["lookup", "order", "post_ticket", "hang_up"]
    assert listed["tools"][2]["description"] == "Open a ticket for Corner."
    assert listed["tools"][1]["parameters"]["required"] == ["title"]


def test_runs_a_tool_and_prints_its_envelope(agent: Path) -> None:
    code, out, err = run(str(agent), "call", "lookup", '{"order": "A1"}')
    assert (code, json.loads(out)) == (0, {"outcome": "ok", "tool": "lookup", "result": {"order": "A1"}})
    assert err.startswith("in the tool\nok after ")


def test_a_tool_gets_a_call(agent: Path) -> None:
    code, out, err = run(str(agent), "call", "order", '{"title": "Emma", "copies": 2}', "--caller", "+1")
    assert (code, json.loads(out)["result"]) == (0, "EmmaEmma")
    assert "the agent would say: Ordering for +1 at Harbour.\n" in err
    assert run(str(agent), "call", "hang_up")[0] == 0


def test_a_result_has_the_bound_of_the_file(agent: Path) -> None:
    _, out, _ = run(str(agent), "call", "order", '{"title": "Emma", "copies": 200}')
    assert len(out.rstrip("\n").encode()) <= 300
    assert "cut" in json.loads(out)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("order", '{"title": "nothing"}'), "tool_error"),
        (("order", '{"titel": "Emma"}'), "invalid_arguments"),
        (("order", "Emma"), "invalid_arguments"),
        (("order",), "invalid_arguments"),
        (("post_ticket", '{"subject": "x"}'), "host_refused"),
    ],
)
def test_an_outcome_that_is_not_ok_leaves_with_1(agent: Path, arguments: tuple[str, ...], code: str) -> None:
    exit_code, out, _ = run(str(agent), "call", *arguments)
    assert (exit_code, json.loads(out)["error"]["code"]) == (1, code)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("call", "lokup", "{}"), "there is no tool `lokup`; did you mean `lookup`?"),
        (("call", "xyz"), "there are: lookup, order, post_ticket, hang_up"),
        (("call",), "name the tool to call"),
        (("run", "lookup"), "`run` is not `call`"),
    ],
)
def test_wrong_usage_leaves_with_2(agent: Path, arguments: tuple[str, ...], message: str) -> None:
    code, out, err = run(str(agent), *arguments)
    assert (code, out, message in err) == (2, "", True)


def test_an_agent_without_tools(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("version: 1\ninstructions: Talk.\n")
    assert run(str(tmp_path / "b.yaml")) == (0, "`b` has no tools\n", "")
    assert run(str(tmp_path / "c.yaml"))[0] == 2


def test_an_mcp_server_that_does_not_start_leaves_with_4(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(
        "version: 1\ninstructions: Talk.\ntools: [{builtin: hang_up}]\n"
        "mcp_servers: [{label: desk, command: [python, -c, 'raise SystemExit(3)']}]\n"
    )
    code, out, err = run(str(tmp_path / "b.yaml"))
    assert (code, out.startswith("hang_up\n")) == (4, True)
    assert "agentrun: the MCP server `desk` cannot be used: " in err
    assert run(str(tmp_path / "b.yaml"), "call", "desk_look_up", "{}")[0] == 4
    assert run(str(tmp_path / "b.yaml"), "call", "hang_up")[0] == 0


def test_a_tool_of_an_mcp_server(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    server = f"{{label: desk, command: [python, '{root}/tests/tools/mcp/desk_server.py']}}"
    (tmp_path / "b.yaml").write_text(f"version: 1\ninstructions: Talk.\nmcp_servers: [{server}]\n")
    code, out, _ = run(str(tmp_path / "b.yaml"), "call", "desk_look_up", '{"order": "A1"}')
    assert (code, json.loads(out)["result"]) == (0, {"order": "A1", "status": "shipped"})
