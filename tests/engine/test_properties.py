"""Whatever a client sends and however parts answer, the rules of a session hold."""

from __future__ import annotations

import base64
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentrun.engine.effects import Generate, Speak, Transcribe, Wake
from agentrun.engine.options import SessionOptions
from agentrun.engine.seams import Call, Move, Say
from agentrun.engine.speech.turns import SpeechStarted, SpeechStopped
from agentrun.wire.json import JsonObject
from tests.engine.kit import Session

IDS = st.sampled_from(["item_a", "item_b", "last", "root", "item_none"])
TEXT_ITEM = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
AUDIO = base64.b64encode(b"\0\1" * 24 * 60).decode()
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-2, 40_000), st.text(max_size=8))
JUNK = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "audio", "id"]), inner)
    ),
    max_leaves=6,
)
MOVES: st.SearchStrategy[Move] = st.one_of(
    st.builds(Say, st.text(max_size=40), st.sampled_from(["commentary", "final_answer"])),
    st.builds(Call, st.sampled_from(["f", "g"]), st.dictionaries(st.text(max_size=3), SCALARS, max_size=2)),
)
ITEMS: st.SearchStrategy[Any] = st.one_of(
    st.builds(lambda i: {"type": "conversation.item.create", "item": {"id": i, **TEXT_ITEM}}, IDS),
    st.builds(lambda i: {"type": "conversation.item.create", "item": TEXT_ITEM, "previous_item_id": i}, IDS),
    st.builds(lambda i: {"type": "conversation.item.delete", "item_id": i}, IDS),
    st.builds(lambda i: {"type": "conversation.item.retrieve", "item_id": i}, IDS),
    st.builds(
        lambda i, ms: {
            "type": "conversation.item.truncate",
            "item_id": i,
            "content_index": 0,
            "audio_end_ms": ms,
        },
        IDS,
        st.integers(-1, 900),
    ),
)
RESPONSES: st.SearchStrategy[Any] = st.one_of(
    st.just({"type": "response.create"}),
    st.just({"type": "response.create"}),
    st.just({"type": "response.create", "response": {"conversation": "none", "metadata": {"k": "v"}}}),
    st.builds(
        lambda n, mode: {
            "type": "response.create",
            "response": {"max_output_tokens": n, "output_modalities": [mode]},
        },
        st.integers(1, 12),
        st.sampled_from(["text", "audio"]),
    ),
    st.just({"type": "response.cancel"}),
    st.sampled_from(["answer", "hold Generate", "hold Speak"]),
)
AUDIO_STEPS: st.SearchStrategy[Any] = st.one_of(
    st.just({"type": "input_audio_buffer.append", "audio": AUDIO}),
    st.just({"type": "input_audio_buffer.commit"}),
    st.just({"type": "input_audio_buffer.clear"}),
    st.builds(SpeechStarted, st.integers(0, 500)),
    st.builds(SpeechStopped, st.integers(0, 900), st.just(100)),
    st.just(Wake()),
    st.just("hold Transcribe"),
    st.builds(
        lambda vad: {
            "type": "session.update",
            "session": {"type": "realtime", "audio": {"input": {"turn_detection": vad}}},
        },
        st.sampled_from([None, {"type": "server_vad", "idle_timeout_ms": 5000}, {"type": "semantic_vad"}]),
    ),
)
NONSENSE: st.SearchStrategy[Any] = st.one_of(
    st.builds(lambda junk: {"type": "session.update", "session": {"type": "realtime", "audio": junk}}, JUNK),
    st.builds(lambda junk: {"type": "conversation.item.create", "item": junk}, JUNK),
    st.builds(lambda junk: {"type": "response.create", "response": junk}, JUNK),
    st.builds(lambda junk: {"type": "response.cancel", "event_id": junk}, JUNK),
)
# `one_of` would flatten its own kind; mapped, each group keeps its weight
STEPS = st.one_of(
    [group.map(lambda step: step) for group in (RESPONSES, RESPONSES, AUDIO_STEPS, ITEMS, NONSENSE)]
)
HOLDS: dict[str, type] = {"hold Generate": Generate, "hold Speak": Speak, "hold Transcribe": Transcribe}
HELD = st.sampled_from([[], [], ["hold Generate"], ["hold Speak"], ["hold Speak"]])
SCRIPTS = st.lists(st.lists(MOVES, min_size=1, max_size=3), min_size=3, max_size=6)


def play(script: list[list[Move]], steps: list[Any], **members: Any) -> Session:
    session = Session(script, **members)
    for step in steps:
        session.now_ms += 700
        if isinstance(step, str) and step in HOLDS:
            session.hold = (*session.hold, HOLDS[step])
        elif step == "answer":
            session.answer()
        else:
            session.put(_name_last(session, step))
    session.answer()
    return session


def _name_last(session: Session, step: Any) -> Any:
    if isinstance(step, dict) and step.get("item_id") == "last":
        return {**step, "item_id": session.core._state.history.last_id or "item_none"}
    return step


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SCRIPTS, st.lists(STEPS, min_size=12, max_size=25), HELD)
def test_rules_of_a_session(script: list[list[Move]], steps: list[Any], held: list[str]) -> None:
    events = play(script, [*held, *steps]).events
    check_ids(events)
    check_responses(events)
    check_parts(events)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, min_size=12, max_size=25), st.booleans())
def test_session_that_transcribes_never_answers(steps: list[Any], lenient: bool) -> None:
    options = SessionOptions(lenient=lenient)
    session = play([], steps, preset={"type": "transcription"}, options=options)
    check_ids(session.events)
    check_parts(session.events)
    kinds = {event["type"] for event in session.events}
    assert not [kind for kind in kinds if kind.startswith(("response.", "rate_limits."))]
    assert not session.prompts


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SCRIPTS, st.lists(STEPS, max_size=12))
def test_same_seed_same_session(script: list[list[Move]], steps: list[Any]) -> None:
    assert play(script, steps).events == play(script, steps).events


def check_ids(events: list[JsonObject]) -> None:
    ids = Counter(event["event_id"] for event in events)
    assert max(ids.values()) == 1


def check_responses(events: list[JsonObject]) -> None:
    """Each response ends exactly once, after it began, and one at a time writes to the conversation."""
    running: set[str] = set()
    ended: set[str] = set()
    for event in events:
        response = event.get("response", {})
        in_band = response.get("conversation_id") is not None
        if event["type"] == "response.created":
            assert not (in_band and running & {"in band"})
            running |= {response["id"]} | ({"in band"} if in_band else set())
        elif event["type"] == "response.done":
            assert response["id"] in running - ended
            usage = response["usage"]
            assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
            assert all(item["status"] != "in_progress" for item in response["output"])
            running -= {response["id"]} | ({"in band"} if in_band else set())
            ended.add(response["id"])
        elif "response_id" in event:
            assert event["response_id"] in running
    assert not running


def check_parts(events: list[JsonObject]) -> None:
    """What opens closes: items, parts, and the conversation's view of them."""
    for opened, closed in (
        ("response.output_item.added", "response.output_item.done"),
        ("response.content_part.added", "response.content_part.done"),
        ("conversation.item.added", "conversation.item.done"),
    ):
        begun = Counter(_item_id(event) for event in events if event["type"] == opened)
        ended = Counter(_item_id(event) for event in events if event["type"] == closed)
        assert begun == ended


def _item_id(event: JsonObject) -> str:
    return str(event.get("item_id") or event["item"]["id"])
