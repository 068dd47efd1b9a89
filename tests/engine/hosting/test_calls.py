"""Calls of hosted tools, event by event: approval, running, failing, and what the mind reads of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentrun.engine.effects import Generate, HostedToolReturned, RunHostedTool, Speak, StopHosted
from agentrun.engine.hosting.calls import MAX_RUNNING
from agentrun.engine.hosting.values import HostedError
from agentrun.engine.seams import Call, Say
from agentrun.wire.json import JsonObject
from tests.engine.hosting.kit import HostingSession, make_server, make_tool
from tests.engine.kit import error_of, last, names

NEVER = make_server(require_approval="never")
CALL_WRITTEN = [
    "response.output_item.added",
    "conversation.item.added",
    "response.mcp_call_arguments.delta",
    "response.mcp_call_arguments.done",
]
ENDED = ["conversation.item.done", "response.output_item.done"]
DONE = ["response.done", "rate_limits.updated"]


def respond(session: HostingSession, **overrides: Any) -> list[JsonObject]:
    return session.send("response.create", response=overrides)


def ask_approval() -> tuple[HostingSession, str]:
    """Return a session with an open approval request, and its id."""
    session = HostingSession([[Call("search", {"q": "x"})]])
    session.update(tools=[make_server()])
    events = respond(session)
    return session, last(events, "response.done")["response"]["output"][0]["id"]


def view(session: HostingSession) -> list[JsonObject]:
    """Return what the mind would read now."""
    respond(session)
    return list(session.prompts[-1].items)


def test_a_call_without_approval() -> None:
    session = HostingSession([[Call("search", {"q": "opening hours"})]], returns=["From 9 to 5."])
    session.update(tools=[NEVER])
    events = respond(session)
    # the answer of the server is taken before the mind's end of moves here, so the call ends first
    assert names(events) == [
        "response.created",
        *CALL_WRITTEN,
        "response.mcp_call.in_progress",
        "response.mcp_call.completed",
        *ENDED,
        *DONE,
    ]
    added = last(events, "response.output_item.added")["item"]
    assert added["id"].startswith("mcp_")
    assert added == {
        "id": added["id"],
        "type": "mcp_call",
        "server_label": "docs",
        "name": "search",
        "approval_request_id": None,
        "output": None,
        "error": None,
        "arguments": "",
    }
    delta = last(events, "response.mcp_call_arguments.delta")
    assert delta["obfuscation"]
    assert last(events, "response.mcp_call_arguments.done")["arguments"] == '{"q": "opening hours"}'
    done = last(events, "response.output_item.done")["item"]
    assert done == {**added, "arguments": '{"q": "opening hours"}', "output": "From 9 to 5."}
    assert last(events, "response.done")["response"]["output"] == [done]


def test_a_response_may_end_before_its_call() -> None:
    session = HostingSession([[Call("search", {"q": "x"})], [Say("Still looking.")]], hold=(RunHostedTool,))
    session.update(tools=[NEVER])
    events = respond(session)
    assert names(events) == ["response.created", *CALL_WRITTEN, "response.mcp_call.in_progress", *DONE]
    assert last(events, "response.done")["response"]["output"][0]["output"] is None
    assert "response.created" in names(respond(session))  # the conversation goes on meanwhile
    after = session.answer()
    assert names(after) == [
        "response.mcp_call.completed",
        *ENDED,
    ]  # and nobody asks for a response but the client
    assert after[-1]["response_id"] == events[0]["response"]["id"]
    assert after[-1]["item"]["output"] == "ok"


def test_a_call_with_approval() -> None:
    session = HostingSession([[Call("search", {"q": "x"})]], returns=["Found."])
    session.update(tools=[make_server()])
    events = respond(session)
    assert names(events) == ["response.created", *CALL_WRITTEN, *ENDED, *DONE]
    request = last(events, "response.output_item.done")["item"]
    assert request == {
        "id": request["id"],
        "type": "mcp_approval_request",
        "server_label": "docs",
        "name": "search",
        "arguments": '{"q": "x"}',
    }
    assert request["id"].startswith("mcpr_")
    assert [type(order).__name__ for order in session.hosted] == ["ListHostedTools"]
    after = session.approve(request["id"], id="item_yes", reason="fine")
    assert names(after) == [
        "conversation.item.added",
        "conversation.item.done",
        "response.output_item.added",
        "conversation.item.added",
        "response.mcp_call.in_progress",
        "response.mcp_call.completed",
        *ENDED,
    ]
    assert after[0]["item"] == {
        "id": "item_yes",
        "type": "mcp_approval_response",
        "approval_request_id": request["id"],
        "approve": True,
        "reason": "fine",
    }
    call = after[-1]["item"]
    assert (call["approval_request_id"], call["output"]) == (request["id"], "Found.")
    assert call["arguments"] == request["arguments"]
    assert after[-1]["output_index"] == 0
    order = session.hosted[-1]
    assert isinstance(order, RunHostedTool)
    assert (order.tool, order.arguments) == ("search", {"q": "x"})


def test_a_call_that_is_denied() -> None:
    session, request_id = ask_approval()
    denied = session.approve(request_id, False, reason="Too expensive.")
    assert names(denied) == ["conversation.item.added", "conversation.item.done"]
    assert not any(isinstance(order, RunHostedTool) for order in session.hosted)
    call, output = view(session)
    assert (call["type"], call["name"], call["arguments"]) == ("function_call", "search", '{"q": "x"}')
    assert output["call_id"] == call["call_id"]
    assert json.loads(output["output"]) == {
        "outcome": "refused",
        "tool": "search",
        "error": {"code": "not_approved", "message": "The call was not approved: Too expensive."},
    }


def test_a_request_is_decided_once() -> None:
    session, request_id = ask_approval()
    session.approve(request_id)
    for unknown in (request_id, "mcpr_unknown"):
        error = error_of(session.approve(unknown))
        assert (error["code"], error["param"]) == ("invalid_value", "item.approval_request_id")


def test_a_deleted_request_cannot_be_approved() -> None:
    session, request_id = ask_approval()
    session.send("conversation.item.delete", item_id=request_id)
    assert error_of(session.approve(request_id))["param"] == "item.approval_request_id"


def test_an_approved_call_may_be_of_a_server_that_was_taken_away() -> None:
    session, request_id = ask_approval()
    session.update(tools=[])
    assert session.approve(request_id)[-1]["item"]["output"] == "ok"


def test_a_decision_at_an_unknown_place_decides_nothing() -> None:
    session, request_id = ask_approval()
    item = {"type": "mcp_approval_response", "approval_request_id": request_id, "approve": True}
    error_of(session.send("conversation.item.create", item=item, previous_item_id="item_nowhere"))
    assert names(session.approve(request_id))[-1] == "response.output_item.done"


@pytest.mark.parametrize(
    ("rule", "asked"),
    [
        (None, ["look", "change"]),
        ("always", ["look", "change"]),
        ("never", []),
        ({"never": {"read_only": True}}, ["change"]),
        ({"never": {"tool_names": ["change"]}}, ["look"]),
        ({"always": {"tool_names": ["change"]}}, ["look", "change"]),
        ({"always": {"tool_names": ["change"]}, "never": {"tool_names": ["change", "look"]}}, ["change"]),
        ({"always": {"read_only": False}, "never": {"read_only": True}}, ["change"]),
        ({"never": {}}, ["look", "change"]),
    ],
)
def test_which_tools_need_approval(rule: Any, asked: list[str]) -> None:
    tools = (make_tool("look", read_only=True), make_tool("change"))
    session = HostingSession([[Call("look", {}), Call("change", {})]], listings={"docs": tools})
    session.update(tools=[make_server(require_approval=rule)])
    output = last(respond(session), "response.done")["response"]["output"]
    assert [item["name"] for item in output if item["type"] == "mcp_approval_request"] == asked


@pytest.mark.parametrize(
    ("error", "shown", "outcome"),
    [
        (
            HostedError("tool_execution_error", "No such order."),
            {"type": "tool_execution_error", "message": "No such order."},
            "failed",
        ),
        (
            HostedError("http_error", "status 403", 403),
            {"type": "http_error", "code": 403, "message": "status 403"},
            "failed",
        ),
        (
            HostedError("http_error", "status 502", 502),
            {"type": "http_error", "code": 502, "message": "status 502"},
            "unknown",
        ),
        (
            HostedError("protocol_error", "no such tool", -32602),
            {"type": "protocol_error", "code": -32602, "message": "no such tool"},
            "failed",
        ),
        (
            HostedError("protocol_error", "the connection was lost", -32000),
            {"type": "protocol_error", "code": -32000, "message": "the connection was lost"},
            "unknown",
        ),
    ],
)
def test_a_call_that_fails(error: HostedError, shown: JsonObject, outcome: str) -> None:
    session = HostingSession([[Call("drop", {"q": "x"})]], returns=[error])
    session.update(tools=[NEVER])
    events = respond(session)
    assert names(events)[-6:] == ["response.mcp_call.in_progress", "response.mcp_call.failed", *ENDED, *DONE]
    item = last(events, "response.output_item.done")["item"]
    assert (item["output"], item["error"]) == (None, shown)
    told = json.loads(view(session)[-1]["output"])
    assert (told["outcome"], told["tool"], told["error"]["code"]) == (outcome, "drop", shown["type"])
    assert told["error"]["message"].startswith(shown["message"])


def test_a_call_that_takes_too_long() -> None:
    session = HostingSession([[Call("drop", {})]], hold=(RunHostedTool,))
    session.update(tools=[NEVER])
    item_id = last(respond(session), "response.mcp_call.in_progress")["item_id"]
    assert session.core.deadline_ms == 60_000
    assert session.wake(59_999) == []
    events = session.wake(60_000)
    assert names(events) == ["response.mcp_call.failed", *ENDED]
    assert events[-1]["item"]["error"] == {
        "type": "protocol_error",
        "code": -32001,
        "message": "The tool did not answer within 60 seconds.",
    }
    assert session.hosted[-1] == StopHosted(item_id)
    assert session.answer() == []  # what comes later is not heard
    assert json.loads(view(session)[-1]["output"])["outcome"] == "unknown"


def test_an_answer_that_nobody_waits_for_changes_nothing() -> None:
    assert HostingSession().put(HostedToolReturned("mcp_unknown", "x")) == []


def test_a_call_of_a_response_that_is_broken_off_never_runs() -> None:
    session = HostingSession([[Say("One moment.", "commentary"), Call("search", {})]], hold=(Speak,))
    session.update(tools=[NEVER], output_modalities=["audio"])
    respond(session)
    events = session.send("response.cancel")
    item = last(events, "response.done")["response"]["output"][1]
    assert item["error"]["type"] == "tool_execution_error"
    assert "response.mcp_call.in_progress" not in names(events)
    assert not any(isinstance(order, RunHostedTool) for order in session.hosted)


def test_a_call_whose_arguments_are_cut_never_runs() -> None:
    session = HostingSession([[Call("search", {"q": "word " * 100})]])
    session.update(tools=[NEVER], max_output_tokens=20)
    response = last(respond(session), "response.done")["response"]
    assert (response["status"], response["output"][0]["error"]["type"]) == (
        "incomplete",
        "tool_execution_error",
    )
    assert not any(isinstance(order, RunHostedTool) for order in session.hosted)


def test_a_request_whose_arguments_are_cut_cannot_be_approved() -> None:
    session = HostingSession([[Call("search", {"q": "word " * 100})]])
    session.update(tools=[make_server()], max_output_tokens=20)
    request = last(respond(session), "response.done")["response"]["output"][0]
    assert len(request["arguments"]) < 100
    assert error_of(session.approve(request["id"]))["param"] == "item.approval_request_id"


def test_a_running_call_outlives_the_cancelling_of_its_response() -> None:
    session = HostingSession([[Call("search", {}), Say("Looking it up.")]], hold=(RunHostedTool, Speak))
    session.update(tools=[NEVER], output_modalities=["audio"])
    assert "response.done" not in names(respond(session))
    session.send("response.cancel")
    session.hold = ()
    assert names(session.answer())[:3] == ["response.mcp_call.completed", *ENDED]


def test_a_request_of_a_response_that_is_broken_off_can_be_approved() -> None:
    session = HostingSession([[Say("One moment.", "commentary"), Call("search", {})]], hold=(Speak,))
    session.update(tools=[make_server()], output_modalities=["audio"])
    respond(session)
    request = last(session.send("response.cancel"), "response.done")["response"]["output"][1]
    assert names(session.approve(request["id"]))[-1] == "response.output_item.done"


def test_two_calls_and_a_function_in_one_response() -> None:
    moves = [Call("search", {"q": "a"}), Call("own", {}), Call("drop", {"q": "b"})]
    session = HostingSession([moves], hold=(RunHostedTool,))
    session.update(tools=[NEVER, {"type": "function", "name": "own"}])
    output = last(respond(session), "response.done")["response"]["output"]
    assert [item["type"] for item in output] == ["mcp_call", "function_call", "mcp_call"]
    assert [order.tool for order in session.hosted if isinstance(order, RunHostedTool)] == ["search", "drop"]
    ended = [event["item"]["name"] for event in session.answer() if "output_item.done" in event["type"]]
    assert ended == ["search", "drop"]


def test_only_one_call_where_parallel_ones_are_off() -> None:
    session = HostingSession([[Call("search", {}), Call("drop", {})]])
    session.update(tools=[make_server()], parallel_tool_calls=False)
    assert len(last(respond(session), "response.done")["response"]["output"]) == 1


def test_too_many_calls_at_a_time() -> None:
    calls = [Call("search", {"q": str(number)}) for number in range(MAX_RUNNING + 1)]
    session = HostingSession([calls], hold=(RunHostedTool,))
    session.update(tools=[NEVER])
    events = respond(session)
    assert [event["type"] for event in events].count("response.mcp_call.failed") == 1
    assert len([order for order in session.hosted if isinstance(order, RunHostedTool)]) == MAX_RUNNING


def test_a_call_out_of_band() -> None:
    session = HostingSession([[Call("search", {})]], hold=(RunHostedTool,))
    session.update(tools=[NEVER])
    events = respond(session, conversation="none")
    item_id = last(events, "response.mcp_call.in_progress")["item_id"]
    assert names(session.send("conversation.item.retrieve", item_id=item_id)) == [
        "conversation.item.retrieved"
    ]
    ended = session.answer()
    assert names(ended) == ["response.mcp_call.completed", "response.output_item.done"]
    assert not any("conversation.item.added" in event["type"] for event in [*events, *ended])


def test_an_approval_out_of_band() -> None:
    session = HostingSession([[Call("search", {})]])
    session.update(tools=[make_server()])
    output = last(respond(session, conversation="none"), "response.done")["response"]["output"]
    after = session.approve(output[0]["id"])
    assert names(after)[2:] == [
        "response.output_item.added",
        "response.mcp_call.in_progress",
        "response.mcp_call.completed",
        "response.output_item.done",
    ]


def test_the_mind_reads_calls_as_functions() -> None:
    tools = (make_tool("a.b"),)
    session = HostingSession([[Call("a_b", {"q": "x"})]], listings={"docs": tools}, returns=["42"])
    session.update(tools=[NEVER])
    session.say("Ask it.")
    respond(session)
    said, call, output = view(session)
    assert said["role"] == "user"
    assert (call["type"], call["name"], call["arguments"]) == ("function_call", "a_b", '{"q": "x"}')
    assert output == {"type": "function_call_output", "call_id": call["call_id"], "output": "42"}


def test_the_mind_sees_what_is_still_open() -> None:
    session, request_id = ask_approval()
    pending = view(session)
    assert [item["type"] for item in pending][:1] == ["function_call"]
    assert not any(item.get("output") == "ok" for item in pending)
    session.approve(request_id)
    call, output = view(session)
    assert (call["call_id"], output["call_id"], output["output"]) == (request_id, request_id, "ok")


def test_a_call_whose_request_is_forgotten_speaks_for_itself() -> None:
    session, request_id = ask_approval()
    session.approve(request_id)
    session.send("conversation.item.delete", item_id=request_id)
    call, output = view(session)
    assert (call["type"], output["call_id"]) == ("function_call", call["call_id"])


def test_outputs_count_as_tokens_once_they_are_there() -> None:
    session = HostingSession([[Call("search", {})]], hold=(RunHostedTool,), returns=["word " * 400])
    session.update(tools=[NEVER])
    respond(session)
    before = last(respond(session), "response.done")["response"]["usage"]["input_tokens"]
    session.answer()
    after = last(respond(session), "response.done")["response"]["usage"]["input_tokens"]
    assert after >= before + 500


def test_a_session_that_is_over_starts_nothing() -> None:
    session = HostingSession([[Call("search", {})]], hold=(Generate,), limit_ms=1000)
    session.update(tools=[NEVER])
    respond(session)
    session.wake(1000)
    assert session.answer() == []
    assert not any(isinstance(order, RunHostedTool) for order in session.hosted)
