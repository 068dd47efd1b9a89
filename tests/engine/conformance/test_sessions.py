"""Sessions: how they open, what an update changes and what it may not, how they end."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from agentrun.engine.effects import Wake
from agentrun.engine.options import SessionOptions
from agentrun.engine.seams import Say
from agentrun.engine.settings import DEFAULT_INSTRUCTIONS
from tests.engine.kit import Session, error_of, last, names
from tests.engine.test_server import Understanding, open_door

TOOL = {"type": "function", "name": "f"}
PREFIX = "conversation.item.input_audio_transcription."
TEXT = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}


def test_opening_is_one_event_and_events_sent_early_are_taken() -> None:
    session = Session()
    assert names(session.events) == ["session.created"]
    assert session.events[0]["session"]["object"] == "realtime.session"
    (updated,) = session.update(instructions="Be brief.")
    assert updated["session"] == {**session.events[0]["session"], "instructions": "Be brief."}


async def test_beta_header_is_answered_by_an_error_and_a_close() -> None:
    async with (
        open_door([]) as door,
        connect(door.url, additional_headers={"OpenAI-Beta": "realtime=v1"}, proxy=None) as socket,
    ):
        error = json.loads(await socket.recv())["error"]
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert (error["type"], error["code"]) == ("invalid_request_error", "beta_api_shape_disabled")
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (
        4000,
        "invalid_request_error.beta_api_shape_disabled",
    )


def test_update_without_type_is_refused_and_the_session_lives() -> None:
    session = Session()
    error = error_of(session.send("session.update", session={"instructions": "x"}, event_id="c1"))
    assert (error["code"], error["param"], error["event_id"]) == (
        "missing_required_parameter",
        "session.type",
        "c1",
    )
    assert names(session.update(instructions="y")) == ["session.updated"]


def test_update_merges_and_clears() -> None:
    session = Session()
    turns = {"type": "server_vad", "threshold": 0.8}
    noise = {"type": "far_field", "strength": 0.5}
    session.update(
        instructions="x",
        tools=[TOOL],
        include=["item.input_audio_transcription.logprobs"],
        audio={"input": {"turn_detection": turns, "noise_reduction": noise}},
    )
    session.update(audio={"input": {"noise_reduction": {"type": "near_field"}}})
    echo = session.events[-1]["session"]
    assert (echo["instructions"], echo["tools"]) == ("x", [{**TOOL}])
    assert echo["audio"]["input"]["turn_detection"]["threshold"] == 0.8
    assert echo["audio"]["input"]["noise_reduction"] == {"type": "near_field", "strength": 0.5}
    nothing = {"turn_detection": None, "noise_reduction": None, "transcription": None}
    session.update(instructions="", tools=[], include=None, prompt=None, audio={"input": nothing})
    echo = session.events[-1]["session"]
    assert (echo["instructions"], echo["tools"], echo["include"]) == (DEFAULT_INSTRUCTIONS, [], None)
    assert nothing.items() <= echo["audio"]["input"].items()


def test_refused_update_changes_nothing() -> None:
    session = Session()
    error_of(session.update(instructions="half", tool_choice="required"))
    (echo,) = session.update()
    assert echo["session"]["instructions"] == DEFAULT_INSTRUCTIONS


def test_model_tracing_and_voice_are_locked() -> None:
    session = Session([[Say("Hi")]])
    session.update(model="gpt-realtime-2.1", tracing={"workflow_name": "w"})
    assert error_of(session.update(model="gpt-realtime"))["param"] == "session.model"
    for tracing in ("auto", None, {"workflow_name": "v"}):
        assert error_of(session.update(tracing=tracing))["param"] == "session.tracing"
    session.update(audio={"output": {"voice": "cedar"}})
    session.send("response.create")
    refused = error_of(session.update(audio={"output": {"voice": "ash"}}))
    assert (refused["code"], refused["param"]) == ("cannot_update_voice", "session.audio.output.voice")
    assert names(session.update(audio={"output": {"voice": "cedar"}})) == ["session.updated"]


@pytest.mark.parametrize(
    ("model", "voice", "silence_ms", "most"),
    [("gpt-realtime", "alloy", 200, 4096), ("gpt-realtime-2.1-mini", "marin", 500, 32_000)],
)
def test_defaults_and_bounds_of_a_model(model: str, voice: str, silence_ms: int, most: int) -> None:
    session = Session(model=model)
    audio = session.events[0]["session"]["audio"]
    assert audio["output"]["voice"] == voice
    assert audio["input"]["turn_detection"]["silence_duration_ms"] == silence_ms
    assert names(session.update(max_output_tokens=most)) == ["session.updated"]
    assert error_of(session.update(max_output_tokens=most + 1))["param"] == "session.max_output_tokens"


def test_only_models_that_reason_take_an_effort() -> None:
    effort = {"effort": "high"}
    assert names(Session().update(reasoning=effort)) == ["session.updated"]
    older = Session(model="gpt-realtime")
    assert error_of(older.update(reasoning=effort))["param"] == "session.reasoning"
    refused = older.send("response.create", response={"reasoning": effort})
    assert error_of(refused)["param"] == "response.reasoning"


def test_idle_timeout_belongs_to_server_vad_and_eagerness_to_semantic_vad() -> None:
    def update(**detection: Any) -> list[Any]:
        return Session().update(audio={"input": {"turn_detection": detection}})

    path = "session.audio.input.turn_detection"
    assert error_of(update(type="semantic_vad", threshold=0.5))["param"] == f"{path}.threshold"
    assert error_of(update(type="server_vad", eagerness="low"))["param"] == f"{path}.eagerness"
    for timeout_ms in (4999, 30_001):
        refused = error_of(update(type="server_vad", idle_timeout_ms=timeout_ms))
        assert (refused["code"], refused["param"]) == ("invalid_value", f"{path}.idle_timeout_ms")
    for allowed in (5000, 30_000, None):
        assert names(update(type="server_vad", idle_timeout_ms=allowed)) == ["session.updated"]


@pytest.mark.parametrize("minutes", [1, 60])
def test_session_is_closed_when_its_time_is_up(minutes: int) -> None:
    session = Session(limit_ms=minutes * 60_000)
    created = session.events[0]["session"]
    assert created["expires_at"] == 1795251600 + minutes * 60
    session.now_ms = minutes * 60_000 - 1
    session.put(Wake())
    early = session.closed
    session.now_ms += 1
    assert session.put(Wake()) == []
    assert early is None
    assert session.closed is not None
    assert (session.closed.code, f"{minutes} minutes" in session.closed.reason) == (1001, True)


def test_lenient_session_drops_what_the_api_does_not_know() -> None:
    vendor = {
        "type": "session.update",
        "vendor": {"x": 1},
        "session": {
            "type": "realtime",
            "tools": [{**TOOL, "strict": True}],
            "audio": {"input": {"turn_detection": {"type": "server_vad", "model_version": 2}}},
        },
    }
    assert error_of(Session().put(dict(vendor)))["code"] == "unknown_parameter"
    session = Session(options=SessionOptions(lenient=True))
    for frame in (dict(vendor), json.dumps(vendor)):
        (updated,) = session.put(frame)
        assert updated["session"]["tools"] == [TOOL]
        assert "model_version" not in updated["session"]["audio"]["input"]["turn_detection"]
    item = {**TEXT, "content": [{"type": "input_text", "text": "Hi", "cache": "yes"}], "x.y": 1}
    refused = error_of(session.send("conversation.item.create", item=item))
    assert refused["param"] == "item.x.y"  # a name that no path can lead to stays refused
    item.pop("x.y")
    added = session.send("conversation.item.create", item=item)
    assert added[0]["item"]["content"] == TEXT["content"]
    assert error_of(session.update(instructions=3))["code"] == "invalid_type"
    many = {f"k{index}": 1 for index in range(100)}
    assert error_of(session.update(**many))["code"] == "unknown_parameter"


class TestTranscriptionSession:
    """Sessions that write down what is said."""

    def open(self) -> Session:
        return Session(preset={"type": "transcription"}, transcripts=["Hello there"])

    def update(self, session: Session, **heard: Any) -> list[Any]:
        return session.send("session.update", session={"type": "transcription", "audio": {"input": heard}})

    def test_its_object_has_no_output(self) -> None:
        created = self.open().events[0]["session"]
        assert (created["type"], created["object"]) == ("transcription", "realtime.transcription_session")
        assert set(created) == {"type", "object", "id", "expires_at", "audio", "include"}
        assert set(created["audio"]) == {"input"}

    def test_each_kind_refuses_the_other_one(self) -> None:
        session = self.open()
        error = error_of(session.update(instructions="x"))
        assert (error["param"], "transcription session" in error["message"]) == ("session.type", True)
        assert error_of(session.send("session.update", session={}))["param"] == "session.type"
        error = error_of(Session().send("session.update", session={"type": "transcription"}))
        assert (error["param"], "realtime session" in error["message"]) == ("session.type", True)

    @pytest.mark.parametrize("kind", ["response.create", "response.cancel", "output_audio_buffer.clear"])
    def test_it_answers_nothing(self, kind: str) -> None:
        error = error_of(self.open().send(kind, event_id="e1"))
        assert (error["code"], error["param"], error["event_id"]) == ("invalid_value", "type", "e1")

    def test_turns_are_written_down(self) -> None:
        from agentrun.engine.speech.turns import SpeechStarted, SpeechStopped
        from tests.engine.kit import append

        session = self.open()
        self.update(session, transcription={"model": "gpt-4o-transcribe"})
        append(session, 1500)
        session.put(SpeechStarted(100))
        events = session.put(SpeechStopped(1400, 500))
        assert names(events) == [
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
            "conversation.item.added",
            "conversation.item.done",
            "conversation.item.input_audio_transcription.delta",
            "conversation.item.input_audio_transcription.completed",
        ]
        assert events[-1]["transcript"] == "Hello there"

    @pytest.mark.parametrize("model", ["gpt-realtime-whisper", "gpt-live-transcribe"])
    def test_models_that_stream_have_no_turns(self, model: str) -> None:
        session = self.open()
        (updated,) = self.update(session, transcription={"model": model})
        assert updated["session"]["audio"]["input"]["turn_detection"] is None
        refused = error_of(self.update(session, turn_detection={"type": "server_vad"}))
        assert refused["param"] == "session.audio.input.turn_detection"
        assert names(self.update(session, turn_detection=None)) == ["session.updated"]

    async def test_official_client_asks_for_it_by_intent(self) -> None:
        heard: Any = {"transcription": {"model": "gpt-realtime-whisper"}, "turn_detection": None}
        session: Any = {"type": "transcription", "audio": {"input": heard}}
        events: list[Any] = []
        async with (
            open_door([], Understanding("Hello there")) as door,
            door.client.realtime.connect(extra_query={"intent": "transcription"}) as connection,
        ):
            await connection.session.update(session=session)
            await connection.input_audio_buffer.append(audio=base64.b64encode(bytes(48_000)).decode())
            await connection.input_audio_buffer.commit()
            await connection.response.create()
            async for event in connection:
                events.append(event)
                if {"error", PREFIX + "completed"} <= {one.type for one in events}:
                    break
        assert events[0].type == "session.created"
        assert events[0].session.type == "transcription"
        assert [one.delta for one in events if one.type == PREFIX + "delta"] == ["Hello", " there"]


def test_reply_to_an_update_carries_no_id_of_the_client() -> None:
    session = Session()
    session.send("session.update", session={"type": "realtime"}, event_id="mine")
    assert last(session.events, "session.updated")["event_id"].startswith("event_")
