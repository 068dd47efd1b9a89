"""The sequences of a session, event by event."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from agentrun.engine.effects import Generate, Heard, Speak, Transcribe, Wake
from agentrun.engine.seams import Call, Failure, Say
from agentrun.engine.speech.turns import SpeechStarted, SpeechStopped
from tests.engine.kit import EPOCH, Session, error_of, last, names

TEXT_TURN = [
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
    "rate_limits.updated",
]
TOOL = {"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {}}}


def append(session: Session, duration_ms: int) -> list[Any]:
    audio = base64.b64encode(b"\2\0" * 24 * duration_ms).decode()
    return session.send("input_audio_buffer.append", audio=audio)


def test_text_turn_in_text() -> None:
    session = Session([[Say("Hello there.")]], text=True)
    said = session.say("Hi", id="item_mine")
    assert names(said) == ["conversation.item.added", "conversation.item.done"]
    assert said[0]["previous_item_id"] is None
    assert said[0]["item"] == {
        "id": "item_mine",
        "type": "message",
        "status": "completed",
        "role": "user",
        "content": [{"type": "input_text", "text": "Hi"}],
    }
    events = session.send("response.create")
    assert names(events) == TEXT_TURN
    assert last(events, "response.content_part.added")["part"] == {"type": "text", "text": ""}
    deltas = "".join(event["delta"] for event in events if event["type"] == "response.output_text.delta")
    assert deltas == "Hello there."
    done = last(events, "response.done")["response"]
    assert (done["status"], done["status_details"]) == ("completed", None)
    assert done["output"][0]["content"] == [{"type": "output_text", "text": "Hello there."}]
    assert done["output"][0]["phase"] == "final_answer"
    assert session.prompts[0].items[0]["content"] == [{"type": "input_text", "text": "Hi"}]


def test_created_response_shows_what_is_in_force() -> None:
    session = Session([[]])
    created = session.send("response.create")[0]["response"]
    assert created["status"] == "in_progress"
    assert created["output"] == []
    assert created["usage"] is created["status_details"] is created["metadata"] is None
    assert created["audio"] == {"output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "marin"}}
    assert created["output_modalities"] == ["audio"]
    assert created["conversation_id"].startswith("conv_")


def test_predecessor_of_the_first_answer_is_left_out_when_it_is_done() -> None:
    session = Session([[Say("One.")], [Say("Two.")]], text=True)
    first_user = session.say("a")[0]["item"]["id"]
    first = session.send("response.create")
    answer = last(first, "conversation.item.added")
    assert answer["previous_item_id"] == first_user
    assert last(first, "conversation.item.done")["previous_item_id"] is None
    second = session.send("response.create")
    assert last(second, "conversation.item.done")["previous_item_id"] == answer["item"]["id"]


def test_text_turn_in_audio() -> None:
    session = Session([[Say("Hello there, how can I help you today? I am listening, take your time.")]])
    session.say("Hi")
    events = session.send("response.create")
    kinds = names(events)
    assert kinds[:6] == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
    ]
    assert kinds[-7:] == [
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
        "rate_limits.updated",
    ]
    assert last(events, "response.content_part.added")["part"] == {"type": "audio", "transcript": ""}
    sound = [event for event in events if event["type"] == "response.output_audio.delta"]
    sizes = [len(base64.b64decode(event["delta"])) for event in sound]
    assert all(size <= 24 * 2 * 400 for size in sizes)
    assert all("obfuscation" not in event for event in sound)
    text = session.spoken[0].text
    assert sum(sizes) == len(text) * 50 * 48
    item = last(events, "response.output_item.done")["item"]
    assert item["content"] == [{"type": "output_audio", "transcript": text}]


def test_function_call_turn() -> None:
    session = Session([[Call("get_weather", {"city": "London"})], [Say("Mild.")]], text=True)
    session.update(tools=[TOOL])
    session.say("Weather?")
    events = session.send("response.create")
    assert names(events) == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
        "rate_limits.updated",
    ]
    added = last(events, "response.output_item.added")["item"]
    assert (added["status"], added["arguments"], added["name"]) == ("in_progress", "", "get_weather")
    call = last(events, "response.done")["response"]["output"][0]
    assert call["arguments"] == '{"city": "London"}'
    assert call["call_id"].startswith("call_")
    assert len(call["call_id"]) == 5 + 16
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "12 degrees"}
    echoed = session.send("conversation.item.create", item=output)
    assert names(echoed) == ["conversation.item.added", "conversation.item.done"]
    assert "status" not in echoed[0]["item"]
    assert names(session.send("response.create")) == TEXT_TURN
    assert [item["type"] for item in session.prompts[1].items] == [
        "message",
        "function_call",
        "function_call_output",
    ]


def test_commentary_overlaps_the_calls_after_it() -> None:
    session = Session([[Say("One moment.", "commentary"), Call("a", {}), Call("b", {"x": 1})]], text=True)
    kinds = [
        (event["type"].removeprefix("response."), event.get("output_index"))
        for event in session.send("response.create")
        if not event["type"].startswith("conversation.") and not event["type"].endswith(".delta")
    ]
    assert kinds == [
        ("created", None),
        ("output_item.added", 0),
        ("content_part.added", 0),
        ("output_item.added", 1),
        ("output_text.done", 0),
        ("content_part.done", 0),
        ("output_item.done", 0),
        ("function_call_arguments.done", 1),
        ("output_item.done", 1),
        ("output_item.added", 2),
        ("function_call_arguments.done", 2),
        ("output_item.done", 2),
        ("done", None),
        ("rate_limits.updated", None),
    ]


def test_calls_alone_follow_each_other() -> None:
    session = Session([[Call("a", {}), Call("b", {})]])
    indexes = [
        event["output_index"]
        for event in session.send("response.create")
        if event["type"].startswith("response.output_item")
    ]
    assert indexes == [0, 0, 1, 1]


def test_only_one_call_where_parallel_ones_are_off() -> None:
    session = Session([[Call("a", {}), Call("b", {})]])
    session.update(parallel_tool_calls=False)
    events = session.send("response.create")
    assert [item["name"] for item in last(events, "response.done")["response"]["output"]] == ["a"]


def test_messages_follow_each_other() -> None:
    session = Session([[Say("One."), Say("Two.")]])
    events = session.send("response.create")
    assert [event["output_index"] for event in events if "output_item" in event["type"]] == [0, 0, 1, 1]


def test_second_response_while_one_is_active() -> None:
    session = Session([[Say("Hi")]], hold=(Generate,))
    created = session.send("response.create")[0]
    error = error_of(session.send("response.create", event_id="again"))
    assert error["code"] == "conversation_already_has_active_response"
    assert created["response"]["id"] in error["message"]
    assert error["event_id"] == "again"


def test_out_of_band_response_in_parallel() -> None:
    session = Session([[Say("in")], [Say("out")]], hold=(Generate,), text=True)
    said = session.say("Hello")[0]["item"]
    session.send("response.create")
    created = session.send(
        "response.create",
        response={
            "conversation": "none",
            "metadata": {"task": "classify"},
            "input": [
                {"type": "item_reference", "id": said["id"]},
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}]},
            ],
            "instructions": "Classify.",
        },
    )
    assert names(created) == ["response.created"]
    response = created[0]["response"]
    assert (response["conversation_id"], response["metadata"]) == (None, {"task": "classify"})
    events = session.answer()
    assert last(events, "response.done")["response"]["metadata"] == {"task": "classify"}
    own = [event for event in events if event.get("response_id") == response["id"]]
    assert "response.output_text.done" in names(own)
    assert not [
        e for e in events if e["type"] == "conversation.item.added" and e["previous_item_id"] == said["id"]
    ][1:]
    prompt = session.prompts[1]
    assert (prompt.instructions, prompt.instructed, len(prompt.items)) == ("Classify.", True, 2)
    assert len(session.core._state.history) == 2


def test_out_of_band_reference_to_nothing() -> None:
    entry = {"type": "item_reference", "id": "item_none"}
    error = error_of(Session().send("response.create", response={"conversation": "none", "input": [entry]}))
    assert error["param"] == "response.input[0].id"


def test_client_cancel_closes_everything_first() -> None:
    session = Session([[Say("A long answer that is being spoken."), Call("f", {})]], hold=(Speak,))
    session.send("response.create")
    events = session.send("response.cancel")
    assert names(events) == [
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.function_call_arguments.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
        "rate_limits.updated",
    ]
    done = last(events, "response.done")["response"]
    assert done["status"] == "cancelled"
    assert done["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
    assert {item["status"] for item in done["output"]} == {"incomplete"}
    assert session.stopped == [done["id"]]
    assert session.answer() == []  # what comes too late is ignored


@pytest.mark.parametrize("members", [{}, {"response_id": "resp_other"}])
def test_cancel_without_a_response(members: dict[str, str]) -> None:
    error = error_of(Session().send("response.cancel", event_id="c9", **members))
    assert (error["code"], error["event_id"]) == ("response_cancel_not_active", "c9")


def test_failed_mind_fails_the_response() -> None:
    from agentrun.engine.effects import ProducedEnd

    session = Session(hold=(Generate,))
    response_id = session.send("response.create")[0]["response"]["id"]
    ended = session.put(ProducedEnd(response_id, Failure("no route to the mind")))
    done = last(ended, "response.done")["response"]
    assert done["status"] == "failed"
    assert done["status_details"]["error"]["message"] == "no route to the mind"


@pytest.mark.parametrize("modality", ["text", "audio"])
def test_output_limit_makes_the_response_incomplete(modality: str) -> None:
    session = Session([[Say("word " * 50)]])
    limits = {"max_output_tokens": 12, "output_modalities": [modality]}
    done = last(session.send("response.create", response=limits), "response.done")["response"]
    assert done["status"] == "incomplete"
    assert done["status_details"] == {"type": "incomplete", "reason": "max_output_tokens"}
    assert 0 < done["usage"]["output_tokens"] <= 12
    assert done["output"][0]["status"] == "incomplete"


def test_usage_adds_up() -> None:
    session = Session([[Say("I can hear you.")]], transcripts=["hello"])
    session.update(instructions="x" * 40, tools=[TOOL])
    append(session, 1000)
    session.send("input_audio_buffer.commit")
    usage = last(session.send("response.create"), "response.done")["response"]["usage"]
    read, written = usage["input_token_details"], usage["output_token_details"]
    assert usage["input_tokens"] == read["text_tokens"] + read["audio_tokens"] + read["image_tokens"]
    assert usage["output_tokens"] == written["text_tokens"] + written["audio_tokens"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert read["audio_tokens"] == 10
    assert written["audio_tokens"] == 15 * 50 // 50
    limits = last(session.events, "rate_limits.updated")["rate_limits"][0]
    assert limits["limit"] - limits["remaining"] == usage["total_tokens"]


VAD_TURN = [
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.done",
    "response.created",
]


def test_audio_turn_waits_for_what_was_heard() -> None:
    session = Session([[Say("Fine.")]], transcripts=["How are you?"], hold=(Transcribe,))
    session.update(audio={"input": {"transcription": {"model": "gpt-realtime-whisper"}}})
    append(session, 3000)
    started = session.put(SpeechStarted(700))
    assert names(started) == ["input_audio_buffer.speech_started"]
    stopped = session.put(SpeechStopped(2500, 500))
    assert names(stopped) == VAD_TURN
    item = stopped[2]["item"]
    assert item["id"] == started[0]["item_id"] == stopped[1]["item_id"]
    assert item["content"] == [{"type": "input_audio", "transcript": None}]
    assert item["status"] == "completed"
    assert not session.prompts
    events = session.answer()
    assert names(events)[:3] == [
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.completed",
        "response.output_item.added",
    ]
    completed = last(events, "conversation.item.input_audio_transcription.completed")
    assert completed["transcript"] == "How are you?"
    assert completed["usage"] == {"type": "duration", "seconds": 2}
    assert session.prompts[0].items[0]["content"][0]["transcript"] == "How are you?"
    assert session.prompts[0].now == EPOCH
    assert len(session.transcribed[0].audio) == 1800 * 48
    shown = session.send("conversation.item.retrieve", item_id=item["id"])[0]["item"]["content"][0]
    assert shown["transcript"] == "How are you?"
    assert len(base64.b64decode(shown["audio"])) == 1800 * 48


def test_transcription_is_silent_unless_asked_for() -> None:
    session = Session([[]], transcripts=["Hello"])
    append(session, 1000)
    session.put(SpeechStarted(0))
    assert "conversation.item.input_audio_transcription.completed" not in names(
        session.put(SpeechStopped(900, 500))
    )
    assert session.prompts[0].items[0]["content"][0]["transcript"] == "Hello"


def test_failed_transcription() -> None:
    session = Session([[]], hold=(Transcribe,))
    session.update(audio={"input": {"transcription": {"model": "whisper-1"}}})
    append(session, 500)
    item = session.send("input_audio_buffer.commit")[0]["item_id"]
    events = session.put(Heard(item, "", "no recogniser"))
    assert names(events) == ["conversation.item.input_audio_transcription.failed"]
    assert session.put(Heard(item, "again")) == []


def test_turn_without_automatic_response() -> None:
    session = Session()
    session.update(audio={"input": {"turn_detection": {"type": "server_vad", "create_response": False}}})
    append(session, 1000)
    session.put(SpeechStarted(0))
    assert names(session.put(SpeechStopped(900, 500))) == VAD_TURN[:-1]


def test_barge_in_cancels_the_default_response_only() -> None:
    session = Session([[Say("A long story.")], [Say("x")]], hold=(Speak,))
    session.send("response.create", response={"conversation": "none"})
    response_id = session.send("response.create")[0]["response"]["id"]
    append(session, 500)
    events = session.put(SpeechStarted(100))
    assert names(events)[0] == "input_audio_buffer.speech_started"
    done = [event["response"] for event in events if event["type"] == "response.done"]
    assert [response["id"] for response in done] == [response_id]
    assert done[0]["status_details"] == {"type": "cancelled", "reason": "turn_detected"}


def test_barge_in_that_may_not_interrupt() -> None:
    session = Session([[Say("A long story.")]], hold=(Speak,))
    session.update(audio={"input": {"turn_detection": {"type": "semantic_vad", "interrupt_response": False}}})
    session.send("response.create")
    append(session, 500)
    assert names(session.put(SpeechStarted(100))) == ["input_audio_buffer.speech_started"]
    events = session.put(SpeechStopped(400, 500))
    assert names(events) == [*VAD_TURN[:-1], "error"]
    assert events[-1]["error"]["code"] == "conversation_already_has_active_response"


def test_push_to_talk() -> None:
    session = Session([[Say("Heard.")]], transcripts=["ok"])
    session.update(audio={"input": {"turn_detection": None}})
    assert session.listens[-1].turn_detection is None
    error = error_of(session.send("input_audio_buffer.commit"))
    assert error["code"] == "input_audio_buffer_commit_empty"
    append(session, 99)
    assert "99.00ms" in error_of(session.send("input_audio_buffer.commit"))["message"]
    append(session, 1)
    assert names(session.send("input_audio_buffer.commit")) == VAD_TURN[1:-1]
    append(session, 300)
    assert names(session.send("input_audio_buffer.clear")) == ["input_audio_buffer.cleared"]
    assert error_of(session.send("input_audio_buffer.commit"))["code"] == "input_audio_buffer_commit_empty"
    assert session.put(SpeechStarted(0)) == []  # a detector that is late finds nobody listening


def test_commit_ends_the_turn_under_way() -> None:
    session = Session()
    append(session, 800)
    item_id = session.put(SpeechStarted(200))[0]["item_id"]
    committed = session.send("input_audio_buffer.commit")
    assert committed[0]["item_id"] == item_id
    assert session.listens[-1].position_ms == 800
    assert session.put(SpeechStopped(800, 500)) == []


@pytest.fixture
def spoken() -> tuple[Session, str]:
    session = Session([[Say("Hello there, this is a long sentence.")]])
    done = last(session.send("response.create"), "response.done")["response"]
    return session, done["output"][0]["id"]


def truncate(session: Session, item_id: str, end_ms: int, index: int = 0) -> list[Any]:
    return session.send(
        "conversation.item.truncate", item_id=item_id, content_index=index, audio_end_ms=end_ms
    )


def test_truncate(spoken: tuple[Session, str]) -> None:
    session, item_id = spoken
    events = truncate(session, item_id, 1100)
    assert names(events) == ["conversation.item.truncated"]
    shown = session.send("conversation.item.retrieve", item_id=item_id)[0]["item"]["content"][0]
    assert shown["transcript"] == ""
    assert len(base64.b64decode(shown["audio"])) == 1100 * 48
    session.send("response.create")
    assert session.prompts[-1].items[0]["content"][0]["transcript"] == "Hello there, this is"
    assert names(truncate(session, item_id, 0)) == ["conversation.item.truncated"]


def test_truncate_refusals(spoken: tuple[Session, str]) -> None:
    session, item_id = spoken
    said = session.say("Hi")[0]["item"]["id"]
    assert error_of(truncate(session, "item_x", 0))["code"] == "item_truncate_invalid_item_id"
    assert error_of(truncate(session, said, 0))["code"] == "unsupported_content_type"
    assert error_of(truncate(session, item_id, 0, index=1))["param"] == "content_index"
    assert error_of(truncate(session, item_id, -1))["param"] == "audio_end_ms"
    assert "already shorter" in error_of(truncate(session, item_id, 60_000))["message"]


def test_delete_and_retrieve() -> None:
    session = Session()
    item_id = session.say("Hi")[0]["item"]["id"]
    assert session.send("conversation.item.retrieve", item_id=item_id)[0]["item"]["id"] == item_id
    assert names(session.send("conversation.item.delete", item_id=item_id)) == ["conversation.item.deleted"]
    missing = error_of(session.send("conversation.item.delete", item_id=item_id))
    assert missing["code"] == "item_delete_invalid_item_id"
    missing = error_of(session.send("conversation.item.retrieve", item_id=item_id))
    assert missing["code"] == "item_retrieve_invalid_item_id"


def test_items_go_where_the_client_wants_them() -> None:
    session = Session(text=True)
    for text, after in (("a", None), ("c", None), ("b", "item_a"), ("first", "root")):
        message = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        session.send(
            "conversation.item.create", item={"id": f"item_{text}", **message}, previous_item_id=after
        )
    added = [event for event in session.events if event["type"] == "conversation.item.added"]
    assert [event["previous_item_id"] for event in added] == [None, "item_a", "item_a", None]
    session.send("response.create")
    assert [item["id"] for item in session.prompts[0].items] == ["item_first", "item_a", "item_b", "item_c"]
    lost = session.send(
        "conversation.item.create", item={"id": "item_z", **message}, previous_item_id="item_none"
    )
    assert error_of(lost)["param"] == "previous_item_id"
    assert (
        error_of(session.send("conversation.item.create", item={"id": "item_a", **message}))["param"]
        == "item.id"
    )


def test_retrieve_while_the_item_is_spoken() -> None:
    session = Session([[Say("Hello there.")]], hold=(Speak,))
    events = session.send("response.create")
    item_id = last(events, "response.output_item.added")["item"]["id"]
    shown = session.send("conversation.item.retrieve", item_id=item_id)[0]["item"]
    assert (shown["status"], shown["content"][0]["transcript"]) == ("in_progress", "Hello there.")


def test_idle_caller() -> None:
    session = Session([[Say("Hello caller.")], [Say("Are you there?")]], transcripts=[""])
    detection = {"type": "server_vad", "idle_timeout_ms": 5000}
    session.update(audio={"input": {"turn_detection": detection, "transcription": {"model": "whisper-1"}}})
    append(session, 700)
    assert session.core.deadline_ms == 3_600_000
    session.send("response.create")
    playing_ms = len("Hello caller.") * 50
    assert session.core.deadline_ms == playing_ms + 5000
    append(session, 6000)
    session.now_ms = playing_ms + 4999
    assert session.put(Wake()) == []
    session.now_ms += 1
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
    assert (events[0]["audio_start_ms"], events[0]["audio_end_ms"]) == (1700, 6700)
    assert events[1]["item"]["role"] == "system"
    assert events[3]["previous_item_id"] == events[1]["item"]["id"]
    assert events[4]["item"]["id"] == events[0]["item_id"]
    assert last(events, "conversation.item.input_audio_transcription.completed")["transcript"] == ""
    assert session.core.deadline_ms > session.now_ms  # and so on, until somebody speaks
    session.put(SpeechStarted(6500))
    assert session.core.deadline_ms == 3_600_000


def test_session_ends_after_its_time() -> None:
    session = Session(limit_ms=60_000)
    deadlines = [session.core.deadline_ms]
    session.now_ms = 60_000
    assert session.put(Wake()) == []
    assert session.closed is not None
    assert session.closed.code == 1001
    assert [*deadlines, session.core.deadline_ms] == [60_000, None]
    assert session.say("too late") == []


def test_overrides_of_one_response() -> None:
    session = Session([[], []])
    session.update(tools=[TOOL], instructions="Session.")
    session.send("response.create", response={"instructions": "Once.", "tools": [], "tool_choice": "none"})
    session.send("response.create")
    once, again = session.prompts
    assert (once.instructions, once.instructed, once.tools, once.tool_choice) == ("Once.", True, [], "none")
    assert (again.instructions, again.instructed, len(again.tools)) == ("Session.", False, 1)


@pytest.mark.parametrize(
    ("response", "code", "param"),
    [
        ({"voice": "ash"}, "unknown_parameter", "response.voice"),
        ({"metadata": {"k": "v" * 513}}, "invalid_value", "response.metadata.k"),
        ({"metadata": {str(n): "" for n in range(17)}}, "invalid_value", "response.metadata"),
        ({"conversation": "other"}, "invalid_value", "response.conversation"),
        ({"tool_choice": "required"}, "invalid_value", "response.tool_choice"),
        ({"output_modalities": ["text", "audio"]}, "invalid_value", "response.output_modalities"),
        ({"audio": {"output": {"speed": 1}}}, "unknown_parameter", "response.audio.output.speed"),
    ],
)
def test_refused_responses(response: dict[str, Any], code: str, param: str) -> None:
    session = Session()
    error = error_of(session.send("response.create", response=response))
    assert (error["code"], error["param"]) == (code, param)


@pytest.mark.parametrize(
    ("frame", "code", "param"),
    [
        ("{", "invalid_event", None),
        ("[]", "invalid_event", None),
        ("{}", "invalid_event", "type"),
        ('{"type":"nope","event_id":"e1"}', "invalid_value", "type"),
        ('{"type":"response.cancel","x":1,"event_id":"e1"}', "unknown_parameter", "x"),
        ('{"type":"output_audio_buffer.clear","event_id":"e1"}', "invalid_value", "type"),
        ('{"type":"input_audio_buffer.append","audio":"?","event_id":"e1"}', "invalid_value", "audio"),
    ],
)
def test_refused_frames(frame: str, code: str, param: str | None) -> None:
    error = error_of(Session().put(frame))
    assert (error["code"], error["param"]) == (code, param)
    assert error["event_id"] == ("e1" if "e1" in frame else None)


@pytest.mark.parametrize("poison", ['"\\ud800"', "1e999", "[" * 200 + "]" * 200])
def test_what_cannot_be_written_again_is_refused(poison: str) -> None:
    tool = '{"type":"function","name":"f","parameters":{"x":' + poison + "}}"
    frame = '{"type":"session.update","event_id":"e","session":{"type":"realtime","tools":[' + tool + "]}}"
    session = Session()
    error = error_of(session.put(frame))
    assert (error["code"], error["event_id"]) == ("invalid_event", "e")
    assert session.core._state.settings["tools"] == []


def test_g711_out_and_in() -> None:
    session = Session([[Say("Hello there, how are you?")]], transcripts=["hi"])
    session.update(
        audio={"input": {"format": {"type": "audio/pcmu"}}, "output": {"format": {"type": "audio/pcma"}}}
    )
    assert session.listens[-1].format.name == "audio/pcmu"
    session.send("input_audio_buffer.append", audio=base64.b64encode(b"\xff" * 8 * 500).decode())
    session.send("input_audio_buffer.commit")
    assert len(session.transcribed[0].audio) == 8 * 500
    events = session.send("response.create")
    assert events[0]["response"]["audio"]["output"]["format"] == {"type": "audio/pcma"}
    sound = b"".join(
        base64.b64decode(e["delta"]) for e in events if e["type"] == "response.output_audio.delta"
    )
    assert abs(len(sound) - len("Hello there, how are you?") * 50 * 8) <= 8


def test_context_is_cut_to_what_the_model_reads() -> None:
    session = Session([[], []], model="gpt-realtime", text=True)
    for n in range(40):
        session.say(f"{n} " + "x" * 4000)
    session.send("response.create")
    kept = session.prompts[0].items
    assert 20 < len(kept) < 30
    assert kept[-1]["content"][0]["text"].startswith("39 ")
    session.update(truncation="disabled")
    done = last(session.send("response.create"), "response.done")["response"]
    assert done["status"] == "failed"
    session.update(truncation={"type": "retention_ratio", "retention_ratio": 0.5})
    session.say("y" * 4000)
    session.send("response.create")
    assert len(session.prompts[1].items) < 15


def test_recogniser_learns_what_the_session_is_about() -> None:
    session = Session()
    session.update(tools=[TOOL], audio={"input": {"transcription": {"model": "whisper-1", "language": "ko"}}})
    session.update(max_output_tokens=100)
    first, then = session.expected
    assert (first.tools, first.language) == ([], None)
    assert (then.tools, then.language) == ([TOOL], "ko")


def test_seeded_history() -> None:
    session = Session([[]], text=True)
    items: list[dict[str, Any]] = [
        {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Be brief."}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello."}]},
        {"type": "function_call", "name": "f", "arguments": "{}"},
        {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_image", "image_url": "data:image/png;base64,AA=="}],
        },
    ]
    for item in items:
        session.send("conversation.item.create", item=item)
    assert session.send("response.create")[-2]["response"]["usage"]["input_token_details"]["image_tokens"] > 0
    assert [item["type"] for item in session.prompts[0].items] == [item["type"] for item in items]
    assert session.prompts[0].items[2]["call_id"].startswith("call_")


def test_seeded_sound_is_transcribed() -> None:
    session = Session([[]], transcripts=["Good morning"])
    part = {"type": "input_audio", "audio": base64.b64encode(bytes(48 * 200)).decode()}
    added = session.send(
        "conversation.item.create", item={"type": "message", "role": "user", "content": [part]}
    )
    assert added[0]["item"]["content"] == [{"type": "input_audio", "transcript": None}]
    session.send("response.create")
    assert session.prompts[0].items[0]["content"][0]["transcript"] == "Good morning"


@pytest.mark.parametrize(
    ("item", "code", "param"),
    [
        ({}, "missing_required_parameter", "item.type"),
        ({"type": "poem"}, "invalid_value", "item.type"),
        ({"type": "message", "content": []}, "missing_required_parameter", "item.role"),
        ({"type": "message", "role": "poet", "content": []}, "invalid_value", "item.role"),
        ({"type": "message", "role": "user"}, "missing_required_parameter", "item.content"),
        (
            {"type": "message", "role": "user", "content": [{"type": "output_text", "text": "x"}]},
            "invalid_value",
            "item.content[0].type",
        ),
        (
            {"type": "message", "role": "assistant", "content": [{"type": "output_audio", "audio": ""}]},
            "missing_required_parameter",
            "item.content[0].text",
        ),
        (
            {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": "%"}]},
            "invalid_value",
            "item.content[0].audio",
        ),
        ({"type": "function_call_output", "call_id": "c"}, "missing_required_parameter", "item.output"),
        ({"type": "function_call_output", "call_id": "c", "output": 1}, "invalid_type", "item.output"),
    ],
)
def test_refused_items(item: dict[str, Any], code: str, param: str) -> None:
    error = error_of(Session().send("conversation.item.create", item=item))
    assert (error["code"], error["param"]) == (code, param)
