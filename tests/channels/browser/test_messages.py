from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.channels.browser.messages import (
    MAX_AUDIO_BYTES,
    MAX_TEXT_CHARS,
    PageMessage,
    RefusedMessage,
    Start,
    parse_message,
    render_error,
    render_report,
)
from agentrun.conversation import reports
from agentrun.conversation.inputs import (
    CallerAudio,
    CallerDigit,
    CallerImage,
    CallerLeft,
    CallerPlayed,
    CallerText,
)
from agentrun.wire.json import JsonObject

GOOD: list[tuple[str | bytes, PageMessage]] = [
    ('{"type":"start","variables":{"tier":"gold"}}', Start({"tier": "gold"})),
    ('{"type":"start"}', Start({})),
    ('{"type":"text","text":"Where is my order A1001?"}', CallerText("Where is my order A1001?")),
    ('{"type":"text","text":"제 주문은 어디 있나요?"}', CallerText("제 주문은 어디 있나요?")),
    ('{"type":"text","text":"\\ud83d\\ude00"}', CallerText("\N{GRINNING FACE}")),
    ('{"type":"played","item_id":"item_1","ms":1480}', CallerPlayed("item_1", 1480)),
    ('{"type":"played","item_id":"item_1","ms":0,"new_key":1}', CallerPlayed("item_1", 0)),
    ('{"type":"dtmf","digit":"5"}', CallerDigit("5")),
    ('{"type":"dtmf","digit":"#"}', CallerDigit("#")),
    (
        '{"type":"image","image_url":"data:image/png;base64,AAAA"}',
        CallerImage("data:image/png;base64,AAAA"),
    ),
    ('{"type":"hang_up"}', CallerLeft("caller_hung_up")),
    (b"\x01\x02\x03\x04", CallerAudio(b"\x01\x02\x03\x04")),
    (b"", CallerAudio(b"")),
]

BAD: list[tuple[str | bytes, str]] = [
    ("", "invalid_json"),
    ("hello", "invalid_json"),
    ("[]", "invalid_json"),
    ("null", "invalid_json"),
    ('{"type":"text"', "invalid_json"),
    ('{"type":"played","item_id":"a","ms":NaN}', "invalid_json"),
    ("[" * 100_000, "invalid_json"),
    ("1" * 5000, "invalid_json"),
    ('{"type":"text","text":"\\ud83d"}', "invalid_json"),
    ('{"text":"no type"}', "missing_type"),
    ('{"type":null}', "missing_type"),
    ('{"type":"shout"}', "unknown_type"),
    ('{"type":["text"]}', "unknown_type"),
    ('{"type":"start","variables":[]}', "invalid_variables"),
    (json.dumps({"type": "start", "variables": {"a": "x" * 40_000}}), "variables_too_large"),
    ('{"type":"text"}', "invalid_text"),
    ('{"type":"text","text":"  "}', "invalid_text"),
    ('{"type":"text","text":7}', "invalid_text"),
    (json.dumps({"type": "text", "text": "x" * (MAX_TEXT_CHARS + 1)}), "text_too_long"),
    ('{"type":"played","ms":5}', "invalid_item_id"),
    ('{"type":"played","item_id":"","ms":5}', "invalid_item_id"),
    ('{"type":"played","item_id":"a"}', "invalid_ms"),
    ('{"type":"played","item_id":"a","ms":-1}', "invalid_ms"),
    ('{"type":"played","item_id":"a","ms":1.5}', "invalid_ms"),
    ('{"type":"played","item_id":"a","ms":true}', "invalid_ms"),
    ('{"type":"played","item_id":"a","ms":"5"}', "invalid_ms"),
    ('{"type":"dtmf","digit":"55"}', "invalid_digit"),
    ('{"type":"dtmf","digit":""}', "invalid_digit"),
    ('{"type":"dtmf","digit":5}', "invalid_digit"),
    ('{"type":"image","image_url":"https://example.com/a.png"}', "invalid_image"),
    ('{"type":"image","image_url":"data:text/html;base64,AAAA"}', "invalid_image"),
    ("x" * 8_002_000, "message_too_large"),
    (b"\x01\x02\x03", "odd_audio"),
    (bytes(MAX_AUDIO_BYTES + 2), "audio_too_large"),
]


@pytest.mark.parametrize(("data", "message"), GOOD, ids=lambda value: str(value)[:40])
def test_good_messages(data: str | bytes, message: PageMessage) -> None:
    assert parse_message(data) == message


@pytest.mark.parametrize(("data", "code"), BAD, ids=lambda value: str(value)[:40])
def test_bad_messages_are_named(data: str | bytes, code: str) -> None:
    with pytest.raises(RefusedMessage) as caught:
        parse_message(data)
    assert caught.value.code == code
    assert len(str(caught.value)) < 200


def test_what_was_wrong_is_shown_shortened() -> None:
    with pytest.raises(RefusedMessage, match=r"^no message has the type `\"xxxxx+…`$"):
        parse_message(json.dumps({"type": "x" * 500}))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
kinds = st.sampled_from(["start", "text", "played", "dtmf", "image", "hang_up"])
keys = st.sampled_from(["variables", "text", "item_id", "ms", "digit", "image_url"])


@given(kinds, st.dictionaries(keys, anything))
def test_any_object_is_taken_or_refused(kind: str, rest: JsonObject) -> None:
    try:
        message = parse_message(json.dumps(rest | {"type": kind}))
    except RefusedMessage:
        return
    assert isinstance(message, get_args(PageMessage))


@given(st.text() | st.binary())
def test_any_data_is_taken_or_refused(data: str | bytes) -> None:
    try:
        message = parse_message(data)
    except RefusedMessage:
        return
    assert isinstance(message, get_args(PageMessage))


def test_reports_have_the_shapes_of_the_contract() -> None:
    assert render_report(reports.CallStarted("c_1", "support")) == {
        "type": "started",
        "call": "c_1",
        "agent": "support",
    }
    assert render_report(reports.AgentSpeaking("i1", "Hel")) == {
        "type": "transcript",
        "role": "agent",
        "item_id": "i1",
        "text": "Hel",
        "final": False,
    }
    assert render_report(reports.AgentSaid("i1", "Hello you", "Hello", 5)) == {
        "type": "transcript",
        "role": "agent",
        "item_id": "i1",
        "text": "Hello you",
        "final": True,
        "heard": "Hello",
    }
    assert render_report(reports.CallerSpeaking("i2", "Wh"))["final"] is False
    assert render_report(reports.CallerSaid("i2", "Where?")) == {
        "type": "transcript",
        "role": "caller",
        "item_id": "i2",
        "text": "Where?",
        "final": True,
    }
    assert render_report(reports.FirstSound("i1", 420)) == {
        "type": "timing",
        "item_id": "i1",
        "first_sound_ms": 420,
    }
    assert render_report(reports.CallerInterrupted("i1", 300))["heard_ms"] == 300
    assert render_report(reports.LinkLost(1006, "gone")) == render_error("link_lost", "gone")
    ended = render_report(reports.CallEnded("caller_hung_up", {"tokens": 3}))
    assert ended == {"type": "ended", "reason": "caller_hung_up", "usage": {"tokens": 3}}


def test_the_three_states_of_a_tool() -> None:
    called = render_report(reports.ToolCalled("look_up", {"id": "A1"}, "call_1"))
    assert called == {
        "type": "tool",
        "call_id": "call_1",
        "tool": "look_up",
        "state": "called",
        "arguments": {"id": "A1"},
    }
    placeholder = render_report(reports.PlaceholderSaid("look_up", "call_1", "One moment."))
    assert (placeholder["state"], placeholder["text"]) == ("placeholder", "One moment.")
    returned = render_report(reports.ToolReturned("look_up", "call_1", "ok", {"a": 1}, "", 850))
    assert returned | {"state": "returned", "outcome": "ok", "result": {"a": 1}} == returned


def test_an_error_carries_its_remedy_if_there_is_one() -> None:
    report = reports.ErrorReported("bad", "it broke", hint="mend it")
    assert render_report(report) == {"type": "error", "code": "bad", "message": "it broke", "hint": "mend it"}
    assert "hint" not in render_error("bad", "it broke")
