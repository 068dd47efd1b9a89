"""What a chat server is asked."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.engine.responders.chat.request import PENDING, build_messages, build_request
from agentrun.engine.seams import Prompt
from agentrun.wire.json import JsonObject

NOW = datetime.datetime(2026, 11, 21, 9, 0, tzinfo=datetime.UTC)
TOOL = {
    "type": "function",
    "name": "lookup",
    "description": "Find an order",
    "parameters": {"type": "object"},
}


def ask(*items: JsonObject, **members: Any) -> Prompt:
    given: dict[str, Any] = {
        "instructions": "Be kind.",
        "instructed": False,
        "tools": [],
        "tool_choice": "auto",
        "items": items,
        "now": NOW,
    }
    return Prompt(**(given | members))


def say(role: str, *parts: JsonObject) -> JsonObject:
    return {"id": "item_1", "type": "message", "role": role, "content": list(parts)}


def call(call_id: str, name: str = "lookup", arguments: str = "{}") -> JsonObject:
    return {
        "id": f"i_{call_id}",
        "type": "function_call",
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
    }


def output(call_id: str, text: str) -> JsonObject:
    return {"id": f"o_{call_id}", "type": "function_call_output", "call_id": call_id, "output": text}


def shape(messages: list[JsonObject]) -> list[str]:
    return [
        f"{m['role']}{[c['id'] for c in m['tool_calls']]}"
        if "tool_calls" in m
        else f"{m['role']}({m['tool_call_id']})"
        if "tool_call_id" in m
        else str(m["role"])
        for m in messages
    ]


def test_words_of_everybody() -> None:
    items = [
        say("system", {"type": "input_text", "text": "It is late."}),
        say("user", {"type": "input_audio", "transcript": "hello"}),
        say("assistant", {"type": "output_audio", "transcript": "Good day."}),
        say("user", {"type": "input_audio", "transcript": None}),
        say("assistant", {"type": "output_text", "text": "Sorry?"}),
        say("user", {"type": "input_text", "text": "one"}, {"type": "input_text", "text": "two"}),
    ]
    assert build_messages(ask(*items)) == [
        {"role": "system", "content": "Be kind."},
        {"role": "system", "content": "It is late."},
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "Good day."},
        {"role": "user", "content": "(unintelligible)"},
        {"role": "assistant", "content": "Sorry?"},
        {"role": "user", "content": "one\ntwo"},
    ]


def test_images_are_shown() -> None:
    picture = {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "low"}
    [message] = build_messages(
        ask(say("user", {"type": "input_text", "text": "this"}, picture), instructions="")
    )
    assert message["content"] == [
        {"type": "text", "text": "this"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"}},
    ]


def test_an_answer_that_nobody_heard_is_left_out() -> None:
    silent = say("assistant", {"type": "output_audio", "transcript": ""})
    assert build_messages(ask(silent, instructions="")) == []


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([call("a"), output("a", "1")], ["assistant['a']", "tool(a)"]),
        (
            [call("a"), call("b"), output("b", "2"), output("a", "1")],
            ["assistant['a', 'b']", "tool(a)", "tool(b)"],
        ),
        (
            [call("a"), output("a", "1"), call("b"), output("b", "2")],
            ["assistant['a']", "tool(a)", "assistant['b']", "tool(b)"],
        ),
        ([call("a")], ["assistant['a']", "tool(a)"]),
        (
            [call("a"), say("user", {"type": "input_text", "text": "?"}), output("a", "1")],
            ["assistant['a']", "tool(a)", "user", "assistant['a_o_a']", "tool(a_o_a)"],
        ),
        (
            [call("a"), output("a", "wait"), output("a", "done")],
            ["assistant['a']", "tool(a)", "assistant['a_o_a']", "tool(a_o_a)"],
        ),
        ([output("x", "1")], ["system"]),
        (
            [say("assistant", {"type": "output_text", "text": "Let me look."}), call("a")],
            ["assistant['a']", "tool(a)"],
        ),
    ],
)
def test_calls_stand_with_their_outputs(items: list[JsonObject], expected: list[str]) -> None:
    assert shape(build_messages(ask(*items, instructions=""))) == expected


def test_a_pending_call_gets_a_placeholder_and_its_late_output_its_own_place() -> None:
    items = [call("a"), say("user", {"type": "input_text", "text": "?"}), output("a", "shipped")]
    messages = build_messages(ask(*items, instructions=""))
    assert [m["content"] for m in messages if m["role"] == "tool"] == [PENDING, "shipped"]


def test_words_before_a_call_stay_with_it() -> None:
    items = [say("assistant", {"type": "output_text", "text": "Let me look."}), call("a", "lookup", "")]
    first, _ = build_messages(ask(*items, instructions=""))
    assert first["content"] == "Let me look."
    assert first["tool_calls"][0]["function"] == {"name": "lookup", "arguments": "{}"}


def test_tools_and_settings() -> None:
    choice = {"type": "function", "name": "lookup"}
    prompt = ask(tools=[TOOL], tool_choice=choice, parallel_tool_calls=False, max_output_tokens=99)
    body = build_request(prompt, "qwen")
    assert (body["model"], body["stream"], body["max_tokens"]) == ("qwen", True, 99)
    assert body["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "lookup",
                "description": "Find an order",
                "parameters": {"type": "object"},
            },
        }
    ]
    assert body["tool_choice"] == {"type": "function", "function": {"name": "lookup"}}
    assert body["parallel_tool_calls"] is False


def test_nothing_is_said_about_tools_where_there_are_none() -> None:
    assert {"tools", "tool_choice", "parallel_tool_calls", "max_tokens"}.isdisjoint(
        build_request(ask(tool_choice="none"), "m")
    )


ITEMS = st.lists(
    st.one_of(
        st.builds(call, st.sampled_from("abc")),
        st.builds(output, st.sampled_from("abcd"), st.sampled_from(["1", "2"])),
        st.builds(lambda text: say("user", {"type": "input_text", "text": text}), st.text(max_size=2)),
        st.builds(lambda text: say("assistant", {"type": "output_text", "text": text}), st.text(max_size=2)),
    ),
    max_size=12,
)


@given(ITEMS)
def test_every_call_is_followed_by_one_output_each(items: list[JsonObject]) -> None:
    messages = build_messages(ask(*items))
    expected: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            assert expected, messages
            assert message["tool_call_id"] == expected.pop(0)
        else:
            assert not expected, messages
            expected = [call["id"] for call in message.get("tool_calls", ())]
    assert not expected
    outputs = [item["output"] for item in items if item["type"] == "function_call_output"]
    shown = " ".join(str(message["content"]) for message in messages)
    assert all(text in shown for text in outputs)
