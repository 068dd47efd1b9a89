"""`session.created` and `session.update`: defaults, merging, locks, refusals."""

from __future__ import annotations

from typing import Any

import pytest

from agentrun.engine.seams import Say
from agentrun.engine.settings import DEFAULT_INSTRUCTIONS
from tests.engine.kit import EPOCH, Session, error_of

TOOL = {"type": "function", "name": "f"}


def session_of(session: Session) -> dict[str, Any]:
    """Return the session in its last echo."""
    echo: dict[str, Any] = session.events[-1]["session"]
    return echo


def test_created_session_is_complete() -> None:
    (created,) = Session().events
    session = created["session"]
    assert created["type"] == "session.created"
    assert session.pop("id").startswith("sess_")
    assert session.pop("instructions") == DEFAULT_INSTRUCTIONS
    pcm = {"type": "audio/pcm", "rate": 24000}
    assert session == {
        "type": "realtime",
        "object": "realtime.session",
        "model": "gpt-realtime-2.1",
        "output_modalities": ["audio"],
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "tracing": None,
        "truncation": "auto",
        "prompt": None,
        "expires_at": int(EPOCH.timestamp()) + 3600,
        "audio": {
            "input": {
                "format": pcm,
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": {
                    "type": "server_vad",
                    "threshold": 0.5,
                    "prefix_padding_ms": 300,
                    "silence_duration_ms": 500,
                    "idle_timeout_ms": None,
                    "create_response": True,
                    "interrupt_response": True,
                },
            },
            "output": {"format": pcm, "voice": "marin", "speed": 1.0},
        },
        "include": None,
    }


def test_older_models_have_other_defaults() -> None:
    session = Session(model="gpt-realtime").events[0]["session"]
    assert session["audio"]["output"]["voice"] == "alloy"
    assert session["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 200


def test_update_merges_deeply() -> None:
    session = Session()
    session.update(audio={"input": {"turn_detection": {"type": "server_vad", "threshold": 0.7}}})
    session.update(audio={"input": {"transcription": {"model": "whisper-1"}}, "output": {"speed": 1.2}})
    session.update(audio={"input": {"turn_detection": {"silence_duration_ms": 300}}})
    heard, spoken = session_of(session)["audio"]["input"], session_of(session)["audio"]["output"]
    assert (heard["turn_detection"]["threshold"], heard["turn_detection"]["silence_duration_ms"]) == (
        0.7,
        300,
    )
    assert heard["transcription"] == {"model": "whisper-1", "language": None, "prompt": None}
    assert (spoken["speed"], spoken["voice"]) == (1.2, "marin")


def test_other_turn_detection_starts_from_its_defaults() -> None:
    session = Session()
    session.update(audio={"input": {"turn_detection": {"type": "semantic_vad", "eagerness": "high"}}})
    assert session_of(session)["audio"]["input"]["turn_detection"] == {
        "type": "semantic_vad",
        "eagerness": "high",
        "create_response": True,
        "interrupt_response": True,
    }
    assert session.listens[-1].turn_detection == session_of(session)["audio"]["input"]["turn_detection"]


def test_clearing() -> None:
    session = Session()
    nothing = {"turn_detection": None, "transcription": None, "noise_reduction": None}
    session.update(
        instructions="x", tools=[TOOL], audio={"input": {"noise_reduction": {"type": "near_field"}}}
    )
    session.update(instructions="", tools=[], audio={"input": nothing})
    echo = session_of(session)
    assert (echo["instructions"], echo["tools"]) == (DEFAULT_INSTRUCTIONS, [])
    assert {key: echo["audio"]["input"][key] for key in nothing} == nothing


def test_obeyed_but_not_echoed() -> None:
    session = Session([[]])
    session.update(parallel_tool_calls=False, reasoning={"effort": "low"})
    assert not {"parallel_tool_calls", "reasoning"} & session_of(session).keys()
    session.send("response.create")
    assert session.prompts[0].parallel_tool_calls is False


def test_locks() -> None:
    session = Session([[Say("Hi")]])
    session.update(model="gpt-realtime-2.1", tracing="auto", audio={"output": {"voice": "ash"}})
    assert error_of(session.update(model="gpt-realtime"))["param"] == "session.model"
    assert error_of(session.update(tracing=None))["param"] == "session.tracing"
    session.update(tracing="auto")
    session.send("response.create")
    assert error_of(session.update(audio={"output": {"voice": "cedar"}}))["code"] == "cannot_update_voice"
    session.update(audio={"output": {"voice": "ash", "speed": 0.5}})
    assert session_of(session)["audio"]["output"] == {
        "format": {"type": "audio/pcm", "rate": 24000},
        "voice": "ash",
        "speed": 0.5,
    }


def test_voice_of_the_customer() -> None:
    session = Session()
    session.update(audio={"output": {"voice": {"id": "voice_123"}}})
    assert session_of(session)["audio"]["output"]["voice"] == "voice_123"


def test_missing_type() -> None:
    error = error_of(Session().send("session.update", event_id="c1", session={"instructions": "x"}))
    assert error == {
        "type": "invalid_request_error",
        "code": "missing_required_parameter",
        "message": "Missing required parameter: 'session.type'.",
        "param": "session.type",
        "event_id": "c1",
    }


def server_vad(**fields: Any) -> dict[str, Any]:
    return {"audio": {"input": {"turn_detection": {"type": "server_vad", **fields}}}}


@pytest.mark.parametrize(
    ("session", "code", "param"),
    [
        ({"type": "transcription"}, "invalid_value", "session.type"),
        ({"type": "other"}, "invalid_value", "session.type"),
        ({"foo": 1}, "unknown_parameter", "session.foo"),
        ({"modalities": ["text"]}, "unknown_parameter", "session.modalities"),
        ({"audio": {"input": {"foo": 1}}}, "unknown_parameter", "session.audio.input.foo"),
        ({"audio": {"input": []}}, "invalid_type", "session.audio.input"),
        ({"audio": 3}, "invalid_type", "session.audio"),
        ({"instructions": 3}, "invalid_type", "session.instructions"),
        ({"output_modalities": ["text", "audio"]}, "invalid_value", "session.output_modalities"),
        ({"output_modalities": ["video"]}, "invalid_value", "session.output_modalities[0]"),
        ({"max_output_tokens": 0}, "invalid_value", "session.max_output_tokens"),
        ({"max_output_tokens": "many"}, "invalid_value", "session.max_output_tokens"),
        ({"tool_choice": "sometimes"}, "invalid_value", "session.tool_choice"),
        ({"tool_choice": "required"}, "invalid_value", "session.tool_choice"),
        ({"tool_choice": {"type": "function", "name": "g"}}, "invalid_value", "session.tool_choice"),
        ({"tools": [{"type": "function"}]}, "missing_required_parameter", "session.tools[0].name"),
        ({"tools": [{"type": "function", "name": "a b"}]}, "invalid_value", "session.tools[0].name"),
        ({"tools": [{**TOOL, "strict": True}]}, "unknown_parameter", "session.tools[0].strict"),
        ({"tools": [{"name": "f"}]}, "missing_required_parameter", "session.tools[0].type"),
        ({"tools": [{"type": "mcp"}]}, "missing_required_parameter", "session.tools[0].server_label"),
        ({"tools": [{"type": "mcp", "server_label": "x"}] * 2}, "invalid_value", "session.tools"),
        (
            {"tools": [{"type": "mcp", "server_label": "x", "server_url": "u", "connector_id": "c"}]},
            "invalid_value",
            "session.tools[0]",
        ),
        ({"truncation": "never"}, "invalid_value", "session.truncation"),
        (
            {"truncation": {"type": "retention_ratio"}},
            "missing_required_parameter",
            "session.truncation.retention_ratio",
        ),
        ({"audio": {"output": {"speed": 3}}}, "invalid_value", "session.audio.output.speed"),
        ({"audio": {"output": {"voice": "nobody"}}}, "invalid_value", "session.audio.output.voice"),
        (
            {"audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}},
            "invalid_value",
            "session.audio.input.format.rate",
        ),
        (
            {"audio": {"input": {"format": {"type": "audio/opus"}}}},
            "invalid_value",
            "session.audio.input.format.type",
        ),
        (server_vad(threshold=1.5), "invalid_value", "session.audio.input.turn_detection.threshold"),
        (server_vad(threshold="x"), "invalid_type", "session.audio.input.turn_detection.threshold"),
        (
            server_vad(idle_timeout_ms=4999),
            "invalid_value",
            "session.audio.input.turn_detection.idle_timeout_ms",
        ),
        (server_vad(eagerness="low"), "unknown_parameter", "session.audio.input.turn_detection.eagerness"),
    ],
)
def test_refused_updates(session: dict[str, Any], code: str, param: str) -> None:
    subject = Session()
    before = dict(subject.core._state.settings)
    error = error_of(subject.update(**session))
    assert (error["code"], error["param"]) == (code, param)
    assert subject.core._state.settings == before


def test_reasoning_needs_a_model_that_reasons() -> None:
    error = error_of(Session(model="gpt-realtime").update(reasoning={"effort": "low"}))
    assert error["param"] == "session.reasoning"


def test_values_that_are_supported_are_named() -> None:
    error = error_of(Session().update(audio={"input": {"noise_reduction": {"type": "far"}}}))
    assert error["message"] == "Invalid value: 'far'. Supported values are: 'near_field', 'far_field'."
