"""Turns, event by event: written, spoken, with calls, side by side, broken off."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from agentrun.engine.effects import (
    Generate,
    Produced,
    ProducedEnd,
    Speak,
    Spoken,
    SpokenEnd,
    Transcribe,
    Wake,
)
from agentrun.engine.options import SessionOptions
from agentrun.engine.seams import Call, Move, Say
from agentrun.engine.speech.turns import SpeechStarted, SpeechStopped
from tests.engine.kit import Session, append, error_of, last, names

PNG = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
OPENING = ["response.created", "response.output_item.added", "conversation.item.added"]
ENDING = [
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
    "rate_limits.updated",
]


def outputs_of(events: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Return the events of output items with the index of their item, deltas left out."""
    return [
        (event["type"].removeprefix("response."), event["output_index"])
        for event in events
        if "output_index" in event and not event["type"].endswith(".delta")
    ]


def answer_call(session: Session, call_id: str, output: str = "ok", **members: Any) -> list[Any]:
    item = {"type": "function_call_output", "call_id": call_id, "output": output}
    return session.send("conversation.item.create", item=item, **members)


def test_written_turn() -> None:
    session = Session([[Say("Hello you.")]], text=True)
    user = session.say("Hi")
    assert names(user) == ["conversation.item.added", "conversation.item.done"]
    assert user[0]["item"] == user[1]["item"]
    events = session.send("response.create")
    assert names(events) == [
        *OPENING,
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        *ENDING,
    ]
    added, opened = events[1]["item"], events[2]["item"]
    assert (added, added["status"], added["content"]) == (opened, "in_progress", [])
    assert events[2]["previous_item_id"] == user[0]["item"]["id"]
    assert last(events, "response.content_part.done")["part"] == {"type": "text", "text": "Hello you."}
    deltas = [event for event in events if event["type"] == "response.output_text.delta"]
    assert all(event["obfuscation"] for event in deltas)
    final = last(events, "conversation.item.done")["item"]
    assert final == last(events, "response.output_item.done")["item"]
    assert last(events, "response.done")["response"]["output"] == [final]
    assert "object" not in final


def test_done_names_no_predecessor_where_that_is_the_first_item() -> None:
    session = Session([[Say("One.")], [Say("Two.")]], text=True)
    first = session.say("a")[0]["item"]["id"]
    events = session.send("response.create")
    assert last(events, "conversation.item.added")["previous_item_id"] == first
    assert last(events, "conversation.item.done")["previous_item_id"] is None
    answer = last(events, "conversation.item.done")["item"]["id"]
    events = session.send("response.create")
    assert last(events, "conversation.item.added")["previous_item_id"] == answer
    assert last(events, "conversation.item.done")["previous_item_id"] == answer


@pytest.mark.parametrize("format_type", ["audio/pcm", "audio/pcmu", "audio/pcma"])
def test_spoken_turn_in_every_format(format_type: str) -> None:
    session = Session([[Say("Hello there, you.")]], transcripts=["Good day"])
    fmt = {"type": format_type}
    session.update(
        audio={
            "input": {"format": fmt, "transcription": {"model": "gpt-realtime-whisper"}},
            "output": {"format": fmt},
        }
    )
    bytes_per_ms = 48 if format_type == "audio/pcm" else 8
    sound = base64.b64encode(bytes(bytes_per_ms * 2000)).decode()
    assert session.send("input_audio_buffer.append", audio=sound) == []
    started = session.put(SpeechStarted(300))
    assert (started[0]["audio_start_ms"], names(started)) == (300, ["input_audio_buffer.speech_started"])
    events = session.put(SpeechStopped(1900, 500))
    kinds = names(events)
    assert kinds[:5] == [
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
    ]
    user = events[2]["item"]
    assert user["id"] == started[0]["item_id"] == events[0]["item_id"] == events[1]["item_id"]
    assert (user["status"], user["content"]) == ("completed", [{"type": "input_audio", "transcript": None}])
    assert events[3]["item"] == user
    own = [event for event in events if event.get("response_id") or event["type"].startswith("response")]
    assert names(own)[:3] == ["response.created", "response.output_item.added", "response.content_part.added"]
    assert names(own)[-5:] == [
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]
    pieces = [base64.b64decode(e["delta"]) for e in events if e["type"] == "response.output_audio.delta"]
    assert abs(sum(map(len, pieces)) - 17 * 50 * bytes_per_ms) <= bytes_per_ms
    assert all(len(piece) <= 400 * bytes_per_ms for piece in pieces)
    assert last(events, "response.done")["response"]["audio"]["output"]["format"]["type"] == format_type
    assert kinds[-1] == "rate_limits.updated"
    retrieved = session.send("conversation.item.retrieve", item_id=user["id"])[0]["item"]
    assert retrieved["content"][0]["transcript"] == "Good day"
    assert len(base64.b64decode(retrieved["content"][0]["audio"])) == 1600 * bytes_per_ms


def test_call_turn_and_its_answer() -> None:
    session = Session([[Call("get", {"city": "Ulm"})], [Say("Mild.")]], text=True)
    events = session.send("response.create")
    assert names(events) == [
        *OPENING,
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
        "rate_limits.updated",
    ]
    done = last(events, "response.function_call_arguments.done")
    deltas = [e["delta"] for e in events if e["type"] == "response.function_call_arguments.delta"]
    assert (done["name"], "".join(deltas)) == ("get", done["arguments"])
    echoed = answer_call(session, done["call_id"])
    assert names(echoed) == ["conversation.item.added", "conversation.item.done"]
    assert set(echoed[0]["item"]) == {"id", "type", "call_id", "output"}
    assert names(session.send("response.create"))[0] == "response.created"


def test_output_for_a_call_that_nobody_made_is_refused_and_a_second_output_is_taken() -> None:
    session = Session([[Call("get", {})]])
    error = error_of(answer_call(session, "call_unknown", event_id="e1"))
    assert (error["code"], error["param"], error["event_id"]) == (
        "invalid_tool_call_id",
        "item.call_id",
        "e1",
    )
    call = last(session.send("response.create"), "response.done")["response"]["output"][0]
    for output in ("still working", "done"):
        added = answer_call(session, call["call_id"], output)
        assert names(added) == ["conversation.item.added", "conversation.item.done"]
    session.send("conversation.item.delete", item_id=call["id"])
    assert error_of(answer_call(session, call["call_id"]))["code"] == "invalid_tool_call_id"


def test_call_is_answered_after_other_turns() -> None:
    script: list[list[Move]] = [[Call("book", {})], [Say("Still waiting.")], [Say("Booked.")]]
    session = Session(script, text=True)
    call = last(session.send("response.create"), "response.done")["response"]["output"][0]
    session.say("Is it done?")
    between = session.send("response.create")
    assert last(between, "response.done")["response"]["status"] == "completed"
    # nothing on the wire stands in for the answer, and the mind sees the call without one
    assert not [e for e in session.events if e.get("item", {}).get("type") == "function_call_output"]
    assert [item["type"] for item in session.prompts[1].items] == ["function_call", "message"]
    answer_call(session, call["call_id"], "seat 3")
    session.send("response.create")
    assert session.prompts[2].items[-1]["output"] == "seat 3"


SCRIPT: list[Move] = [Say("One moment.", "commentary"), Call("a", {}), Call("b", {"x": 1})]
FIRST_MESSAGE = [("output_text.done", 0), ("content_part.done", 0), ("output_item.done", 0)]


def test_call_overlaps_the_words_before_it() -> None:
    assert outputs_of(Session([SCRIPT], text=True).send("response.create")) == [
        ("output_item.added", 0),
        ("content_part.added", 0),
        ("output_item.added", 1),
        *FIRST_MESSAGE,
        ("function_call_arguments.done", 1),
        ("output_item.done", 1),
        ("output_item.added", 2),
        ("function_call_arguments.done", 2),
        ("output_item.done", 2),
    ]


@pytest.mark.parametrize(
    ("model", "options"),
    [("gpt-realtime-2.1", SessionOptions(overlap=False)), ("gpt-realtime", SessionOptions())],
)
def test_items_follow_each_other_without_overlap(model: str, options: SessionOptions) -> None:
    session = Session([SCRIPT], text=True, model=model, options=options)
    assert outputs_of(session.send("response.create"))[:6] == [
        ("output_item.added", 0),
        ("content_part.added", 0),
        *FIRST_MESSAGE,
        ("output_item.added", 1),
    ]


@pytest.mark.parametrize(("model", "phase"), [("gpt-realtime-2.1", "commentary"), ("gpt-realtime", None)])
def test_newer_models_tell_the_phase_of_a_message(model: str, phase: str | None) -> None:
    events = Session([SCRIPT], text=True, model=model).send("response.create")
    items = [e["item"] for e in events if e.get("item", {}).get("type") == "message"]
    items.append(last(events, "response.done")["response"]["output"][0])
    assert {item.get("phase") for item in items} == {phase}
    assert len(items) == 5


def test_second_response_is_refused_and_named_but_one_out_of_band_runs() -> None:
    session = Session([[Say("in")], [Say("out")]], hold=(Generate,), text=True)
    user = session.say("Hi")[0]["item"]["id"]
    active = session.send("response.create")[0]["response"]["id"]
    error = error_of(session.send("response.create", event_id="r2"))
    assert (error["code"], error["event_id"]) == ("conversation_already_has_active_response", "r2")
    assert active in error["message"]
    reference = {"type": "item_reference", "id": user}
    beside = {"conversation": "none", "metadata": {"task": "x"}, "input": [reference]}
    created = session.send("response.create", response=beside)[0]["response"]
    assert (created["conversation_id"], created["metadata"]) == (None, {"task": "x"})
    before = len(session.core._state.history)
    events = session.answer()
    own = [e for e in events if e.get("response_id") == created["id"]]
    assert names(own) == [
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
    ]
    assert len(session.core._state.history) == before + 1  # the answer in band, and nothing else
    done = [e["response"] for e in events if e["type"] == "response.done"]
    assert [response["metadata"] for response in done] == [None, {"task": "x"}]


def test_empty_input_reads_nothing() -> None:
    session = Session([[Say("x")]], text=True)
    session.say("Hi")
    session.send("response.create", response={"conversation": "none", "input": []})
    assert session.prompts[0].items == []


def test_caller_who_interrupts() -> None:
    session = Session([[Say("A long story.")], [Say("Beside")]], hold=(Speak,))
    session.send("response.create", response={"conversation": "none"})
    created = session.send("response.create")[0]["response"]
    item_id = last(session.events, "response.output_item.added")["item"]["id"]
    session.put(Spoken(created["id"], item_id, bytes(48 * 1000), 6))
    append(session, 500)
    events = session.put(SpeechStarted(100))
    assert names(events) == [
        "input_audio_buffer.speech_started",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
        "rate_limits.updated",
    ]
    done = last(events, "response.done")["response"]
    assert (done["id"], done["status"]) == (created["id"], "cancelled")
    assert done["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    assert done["output"][0]["status"] == "incomplete"
    assert done["usage"]["output_token_details"]["audio_tokens"] == 20
    cut = {"item_id": item_id, "content_index": 0, "audio_end_ms": 400}
    assert names(session.send("conversation.item.truncate", **cut)) == ["conversation.item.truncated"]
    # after the end, nothing of the old response comes any more
    assert session.put(Spoken(created["id"], item_id, bytes(480), 8)) == []
    assert "response.created" in names(session.put(SpeechStopped(450, 500)))


def test_client_cancels() -> None:
    session = Session([[Say("A long story.")], [Say("Next.")]], hold=(Speak,))
    assert error_of(session.send("response.cancel"))["code"] == "response_cancel_not_active"
    created = session.send("response.create")[0]["response"]["id"]
    done = last(session.send("response.cancel", response_id=created), "response.done")["response"]
    assert done["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
    again = error_of(session.send("response.cancel", response_id=created))
    assert again["code"] == "response_cancel_not_active"
    assert names(session.send("response.create"))[0] == "response.created"


def test_vad_that_may_not_interrupt_or_answer() -> None:
    session = Session([[Say("A long story.")]], hold=(Speak,))
    switches = {"create_response": False, "interrupt_response": False}
    session.update(
        audio={"input": {"turn_detection": {"type": "semantic_vad", "eagerness": "low", **switches}}}
    )
    session.send("response.create")
    append(session, 900)
    assert names(session.put(SpeechStarted(0))) == ["input_audio_buffer.speech_started"]
    assert names(session.put(SpeechStopped(800, 500)))[-1] == "conversation.item.done"
    assert session.core._answering.active is not None


def test_push_to_talk() -> None:
    session = Session([[Say("Heard.")]], transcripts=["ok"])
    session.update(audio={"input": {"turn_detection": None}})
    append(session, 99)
    error = error_of(session.send("input_audio_buffer.commit"))
    assert (error["code"], "99.00ms" in error["message"]) == ("input_audio_buffer_commit_empty", True)
    append(session, 1)
    committed = session.send("input_audio_buffer.commit")
    assert names(committed) == [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ]
    assert committed[0]["previous_item_id"] is None
    assert names(session.send("response.create"))[0] == "response.created"
    append(session, 500)
    assert names(session.send("input_audio_buffer.clear")) == ["input_audio_buffer.cleared"]


def test_idle_caller_is_asked_for() -> None:
    session = Session([[Say("Hello caller.")], [Say("Are you there?")]], transcripts=[""])
    detection = {"type": "server_vad", "idle_timeout_ms": 6000}
    session.update(audio={"input": {"turn_detection": detection, "transcription": {"model": "whisper-1"}}})
    answer = last(session.send("response.create"), "response.done")["response"]["output"][0]["id"]
    append(session, 7000)
    session.now_ms = len("Hello caller.") * 50 + 6000  # the clock starts when playback ends
    events = session.put(Wake())
    assert names(events)[:7] == [
        "input_audio_buffer.timeout_triggered",
        "conversation.item.added",
        "conversation.item.done",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
    ]
    timeout, note, committed, user = events[0], events[1], events[3], events[4]
    assert timeout["audio_end_ms"] - timeout["audio_start_ms"] == 6000
    assert (note["previous_item_id"], note["item"]["role"]) == (answer, "system")
    assert committed["previous_item_id"] == user["previous_item_id"] == note["item"]["id"]
    assert user["item"]["id"] == committed["item_id"] == timeout["item_id"]
    heard = last(events, "conversation.item.input_audio_transcription.completed")
    assert (heard["item_id"], heard["transcript"]) == (timeout["item_id"], "")


def test_truncation_takes_the_words_away() -> None:
    session = Session([[Say("Hello there, this is a long sentence.")], []])
    item_id = last(session.send("response.create"), "response.done")["response"]["output"][0]["id"]

    def truncate(end_ms: int, where: str = item_id) -> list[Any]:
        return session.send(
            "conversation.item.truncate", item_id=where, content_index=0, audio_end_ms=end_ms, event_id="t"
        )

    user = session.say("Hi")[0]["item"]["id"]
    assert error_of(truncate(0, user))["code"] == "unsupported_content_type"
    past = error_of(truncate(60_000))
    assert ("already shorter" in past["message"], past["event_id"]) == (True, "t")
    for end_ms in (1100, 0):
        assert names(truncate(end_ms)) == ["conversation.item.truncated"]
        shown = session.send("conversation.item.retrieve", item_id=item_id)[0]["item"]["content"][0]
        assert shown["transcript"] == ""
        assert len(base64.b64decode(shown.get("audio", ""))) == end_ms * 48
    session.send("response.create")
    assert session.prompts[-1].items[0]["content"][0]["transcript"] == ""


def test_item_that_is_being_spoken_can_be_retrieved_with_its_sound() -> None:
    session = Session([[Say("Hello there.")]], hold=(Speak,))
    events = session.send("response.create")
    item_id = last(events, "response.output_item.added")["item"]["id"]
    session.put(Spoken(events[0]["response"]["id"], item_id, bytes(48 * 300), 5))
    shown = session.send("conversation.item.retrieve", item_id=item_id)[0]["item"]
    assert shown["status"] == "in_progress"
    assert len(base64.b64decode(shown["content"][0]["audio"])) == 48 * 300
    session.put(SpokenEnd(events[0]["response"]["id"], item_id))
    assert last(session.events, "response.done")["response"]["status"] == "completed"


def test_items_stand_where_the_client_puts_them() -> None:
    session = Session(text=True)
    places = (("a", None), ("c", "item_a"), ("b", "item_a"), ("first", "root"))
    for name, after in places:
        added = session.say(name, id=f"item_{name}") if after is None else put_after(session, name, after)
        assert added[0]["item"]["id"] == f"item_{name}"
    session.send("conversation.item.delete", item_id="item_b")
    assert error_of(put_after(session, "z", "item_b"))["param"] == "previous_item_id"
    session.send("response.create")
    assert [item["id"] for item in session.prompts[0].items] == ["item_first", "item_a", "item_c"]
    assert error_of(session.say("again", id="item_a"))["param"] == "item.id"


def put_after(session: Session, name: str, after: str) -> list[Any]:
    content = [{"type": "input_text", "text": name}]
    item = {"id": f"item_{name}", "type": "message", "role": "user", "content": content}
    return session.send("conversation.item.create", item=item, previous_item_id=after)


@pytest.mark.parametrize("kind", ["retrieve", "delete", "truncate"])
def test_unknown_items_are_refused(kind: str) -> None:
    more = {"content_index": 0, "audio_end_ms": 0} if kind == "truncate" else {}
    error = error_of(Session().send(f"conversation.item.{kind}", item_id="item_x", event_id="e", **more))
    assert (error["code"], error["event_id"]) == (f"item_{kind}_invalid_item_id", "e")


def test_image_is_echoed_and_counted_and_starts_nothing() -> None:
    session = Session([[], []], text=True)
    for detail, tokens in (("low", 85), ("auto", 850)):
        content = [
            {"type": "input_text", "text": "What is this?"},
            {"type": "input_image", "image_url": PNG, "detail": detail},
        ]
        added = session.send(
            "conversation.item.create", item={"type": "message", "role": "user", "content": content}
        )
        assert names(added) == ["conversation.item.added", "conversation.item.done"]
        assert added[0]["item"]["content"] == content
        usage = last(session.send("response.create"), "response.done")["response"]["usage"]
        assert usage["input_token_details"]["image_tokens"] == tokens


NO_IMAGES = [
    "https://example.com/a.png",
    "data:image/gif;base64,AA==",
    "data:image/png;base64,?",
    "data:image/png;base64,",
    3,
]


@pytest.mark.parametrize("image_url", NO_IMAGES)
def test_what_is_no_image_is_refused(image_url: Any) -> None:
    part = {"type": "input_image", "image_url": image_url}
    item = {"type": "message", "role": "user", "content": [part]}
    error = error_of(Session().send("conversation.item.create", item=item))
    assert error["param"] == "item.content[0].image_url"


def test_assistant_sound_cannot_be_seeded_but_text_can() -> None:
    session = Session()
    sound = {"type": "message", "role": "assistant", "content": [{"type": "output_audio", "audio": ""}]}
    error = error_of(session.send("conversation.item.create", item=sound))
    assert (error["code"], error["param"]) == ("missing_required_parameter", "item.content[0].text")
    text = {**sound, "status": "in_progress", "content": [{"type": "output_text", "text": "Hello."}]}
    assert session.send("conversation.item.create", item=text)[0]["item"]["status"] == "completed"


def test_generation_that_fails_is_told_in_the_response() -> None:
    from agentrun.engine.seams import Failure

    session = Session(hold=(Generate,))
    created = session.send("response.create")[0]["response"]["id"]
    failure = Failure("too many requests", "inference_rate_limit_exceeded", "invalid_request_error")
    events = session.put(ProducedEnd(created, failure))
    assert names(events) == ["response.done", "rate_limits.updated"]
    response = events[0]["response"]
    assert response["status"] == "failed"
    assert response["status_details"] == {
        "type": "failed",
        "error": {
            "type": "invalid_request_error",
            "code": "inference_rate_limit_exceeded",
            "message": "too many requests",
        },
    }


def test_what_was_said_is_told_while_the_answer_runs() -> None:
    session = Session([[Say("Fine.")]], transcripts=["How are you?"], hold=(Transcribe,))
    session.update(audio={"input": {"transcription": {"model": "gpt-realtime-whisper"}}})
    append(session, 2000)
    session.put(SpeechStarted(0))
    assert names(session.put(SpeechStopped(1900, 500)))[-1] == "response.created"
    heard = session.answer()
    assert not [e for e in heard if e["type"] == "conversation.item.added" and e["item"]["role"] == "user"]
    done = last(session.events, "conversation.item.input_audio_transcription.completed")
    assert done["usage"] == {"type": "duration", "seconds": 2}


def test_answers_that_come_out_of_turn_change_nothing() -> None:
    session = Session([[Say("Hi.")]])
    session.send("response.create")
    events = len(session.events)
    for late in (Produced("resp_x", Say("?")), ProducedEnd("resp_x"), SpokenEnd("resp_x", "item_x")):
        session.put(late)
    assert len(session.events) == events
    assert json.dumps(session.events)  # what was sent is plain JSON
