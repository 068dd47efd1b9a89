"""What a client is told of the caller's words, by transcription model."""

from __future__ import annotations

from typing import Any

import pytest

from agentrun.engine.effects import Heard, Transcribe
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
