from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agentrun.compiler.diff import Change, compare_plans, render_diff
from agentrun.plan import (
    BROWSER,
    CallPlan,
    Greeting,
    HttpTarget,
    Limits,
    McpAddress,
    McpServer,
    McpTarget,
    ModelTarget,
    Placeholder,
    PythonTarget,
    ToolBinding,
)
from agentrun.secret import Secret

TOOL = ToolBinding("look", "Look it up.", {"type": "object"}, PythonTarget("tools.a", "look", "/here"))
SEEN = {"name": "look", "description": "Look it up.", "parameters": {"type": "object"}}
PLAN = CallPlan(
    "a",
    BROWSER,
    ModelTarget("m", api_key=Secret("one")),
    {"model": "m", "instructions": "Help.", "audio": {"output": {}}, "tools": [SEEN]},
    (TOOL,),
)


def tell(after: CallPlan, before: CallPlan = PLAN) -> tuple[str, ...]:
    return compare_plans(before, after).caller


def session(**changes: Any) -> CallPlan:
    return replace(PLAN, session={**PLAN.session, **changes})


def tool(**changes: Any) -> CallPlan:
    return replace(PLAN, tools=(replace(TOOL, **changes),))


def test_equal_plans_and_other_places_of_the_project_are_no_difference() -> None:
    diff = compare_plans(PLAN, tool(target=PythonTarget("tools.a", "look", "/there")))
    assert not diff
    assert diff.caller == ()
    assert render_diff(diff) == "nothing changes\n"


def test_changes_have_their_place_and_tools_their_name() -> None:
    after = session(tools=[{**SEEN, "name": "new"}, {**SEEN, "description": "x"}], speed=1)
    diff = compare_plans(PLAN, after)
    assert diff.wire == (
        Change("session.tools[look].description", "changed", "Look it up.", "x"),
        Change("session.tools[new]", "added", None, {**SEEN, "name": "new"}),
        Change("session.speed", "added", None, 1),
    )
    assert sorted(one.kind for one in compare_plans(after, PLAN).wire) == ["changed", "removed", "removed"]
    assert compare_plans(session(a=1), session(a=True)).wire == (Change("session.a", "changed", 1, True),)


def test_the_order_of_tools_is_on_the_wire() -> None:
    two = (TOOL, replace(TOOL, name="b"))
    before, after = replace(PLAN, tools=two), replace(PLAN, tools=two[::-1])
    assert compare_plans(before, after).wire == (
        Change("session.tools", "changed", ["look", "b"], ["b", "look"]),
    )


def test_secrets_are_compared_and_not_shown() -> None:
    diff = compare_plans(PLAN, replace(PLAN, model=ModelTarget("m", api_key=Secret("two"))))
    assert diff.inside == (Change("model.api_key", "changed", "***", "***"),)
    assert diff.wire == ()


def test_what_only_agentrun_does_is_inside() -> None:
    assert compare_plans(PLAN, tool(timeout_ms=500)).inside == (
        Change("tools[look].timeout_ms", "changed", 10_000, 500),
    )


def test_control_characters_stay_harmless() -> None:
    text = render_diff(compare_plans(PLAN, session(instructions="a\x1b[2J\nb\u202e")))
    assert "\x1b" not in text
    assert "\u202e" not in text


GREETING = Greeting(say="Hello.")


@pytest.mark.parametrize(
    ("after", "sentence"),
    [
        (replace(PLAN, greeting=GREETING), "the agent speaks first: “Hello.”"),
        (
            session(instructions="Help.\nNow."),
            "the agent follows other instructions (1 line added, 0 lines removed)",
        ),
        (replace(PLAN, language="ko"), "the agent's own phrases are in `ko` instead of the default"),
        (
            session(audio={"output": {"voice": "cedar", "speed": 1.1}}),
            "the agent speaks with the voice `cedar` instead of the default",
        ),
        (session(output_modalities=["text"]), "the agent answers with `text` instead of the default"),
        (
            session(audio={"input": {"turn_detection": {"type": "server_vad", "create_response": True}}}),
            "the end of the caller's turn is found by `server_vad` (create_response yes) instead",
        ),
        (
            session(audio={"input": {"noise_reduction": {"type": "near_field"}}}),
            "noise is reduced by `near_field` instead of the default",
        ),
        (
            session(reasoning={"effort": "high"}),
            "before it speaks the model thinks with effort `high` instead",
        ),
        (replace(PLAN, tools=()), "the agent can no longer use the tool `look`"),
        (
            replace(PLAN, tools=(TOOL, replace(TOOL, name="two"))),
            "the agent can use the tool `two`: Look it up.",
        ),
        (tool(description="x"), "`look`: the model reads another description of when to use it"),
        (tool(parameters={}), "`look`: it takes other arguments"),
        (tool(target=HttpTarget("GET", "https://a.b")), "`look`: it is carried out in another way"),
        (
            tool(placeholder=Placeholder("Wait.")),
            "`look`: while it runs the caller hears “Wait.” after 0.8 s, then every 6 s",
        ),
        (tool(timeout_ms=60_000), "`look`: the wait ends after 1 min instead of 10 s"),
        (tool(deliver="silent"), "`look`: its result is told `silent` instead of `when_idle`"),
        (replace(PLAN, limits=Limits(max_duration_ms=90_000)), "a call ends after 90 s instead of 60 min"),
    ],
)
def test_what_the_caller_notices(after: CallPlan, sentence: str) -> None:
    assert tell(after)[0].startswith(sentence)


def serve(cwd: str = "/here", **changes: Any) -> CallPlan:
    """Return the plan with an MCP server that agentrun starts."""
    address = McpAddress(command=("serve",), cwd=cwd)
    rules = ToolBinding("", "", {}, McpTarget(address, ""), **changes)
    return replace(PLAN, mcp_servers=(McpServer("calendar", address, rules),))


def test_mcp_servers_come_go_and_change() -> None:
    hosted = session(tools=[SEEN, {"type": "mcp", "server_label": "shop", "server_url": "https://a.b"}])
    moved = session(tools=[SEEN, {"type": "mcp", "server_label": "shop", "server_url": "https://c.d"}])
    assert tell(hosted) == ("the agent can use the tools of the MCP server `shop`",)
    assert tell(serve()) == ("the agent can use the tools of the MCP server `calendar`",)
    assert tell(PLAN, serve()) == ("the agent can no longer use the tools of the MCP server `calendar`",)
    changed = "the tools of the MCP server `{}`, or the rules for them, may be others"
    assert tell(moved, hosted) == (changed.format("shop"),)
    assert tell(serve(deliver="silent"), serve()) == (changed.format("calendar"),)
    (change,) = compare_plans(serve(), serve(timeout_ms=5000)).inside
    assert change == Change("mcp_servers[calendar].rules.timeout_ms", "changed", 10000, 5000)


def test_a_server_of_a_project_that_lies_elsewhere_is_the_same() -> None:
    diff = compare_plans(serve(), serve("/there"))
    assert not diff
    assert diff.caller == ()


def test_greetings_and_placeholders_that_go() -> None:
    before = replace(tool(placeholder=Placeholder(instructions="bridge", most=1)), greeting=GREETING)
    assert tell(PLAN, before) == (
        "the agent no longer speaks first: it waits for the caller",
        "`look`: while it runs the caller hears nothing",
    )
    assert tell(before)[-1] == "`look`: while it runs the caller hears words found by the model after 0.8 s"
    other = Greeting(instructions="greet", interruptible=False)
    assert tell(replace(PLAN, greeting=other), replace(PLAN, greeting=GREETING)) == (
        "the first words are found by the model (“greet”) instead of “Hello.”",
        "the caller cannot interrupt the greeting",
    )
