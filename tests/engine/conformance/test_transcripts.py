"""What a client is told of the caller's words, by transcription model."""

from __future__ import annotations

from typing import Any

import pytest

from agentrun.engine.effects import Heard, Overheard, Transcribe
from agentrun.engine.speech.turns import SpeechStarted, SpeechStopped
from tests.engine.kit import Session, append, names

WORDS = "Where is my order"
PREFIX = "conversation.item.input_audio_transcription."


def hear(
    model: str, *, confident: bool = True, include: bool = False, **members: Any
) -> list[dict[str, Any]]:
    """Return the events of one commit of two seconds, without those of the item."""
    session = Session([[]], hold=(Transcribe,))
    session.update(
        audio={"input": {"turn_detection": None, "transcription": {"model": model, **members}}},
        include=["item.input_audio_transcription.logprobs"] if include else None,
    )
    append(session, 2000)
    item_id = session.send("input_audio_buffer.commit")[0]["item_id"]
    return session.put(Heard(item_id, WORDS, confident=confident))


@pytest.mark.parametrize(
    ("model", "deltas", "usage"),
    [
        ("gpt-realtime-whisper", 4, "duration"),
        ("gpt-live-transcribe", 4, "duration"),
        ("gpt-4o-transcribe", 4, "tokens"),
        ("gpt-4o-mini-transcribe-2025-12-15", 4, "tokens"),
        ("gpt-transcribe", 4, "tokens"),
        ("whisper-1", 1, "duration"),
        ("my-deployment", 4, "duration"),
    ],
)
def test_words_come_as_the_model_sends_them(model: str, deltas: int, usage: str) -> None:
    *pieces, completed = hear(model)
    assert {event["type"] for event in pieces} == {PREFIX + "delta"}
    assert len(pieces) == deltas
    assert "".join(event["delta"] for event in pieces) == completed["transcript"] == WORDS
    assert all(event["obfuscation"] and "logprobs" not in event for event in pieces)
    assert completed["usage"]["type"] == usage


def test_usage_by_time_and_by_tokens() -> None:
    assert hear("whisper-1")[-1]["usage"] == {"type": "duration", "seconds": 2}
    assert hear("gpt-4o-transcribe", prompt="order numbers")[-1]["usage"] == {
        "type": "tokens",
        "total_tokens": 29,
        "input_tokens": 24,
        "output_tokens": 5,
        "input_token_details": {"text_tokens": 4, "audio_tokens": 20},
    }


def test_probabilities_where_they_are_asked_for() -> None:
    sure, unsure = (hear("gpt-4o-transcribe", include=True, confident=flag) for flag in (True, False))
    for events in (sure, unsure):
        *pieces, completed = events
        assert [entry for event in pieces for entry in event["logprobs"]] == completed["logprobs"]
        assert "".join(entry["token"] for entry in completed["logprobs"]) == WORDS
        assert all(bytes(entry["bytes"]).decode() == entry["token"] for entry in completed["logprobs"])
    assert unsure[-1]["logprobs"][0]["logprob"] < sure[-1]["logprobs"][0]["logprob"] < 0
    assert "logprobs" not in hear("whisper-1", include=True)[-1]


@pytest.mark.parametrize(
    ("named", "told"), [({}, []), ({"language": "ko"}, ["ko"]), ({"languages": ["de", "en"]}, ["de"])]
)
def test_languages_of_the_models_that_tell_them(named: dict[str, Any], told: list[str]) -> None:
    assert [entry["code"] for entry in hear("gpt-transcribe", **named)[-1]["languages"]] == told
    assert "languages" not in hear("gpt-4o-transcribe", **named)[-1]


def test_speakers_come_in_segments() -> None:
    events = hear("gpt-4o-transcribe-diarize")
    assert names(events) == [PREFIX + "segment", PREFIX + "completed"]
    segment = events[0]
    assert (segment["text"], segment["speaker"], segment["start"], segment["end"]) == (WORDS, "A", 0.0, 2.0)


def test_failure_is_told_for_the_item_and_nothing_else_stops() -> None:
    session = Session([[]], hold=(Transcribe,))
    session.update(audio={"input": {"transcription": {"model": "whisper-1"}}})
    append(session, 500)
    item_id = session.send("input_audio_buffer.commit")[0]["item_id"]
    (failed,) = session.put(Heard(item_id, "", "no recogniser"))
    assert (failed["type"], failed["item_id"]) == (PREFIX + "failed", item_id)
    assert (failed["error"]["type"], failed["error"]["message"]) == ("server_error", "no recogniser")
    assert names(session.send("response.create"))[-1] == "rate_limits.updated"


def speak(model: str, *overheard: str, heard: str = WORDS) -> list[dict[str, Any]]:
    """Return the events of one turn of the caller, who paused after each of the first texts."""
    session = Session([[]], hold=(Transcribe,))
    session.update(audio={"input": {"transcription": {"model": model}}})
    append(session, 2000)
    events = session.put(SpeechStarted(0))
    for text in overheard:
        events += session.put(Overheard(text))
    events += session.put(SpeechStopped(2000, 1500))
    return events + session.put(Heard(events[0]["item_id"], heard))


def read_deltas(events: list[dict[str, Any]]) -> list[str]:
    return [event["delta"] for event in events if event["type"] == PREFIX + "delta"]


def read_transcript(events: list[dict[str, Any]]) -> str:
    (completed,) = [event for event in events if event["type"] == PREFIX + "completed"]
    return str(completed["transcript"])


@pytest.mark.parametrize("model", ["gpt-realtime-whisper", "gpt-live-transcribe"])
def test_words_come_while_the_caller_speaks(model: str) -> None:
    events = speak(model, "Where", "Where is my")
    kinds = [event["type"] for event in events]
    begun, told, over = (
        "input_audio_buffer.speech_started",
        PREFIX + "delta",
        "input_audio_buffer.speech_stopped",
    )
    assert kinds[:5] == [begun, told, told, told, over]
    assert read_deltas(events) == ["Where", " is", " my", " order"]
    assert {event["item_id"] for event in events if event["type"].startswith(PREFIX)} == {
        events[0]["item_id"]
    }
    assert read_transcript(events) == WORDS


@pytest.mark.parametrize("model", ["gpt-4o-transcribe", "gpt-transcribe", "whisper-1"])
def test_other_models_wait_for_the_end_of_the_turn(model: str) -> None:
    kinds = names(speak(model, "Where", "Where is my"))
    assert kinds.index("conversation.item.done") < kinds.index(PREFIX + "delta")


def test_a_word_that_was_told_is_not_taken_back() -> None:
    events = speak("gpt-realtime-whisper", "Wear is", "Where is my")
    assert read_deltas(events) == ["Wear", " is"]
    assert read_transcript(events) == WORDS


def test_what_is_overheard_of_no_turn_is_nothing() -> None:
    session = Session([[]])
    session.update(audio={"input": {"transcription": {"model": "gpt-realtime-whisper"}}})
    assert session.put(Overheard("Hello")) == []


def test_a_turn_that_was_cleared_leaves_nothing_behind() -> None:
    session = Session([[]], hold=(Transcribe,))
    session.update(audio={"input": {"transcription": {"model": "gpt-realtime-whisper"}}})
    append(session, 2000)
    session.put(SpeechStarted(0))
    session.put(Overheard("Where is"))
    session.send("input_audio_buffer.clear")
    assert session.put(Overheard("Where is my")) == []
