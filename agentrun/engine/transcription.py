"""Settings of transcription sessions, which write down what is said and answer nothing.

Source: https://platform.openai.com/docs/guides/realtime-transcription.
"""

from __future__ import annotations

import copy

from agentrun.engine.checks import check_choice, refuse, refuse_missing
from agentrun.engine.models import find_traits
from agentrun.engine.parameters import TRANSCRIPTION_SESSION
from agentrun.engine.settings import complete_turn_detection, fill_turn_detection_type, merge_input
from agentrun.wire.json import JsonObject

STREAMING_MODELS = ("gpt-realtime-whisper", "gpt-live-transcribe")
"""Models that hear a stream without turns, so that the client commits."""

_TRAITS = find_traits("")
_ANSWERING = ("create_response", "interrupt_response", "idle_timeout_ms")


def make_transcription_settings(session_id: str, expires_at: int) -> JsonObject:
    """Return the settings of a new session, complete as `session.created` shows them."""
    detection = complete_turn_detection({"type": "server_vad"}, _TRAITS)
    return {
        "type": "transcription",
        "object": "realtime.transcription_session",
        "id": session_id,
        "expires_at": expires_at,
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24_000},
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": _drop_answering(detection),
            }
        },
        "include": None,
    }


def update_transcription_settings(settings: JsonObject, patch: JsonObject) -> JsonObject:
    """Return the settings after a `session.update`; those given stay as they are.

    Raises:
        RemoteProtocolError: something in the update is not allowed; nothing changes.

    """
    if "type" not in patch:
        refuse_missing("session.type")
    check_choice("realtime", "transcription")(patch["type"], "session.type")
    if patch["type"] == "realtime":
        message = "Passing a realtime session update event to a transcription session is not allowed."
        refuse(message, "invalid_value", "session.type")
    patch = fill_turn_detection_type(settings, patch)
    TRANSCRIPTION_SESSION(patch, "session")
    merged = copy.deepcopy(settings)
    if "include" in patch:
        merged["include"] = copy.deepcopy(patch["include"])
    target, heard = merged["audio"]["input"], patch.get("audio", {}).get("input", {})
    for key, value in heard.items():
        target[key] = merge_input(key, target[key], copy.deepcopy(value), _TRAITS)
    _settle_turns(target, heard)
    return merged


def _settle_turns(target: JsonObject, heard: JsonObject) -> None:
    """Leave out what concerns answers, and all turns where the model hears a stream."""
    if target["turn_detection"] is not None:
        target["turn_detection"] = _drop_answering(target["turn_detection"])
    model = (target["transcription"] or {}).get("model")
    if model not in STREAMING_MODELS:
        return
    if heard.get("turn_detection") is not None:
        message = f"Turn detection is not supported with the model '{model}': set it to null."
        refuse(message, "invalid_value", "session.audio.input.turn_detection")
    target["turn_detection"] = None


def _drop_answering(detection: JsonObject) -> JsonObject:
    return {key: value for key, value in detection.items() if key not in _ANSWERING}
