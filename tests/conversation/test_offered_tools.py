"""Tools that come and go while a call goes on."""

from __future__ import annotations

import dataclasses
from typing import Any

from agentrun.conversation.inputs import CallerText, LinkUp, ToolProgressed, ToolsOffered, Wake
from agentrun.conversation.reports import ErrorReported
from agentrun.plan import CallPlan, McpAddress, McpServer
from agentrun.wire import client, server
from tests.conversation.plans import WAITING, make_plan, make_tool
from tests.conversation.rig import Rig

ADDRESS = McpAddress(url="https://a.example.com/mcp")


def make_mcp_plan(**session: Any) -> CallPlan:
    plan = make_plan(make_tool("own"), text_only=True)
    servers = (McpServer("desk", ADDRESS, make_tool("")),)
    session = {**plan.session, "tools": [plan.tools[0].declare()], **session}
    return dataclasses.replace(plan, mcp_servers=servers, session=session)


def sent(rig: Rig) -> list[tuple[list[str], Any]]:
    updates = [event.session for event in rig.pick(client.SessionUpdate)]
    return [([tool["name"] for tool in one["tools"]], one.get("tool_choice")) for one in updates]


def test_tools_that_are_known_stand_in_the_first_session_and_others_join_later() -> None:
    rig = Rig(make_mcp_plan())
    rig.take(ToolsOffered((make_tool("desk_a"),)))
    rig.take(LinkUp())
    rig.take(server.SessionUpdated(rig.pick(client.SessionUpdate)[-1].session))
    assert rig.take(ToolsOffered((make_tool("desk_a"),))) == []
    rig.take(ToolsOffered((make_tool("desk_a"), make_tool("desk_b"))))
    assert sent(rig) == [(["own", "desk_a"], None), (["own", "desk_a", "desk_b"], None)]
    assert set(rig.pick(client.SessionUpdate)[-1].session) == {"type", "tools"}


def test_a_tool_that_joined_is_run_and_one_that_went_is_not() -> None:
    rig = Rig.live(make_mcp_plan())
    rig.take(ToolsOffered((make_tool("desk_a"),)))
    rig.take(CallerText("Do it."))
    rig.created("r1")
    rig.calls("c1", "desk_a", "r1")
    assert "StartTool c1" in rig.done("r1")
    rig.take(ToolsOffered(()))
    rig.created("r2", own=True)
    rig.calls("c2", "desk_a", "r2")
    assert "StartTool c2" not in rig.done("r2")


def test_a_choice_of_a_tool_waits_for_the_tool() -> None:
    choice = {"type": "function", "name": "desk_a"}
    rig = Rig.live(make_mcp_plan(tool_choice=choice))
    rig.take(ToolsOffered((make_tool("desk_a"),)))
    assert sent(rig) == [(["own"], "auto"), (["own", "desk_a"], choice)]


def test_an_update_that_is_not_taken_over_is_told_and_the_call_goes_on() -> None:
    rig = Rig.live(make_mcp_plan())
    rig.take(ToolsOffered((make_tool("desk_a"),)))
    rig.take(server.SessionUpdated({"type": "realtime", "tools": [{"name": "own"}]}))
    assert [report.code for report in rig.pick(ErrorReported)][-1:] == ["field_not_applied"]
    rig.take(ToolsOffered(()))
    rig.error("invalid_tools", rig.pick(client.SessionUpdate)[-1].event_id)
    assert rig.take(CallerText("Hello?")).count("create turn") == 1


def test_news_of_a_tool_stand_in_for_the_next_placeholder() -> None:
    rig = Rig.live(make_plan(make_tool(placeholder=WAITING), text_only=True))
    rig.take(CallerText("Look."))
    rig.created("r1")
    rig.calls("c1", "lookup", "r1")
    rig.done("r1")
    rig.take(ToolProgressed("c1", "Half of the shelves are searched."))
    rig.take(Wake(), 800)
    assert "One moment." in (rig.pick(client.ResponseCreate)[-1].response or {})["instructions"]
    rig.created("p1")
    rig.writes("One moment.", "p1")
    rig.done("p1")
    rig.take(Wake(), 6100)
    assert "Half of the shelves" in (rig.pick(client.ResponseCreate)[-1].response or {})["instructions"]
    rig.take(ToolProgressed("c9", "nobody asked"))
