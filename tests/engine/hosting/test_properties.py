"""What holds of hosted calls whatever the order of events."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agentrun.engine.effects import Generate, HostedToolReturned, ListHostedTools, RunHostedTool, Wake
from agentrun.engine.hosting.values import HostedError
from agentrun.engine.seams import Call, Move, Say
from tests.engine.hosting.kit import HostingSession, make_server

MOVE: st.SearchStrategy[Move] = st.sampled_from(
    [Say("Hm.", "commentary"), Say("Yes."), Call("search", {"q": "x"}), Call("drop", {}), Call("own", {})]
)
STEP = st.sampled_from(
    ["respond", "aside", "answer", "approve", "deny", "cancel", "wait", "update", "remove", "failing"]
)
FAILED = HostedError("protocol_error", "lost", -32000)
OWN = {"type": "function", "name": "own"}


@given(st.lists(st.lists(MOVE, max_size=4), max_size=6), st.lists(STEP, max_size=25), st.booleans())
def test_every_call_ends_once_and_runs_only_if_it_may(
    script: list[list[Move]], steps: list[str], asked: bool
) -> None:
    session = HostingSession(script)
    rule = {"always": {"tool_names": ["search"]}, "never": {"tool_names": ["drop"]}} if asked else "never"
    server = make_server(require_approval=rule)
    session.update(tools=[server, OWN])
    for step in steps:
        session.hold = (Generate, ListHostedTools, RunHostedTool)
        take_step(session, step, server)
    session.answer()
    check_events(session, asked)


def take_step(session: HostingSession, step: str, server: Any) -> None:
    match step:
        case "respond":
            session.send("response.create")
        case "aside":
            session.send("response.create", response={"conversation": "none"})
        case "answer":
            session.answer()
        case "failing":
            for order in [order for order in session.held if isinstance(order, RunHostedTool)]:
                session.put(HostedToolReturned(order.item_id, "", FAILED))
        case "approve" | "deny":
            for request_id in find_requests(session)[-1:]:
                session.approve(request_id, step == "approve")
        case "cancel":
            session.send("response.cancel")
        case "wait":
            session.now_ms += 20_000
            session.put(Wake())
        case "update":
            session.update(tools=[server, OWN])
        case "remove":
            session.update(tools=[OWN])


def find_requests(session: HostingSession) -> list[str]:
    return [
        event["item"]["id"]
        for event in session.events
        if event["type"] == "response.output_item.done" and event["item"]["type"] == "mcp_approval_request"
    ]


def check_events(session: HostingSession, asked: bool) -> None:
    counted = Counter((event["type"], event.get("item_id")) for event in session.events)
    items = Counter(
        (event["type"], event["item"]["id"]) for event in session.events if "output_item" in event["type"]
    )
    assert set(items.values()) <= {1}
    started = {item for kind, item in counted if kind == "response.mcp_call.in_progress"}
    ended = Counter(
        item
        for (kind, item), times in counted.items()
        for _ in range(times)
        if kind in ("response.mcp_call.completed", "response.mcp_call.failed")
    )
    assert set(ended) == started
    assert set(ended.values()) <= {1}
    assert {item for kind, item in items if kind.endswith("added")} == {
        item for kind, item in items if kind.endswith("done")
    }
    approved = {
        event["item"]["approval_request_id"]
        for event in session.events
        if event["type"] == "conversation.item.done"
        and event["item"]["type"] == "mcp_approval_response"
        and event["item"]["approve"]
    }
    for event in session.events:
        if event["type"] == "response.output_item.done" and event["item"]["type"] == "mcp_call":
            item = event["item"]
            assert (item["output"] is None) != (item["error"] is None)
            needed = asked and item["name"] == "search"
            assert (item["approval_request_id"] in approved) == needed
