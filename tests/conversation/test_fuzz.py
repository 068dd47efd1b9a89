"""Whatever a server sends, legal or not, the conversation does not raise and does not spin."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args, get_type_hints

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from agentrun.conversation.inputs import (
    CallerAudio,
    CallerDigit,
    CallerImage,
    CallerLeft,
    CallerPlayed,
    CallerText,
    HangUpRequested,
    LinkDown,
    LinkUp,
    SayRequested,
    StopRequested,
    ToolFinished,
    ToolProgressed,
    ToolsOffered,
    Wake,
)
from agentrun.conversation.machine import Conversation
from agentrun.outcome import ToolOutcome
from agentrun.plan import CallPlan, McpAddress, McpServer
from agentrun.wire import server
from agentrun.wire.codec import SERVER_EVENTS
from tests.conversation.plans import HANG_UP, WAITING, make_plan, make_tool

IDS = st.sampled_from(("", "resp_1", "resp_2", "item_1", "call_1", "call_2", "agentrun_2", "agentrun_3"))
WORDS = st.sampled_from(
    ("message", "function_call", "completed", "failed", "cancelled", "incomplete", "lookup", "placeholder")
)
SCALARS = st.none() | st.booleans() | st.integers(-9, 9_999) | IDS | WORDS
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(IDS, inner, max_size=2), max_leaves=4
)
KEYS = ("id", "type", "status", "name", "call_id", "arguments", "usage", "metadata", "code", "event_id")
OBJECTS = st.dictionaries(st.sampled_from((*KEYS, "status_details", "agentrun", "error")), VALUES, max_size=8)
RESPONSES = st.fixed_dictionaries(
    {"id": IDS, "status": WORDS | SCALARS},
    optional={
        "metadata": st.fixed_dictionaries({}, optional={"agentrun": WORDS, "agentrun_request": IDS}) | VALUES,
        "usage": OBJECTS,
        "status_details": OBJECTS,
    },
)
ITEMS = st.fixed_dictionaries(
    {
        "id": IDS,
        "type": st.sampled_from(
            ("message", "function_call", "mcp_call", "mcp_approval_request", "mcp_list_tools")
        ),
    },
    optional={
        "call_id": IDS | VALUES,
        "name": WORDS,
        "arguments": VALUES,
        "status": WORDS,
        "output": VALUES,
        "error": OBJECTS,
        "approval_request_id": IDS,
    },
)


def _values(name: str, hint: Any) -> st.SearchStrategy[Any]:
    if name in ("response", "item"):
        return OBJECTS | (RESPONSES if name == "response" else ITEMS)
    kinds = [kind for kind in (get_args(hint) or (hint,)) if kind is not type(None)]
    if str in kinds:
        return IDS
    if bytes in kinds:
        return st.sampled_from((b"", b"\0", bytes(4800)))
    if int in kinds or float in kinds:
        return st.integers(-5, 5_000)
    return OBJECTS if "dict" in str(hint) else st.lists(OBJECTS, max_size=1)


def _events(cls: type[Any]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(cls)
    names = [each.name for each in dataclasses.fields(cls) if each.name != "event_id"]
    return st.builds(cls, **{name: _values(name, hints[name]) for name in names})


SERVER = st.one_of([_events(cls) for cls in SERVER_EVENTS.values()])
LIKELY = st.one_of(
    [
        _events(cls)
        for cls in (
            server.ResponseCreated,
            server.ResponseDone,
            server.ResponseOutputItemDone,
            server.ResponseMcpCallInProgress,
            server.ResponseMcpCallCompleted,
            server.ResponseOutputAudioDelta,
            server.ResponseOutputTextDelta,
            server.Error,
        )
    ]
)
OTHERS = st.one_of(
    st.builds(CallerText, st.text(max_size=5)),
    st.builds(CallerAudio, st.binary(max_size=5)),
    st.builds(CallerPlayed, IDS, st.integers(-100, 10_000)),
    st.builds(CallerDigit, st.sampled_from("0123456789*#ABCD")),
    st.builds(CallerImage, st.text(max_size=5)),
    st.builds(ToolFinished, st.builds(ToolOutcome, IDS, WORDS, st.just("ok"), VALUES)),
    st.builds(SayRequested, st.text(max_size=5)),
    st.builds(ToolProgressed, IDS, st.text(max_size=5)),
    st.builds(ToolsOffered, st.sampled_from(((), (make_tool("desk_a"),)))),
    st.sampled_from((HangUpRequested(), LinkUp(), Wake(), Wake(), server.SessionUpdated({}))),
    st.sampled_from(
        (Wake(), LinkDown("gone"), CallerLeft(), StopRequested(), Wake(), Wake(), Wake(), Wake())
    ),
)
SERVERS = (McpServer("desk", McpAddress(url="https://a.example.com/mcp"), make_tool("")),)
PLANS = st.sampled_from(
    (
        make_plan(make_tool(placeholder=WAITING), HANG_UP),
        dataclasses.replace(make_plan(make_tool(confirm="caller")), mcp_servers=SERVERS),
        make_plan(make_tool(deliver="interrupt", on_interrupt="cancel"), turn_detection=None, text_only=True),
    )
)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(PLANS, st.lists(st.tuples(SERVER | LIKELY | OTHERS, st.sampled_from((0, 20, 900))), max_size=30))
def test_arbitrary_inputs_never_raise(plan: CallPlan, inputs: list[tuple[Any, int]]) -> None:
    conversation = Conversation(plan, "call_1")
    now_ms = 0
    conversation.handle(LinkUp(), now_ms)
    conversation.handle(server.SessionUpdated(plan.session), now_ms)
    for event, after_ms in inputs:
        now_ms += after_ms
        conversation.handle(event, now_ms)
        if isinstance(event, Wake):
            deadline_ms = conversation.deadline_ms
            assert deadline_ms is None or deadline_ms > now_ms
