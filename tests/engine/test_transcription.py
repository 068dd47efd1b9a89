"""Settings of transcription sessions."""

from __future__ import annotations

import pytest

from agentrun.engine.transcription import make_transcription_settings, update_transcription_settings
from agentrun.errors import RemoteProtocolError
from agentrun.wire.json import JsonObject

NEW = make_transcription_settings("sess_1", 0)
VAD = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500}


def update(audio_input: JsonObject, settings: JsonObject = NEW) -> JsonObject:
    patch = {"type": "transcription", "audio": {"input": audio_input}}
    heard: JsonObject = update_transcription_settings(settings, patch)["audio"]["input"]
    return heard


def test_defaults() -> None:
    heard = NEW["audio"]["input"]
    assert heard["turn_detection"] == VAD
    assert heard["format"] == {"type": "audio/pcm", "rate": 24_000}
    assert heard["transcription"] is None


def test_an_update_changes_only_what_it_names() -> None:
    heard = update({"format": {"type": "audio/pcmu"}, "turn_detection": {"silence_duration_ms": 200}})
    assert heard["format"] == {"type": "audio/pcmu"}
    assert heard["turn_detection"] == {**VAD, "silence_duration_ms": 200}
    assert NEW["audio"]["input"]["turn_detection"] == VAD
    include = ["item.input_audio_transcription.logprobs"]
    assert (
        update_transcription_settings(NEW, {"type": "transcription", "include": include})["include"]
        == include
    )


@pytest.mark.parametrize("model", ["gpt-realtime-whisper", "gpt-live-transcribe"])
def test_models_that_hear_a_stream_have_no_turns(model: str) -> None:
    assert update({"transcription": {"model": model}})["turn_detection"] is None
    assert update({"transcription": {"model": model}, "turn_detection": None})["turn_detection"] is None
    with pytest.raises(RemoteProtocolError, match="set it to null") as refused:
        update({"transcription": {"model": model}, "turn_detection": {"type": "server_vad"}})
    assert refused.value.param == "session.audio.input.turn_detection"


@pytest.mark.parametrize(
    ("patch", "code", "param"),
    [
        ({}, "missing_required_parameter", "session.type"),
        ({"type": "realtime"}, "invalid_value", "session.type"),
        ({"type": "opera"}, "invalid_value", "session.type"),
        ({"type": "transcription", "instructions": "x"}, "unknown_parameter", "session.instructions"),
    ],
)
def test_updates_that_are_refused(patch: JsonObject, code: str, param: str) -> None:
    with pytest.raises(RemoteProtocolError) as refused:
        update_transcription_settings(NEW, patch)
    assert (refused.value.code, refused.value.param) == (code, param)
