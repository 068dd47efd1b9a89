"""The payload says what the file says, and the official types accept it strictly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.realtime import SessionUpdateEvent

from agentrun.compiler import compile_agent
from agentrun.config import AgentSpec, load_agent
from agentrun.config.model import (
    BuiltinSpec,
    ContextSpec,
    ModelSpec,
    PromptSpec,
    ReasoningSpec,
    ToolSpec,
    TranscriptionSpec,
    TruncationSpec,
    TurnDetectionSpec,
    VoiceSpec,
)
from agentrun.plan import BROWSER, TEXT, ChannelProfile
from agentrun.tools.python import describe_function
from agentrun.wire.json import JsonObject, JsonValue
from tests.compiler.test_compile import NOON, describe, make

PCM = {"type": "audio/pcm", "rate": 24000}
ROOT = Path(__file__).parents[2]


def session(channel: ChannelProfile = BROWSER, **fields: JsonValue) -> JsonObject:
    return compile_agent(make(**fields), channel, describe_python=describe, now=NOON).session


def test_a_bare_agent_leaves_the_rest_to_the_server() -> None:
    assert session() == {
        "type": "realtime",
        "model": "gpt-realtime-2.1",
        "output_modalities": ["audio"],
        "instructions": "Help.",
        "audio": {
            "input": {"format": PCM, "transcription": {"model": "gpt-realtime-whisper"}},
            "output": {"format": PCM},
        },
        "tools": [],
    }


@pytest.mark.parametrize(
    ("fields", "path", "value"),
    [
        (
            {"voice": VoiceSpec("marin", speed=1.2)},
            "audio.output",
            {"format": PCM, "voice": "marin", "speed": 1.2},
        ),
        ({"voice": VoiceSpec(id="voice_1")}, "audio.output.voice", {"id": "voice_1"}),
        ({"language": "ko"}, "audio.input.transcription.language", "ko"),
        ({"transcription": TranscriptionSpec("off")}, "audio.input.transcription", None),
        (
            {"language": "ko", "transcription": TranscriptionSpec("gpt-transcribe", languages=("en", "ko"))},
            "audio.input.transcription",
            {"model": "gpt-transcribe", "languages": ["en", "ko"]},
        ),
        (
            {"language": "ko", "transcription": TranscriptionSpec(language="en", delay="low")},
            "audio.input.transcription",
            {"model": "gpt-realtime-whisper", "language": "en", "delay": "low"},
        ),
        ({"noise_reduction": "near_field"}, "audio.input.noise_reduction", {"type": "near_field"}),
        ({"noise_reduction": "off"}, "audio.input.noise_reduction", None),
        ({"turn_detection": "none"}, "audio.input.turn_detection", None),
        (
            {"turn_detection": TurnDetectionSpec("server_vad", threshold=0.0, create_response=False)},
            "audio.input.turn_detection",
            {"type": "server_vad", "threshold": 0.0, "create_response": False},
        ),
        ({"output": "text"}, "output_modalities", ["text"]),
        ({"tool_choice": "required"}, "tool_choice", "required"),
        ({"tool_choice": "lookup"}, "tool_choice", {"type": "function", "name": "lookup"}),
        ({"model": ModelSpec(reasoning=ReasoningSpec("low"))}, "reasoning", {"effort": "low"}),
        ({"model": ModelSpec(parallel_tool_calls=False)}, "parallel_tool_calls", False),
        ({"model": ModelSpec(max_output_tokens="inf")}, "max_output_tokens", "inf"),
        ({"context": ContextSpec(TruncationSpec("disabled"))}, "truncation", "disabled"),
        (
            {"context": ContextSpec(TruncationSpec(retention_ratio=0.5, post_instructions_tokens=9))},
            "truncation",
            {"type": "retention_ratio", "retention_ratio": 0.5, "token_limits": {"post_instructions": 9}},
        ),
        ({"tracing": "auto"}, "tracing", "auto"),
        ({"tracing": "off"}, "tracing", None),
        ({"tracing": {"group_id": "g"}}, "tracing", {"group_id": "g"}),
        ({"prompt": PromptSpec("p", "2")}, "prompt", {"id": "p", "version": "2"}),
        (
            {"overrides": {"audio": {"output": {"voice": "new"}}}},
            "audio.output",
            {"format": PCM, "voice": "new"},
        ),
        ({"overrides": {"tools": None, "brand": {"new": 1}}}, "brand.new", 1),
    ],
)
def test_each_field_has_its_place(fields: JsonObject, path: str, value: JsonValue) -> None:
    found: JsonValue = session(**fields)
    for part in path.split("."):
        found = found[part]
    assert found == value


def test_formats_belong_to_the_channel() -> None:
    assert session(TEXT)["audio"]["input"]["format"] == {"type": "audio/pcmu"}


def check_strictly(payload: JsonObject) -> None:
    event = json.dumps({"type": "session.update", "session": payload})
    parsed = SessionUpdateEvent.model_validate_json(event, strict=True)
    # The official types allow unknown fields: nothing of ours may have ended up among them.
    assert find_extras(parsed) == []
    assert json.loads(parsed.model_dump_json(exclude_unset=True)) == json.loads(event)


def find_extras(value: object, path: str = "") -> list[str]:
    if isinstance(value, list):
        return [extra for index, item in enumerate(value) for extra in find_extras(item, f"{path}[{index}]")]
    fields = getattr(value, "__dict__", {})
    own = [f"{path}.{name}" for name in (getattr(value, "model_extra", None) or {})]
    return own + [extra for name, item in fields.items() for extra in find_extras(item, f"{path}.{name}")]


def test_the_strict_check_can_fail() -> None:
    with pytest.raises(AssertionError):
        check_strictly({"type": "realtime", "modalities": ["text"]})


@pytest.mark.parametrize("file", sorted((ROOT / "agents").glob("*.yaml")), ids=lambda file: file.name)
def test_examples_pass_the_official_types(file: Path) -> None:
    spec = load_agent(file, environment={}, require_environment=False)
    check_strictly(compile_agent(spec, describe_python=describe_function, now=NOON).session)


def maybe(strategy: st.SearchStrategy[JsonValue]) -> st.SearchStrategy[JsonValue]:
    return st.none() | strategy


EFFORTS = st.sampled_from(["minimal", "low", "medium", "high", "xhigh"])
UNIT = st.floats(0, 1)
SPECS = st.builds(
    make,
    instructions=st.text(alphabet="ab 안{", min_size=1),
    output=st.sampled_from(["audio", "text"]),
    language=maybe(st.sampled_from(["en", "ko"])),
    model=st.builds(
        ModelSpec,
        reasoning=maybe(st.builds(ReasoningSpec, EFFORTS)),
        parallel_tool_calls=maybe(st.booleans()),
        max_output_tokens=maybe(st.just("inf") | st.integers(1, 4096)),
    ),
    voice=maybe(st.builds(VoiceSpec, name=st.just("marin"), speed=maybe(st.floats(0.25, 1.5)))),
    noise_reduction=maybe(st.sampled_from(["near_field", "far_field", "off"])),
    turn_detection=maybe(
        st.just("none")
        | st.builds(
            TurnDetectionSpec,
            st.just("server_vad"),
            threshold=maybe(UNIT),
            prefix_padding_ms=maybe(st.integers(0, 999)),
            silence_duration_ms=maybe(st.integers(0, 999)),
            idle_timeout_ms=maybe(st.integers(5000, 30000)),
            create_response=maybe(st.booleans()),
        )
        | st.builds(
            TurnDetectionSpec, st.just("semantic_vad"), eagerness=maybe(st.sampled_from(["low", "auto"]))
        )
    ),
    transcription=st.builds(
        TranscriptionSpec,
        st.sampled_from(["off", "gpt-realtime-whisper", "gpt-transcribe"]),
        keywords=st.lists(st.text(min_size=1), max_size=2).map(tuple),
        prompt=maybe(st.text(min_size=1)),
        delay=maybe(EFFORTS),
    ),
    tool_choice=maybe(st.sampled_from(["auto", "none", "required", "hang_up"])),
    tools=st.lists(
        st.sampled_from([ToolSpec(builtin=BuiltinSpec("hang_up")), ToolSpec(python="m:f", description="d")]),
        max_size=2,
    ).map(tuple),
    context=st.builds(
        ContextSpec,
        maybe(
            st.builds(TruncationSpec, mode=st.sampled_from(["auto", "disabled"]))
            | st.builds(
                TruncationSpec, retention_ratio=UNIT, post_instructions_tokens=maybe(st.integers(0, 9))
            )
        ),
    ),
    tracing=maybe(st.sampled_from(["auto", "off"]) | st.just({"workflow_name": "w"})),
)


@settings(max_examples=60, deadline=None)
@given(SPECS)
def test_every_spec_passes_the_official_types(spec: AgentSpec) -> None:
    payload = compile_agent(spec, describe_python=describe, now=NOON).session
    check_strictly(payload)
    assert payload == compile_agent(spec, describe_python=describe, now=NOON).session
