"""Calls that the provider makes: told once, after the response and after all of them."""

from __future__ import annotations

from typing import Any

import pytest

from agentrun.conversation.hosted import CALL_LIMIT_MS
from agentrun.conversation.inputs import CallerText, Wake
from agentrun.conversation.reports import ErrorReported, ToolCalled, ToolReturned
from agentrun.wire import client, server
from agentrun.wire.json import JsonObject
from tests.conversation.plans import make_plan
from tests.conversation.rig import Rig


def live() -> Rig:
    rig = Rig.live(make_plan(text_only=True))
    rig.take(CallerText("Search."))
    rig.created("r1")
    return rig


def make_call(item_id: str = "mcp_1", **members: Any) -> JsonObject:
    item = {
        "id": item_id,
        "type": "mcp_call",
        "server_label": "docs",
        "name": "search",
        "arguments": '{"q": 1}',
    }
    return {**item, "output": None, "error": None, **members}


def start(rig: Rig, item_id: str = "mcp_1") -> None:
    rig.take(server.ResponseOutputItemAdded("r1", 0, make_call(item_id, arguments="")))
    rig.take(server.ResponseMcpCallArgumentsDone("r1", item_id, 0, '{"q": 1}'))
    rig.take(server.ResponseMcpCallInProgress(item_id, 0))


def end(rig: Rig, item_id: str = "mcp_1", **members: Any) -> list[str]:
    kind = server.ResponseMcpCallFailed if members.get("error") else server.ResponseMcpCallCompleted
    told = rig.take(kind(item_id, 0))
    return told + rig.take(server.ResponseOutputItemDone("r1", 0, make_call(item_id, **members)))


def test_what_came_of_calls_is_told_after_the_response_and_after_the_last_of_them() -> None:
    rig = live()
    start(rig, "mcp_1")
    start(rig, "mcp_2")
    assert "create results" not in end(rig, "mcp_1", output="one")
    assert "create results" not in rig.done("r1")
    assert not rig.conversation.is_idle
    told = end(rig, "mcp_2", output="two")
    assert told.count("create results") == 1
    assert [report.arguments for report in rig.pick(ToolCalled)] == [{"q": 1}, {"q": 1}]
    assert [(report.tool, report.result) for report in rig.pick(ToolReturned)] == [
        ("docs_search", "one"),
        ("docs_search", "two"),
    ]


def test_a_call_that_ended_in_its_response_is_told_when_that_is_over() -> None:
    rig = live()
    start(rig)
    assert "create results" not in end(rig, output="one")
    assert rig.done("r1").count("create results") == 1
    # the same item is announced in more than one way
    assert rig.take(server.ConversationItemDone(None, make_call(output="one"))) == []


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ({"type": "tool_execution_error", "message": "no"}, "failed"),
        ({"type": "http_error", "code": 403, "message": "no"}, "failed"),
        ({"type": "http_error", "code": 503, "message": "no"}, "unknown"),
        ({"type": "protocol_error", "code": -32000, "message": "no"}, "unknown"),
    ],
)
def test_what_is_certain_of_a_failure(error: JsonObject, outcome: str) -> None:
    rig = live()
    start(rig)
    end(rig, error=error)
    assert [report.outcome for report in rig.pick(ToolReturned)] == [outcome]
    assert "create results" in rig.done("r1")


def test_a_call_that_never_ends_is_given_up() -> None:
    rig = live()
    start(rig)
    rig.done("r1")
    assert rig.conversation.deadline_ms == rig.now_ms + CALL_LIMIT_MS
    assert "create results" in rig.take(Wake(), CALL_LIMIT_MS)
    assert [report.outcome for report in rig.pick(ToolReturned)] == ["unknown"]


def request(rig: Rig, item_id: str, response_id: str) -> list[str]:
    item = {
        "id": item_id,
        "type": "mcp_approval_request",
        "server_label": "docs",
        "name": "drop",
        "arguments": "{}",
    }
    rig.take(server.ConversationItemAdded(None, {**item, "arguments": ""}))
    rig.take(server.ConversationItemDone(None, item))
    rig.take(server.ResponseOutputItemDone(response_id, 0, item))
    return rig.done(response_id)


def decisions(rig: Rig) -> list[tuple[str, bool]]:
    items = [event.item for event in rig.pick(client.ConversationItemCreate)]
    return [(i["approval_request_id"], i["approve"]) for i in items if i["type"] == "mcp_approval_response"]


def test_a_request_for_approval_is_the_callers_to_decide() -> None:
    rig = live()
    told = request(rig, "mcpr_1", "r1")
    assert told.count("create results") == 1  # the model reads why, and asks the caller
    rig.created("r2")
    rig.writes("Shall I drop it?", "r2")
    rig.done("r2")
    rig.take(CallerText("Yes."))
    rig.created("r3")
    assert "create results" not in request(rig, "mcpr_2", "r3")
    assert decisions(rig) == [("mcpr_1", False), ("mcpr_2", True)]
    assert not rig.conversation.is_idle  # the provider is about to begin
    rig.take(server.ConversationItemAdded(None, make_call("mcp_9", approval_request_id="mcpr_2")))
    rig.take(server.ResponseMcpCallInProgress("mcp_9", 0))
    assert "create results" in end(rig, "mcp_9", output="dropped", approval_request_id="mcpr_2")


def test_an_approved_call_that_the_provider_never_begins_is_given_up() -> None:
    rig = live()
    request(rig, "mcpr_1", "r1")
    rig.created("r2")
    rig.writes("Shall I drop it?", "r2")
    rig.done("r2")
    rig.take(CallerText("Yes."))
    rig.created("r3")
    request(rig, "mcpr_2", "r3")
    assert "create results" in rig.take(Wake(), CALL_LIMIT_MS)
    assert rig.pick(ToolReturned) == []


def test_a_server_whose_tools_cannot_be_listed_is_named() -> None:
    rig = live()
    item = {"id": "mcpl_1", "type": "mcp_list_tools", "server_label": "docs", "tools": []}
    rig.take(server.ConversationItemAdded(None, item))
    rig.take(server.McpListToolsFailed("mcpl_1"))
    (report,) = rig.pick(ErrorReported)
    assert report.code == "mcp_server_unavailable"
    assert "`docs`" in report.message
