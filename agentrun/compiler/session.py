"""The `session` of the first `session.update`: what the file says, and nothing that it does not say.

Fields that the file leaves out are left to the server, except for those whose defaults the format itself
states (model, output, transcription). Sources:
https://platform.openai.com/docs/api-reference/realtime-client-events,
https://platform.openai.com/docs/guides/realtime.

One function for each group of fields; each returns only the keys that have something to say.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence

from agentrun.compiler.mcp_servers import compile_hosted_servers
from agentrun.config.model import AgentSpec, TruncationSpec, TurnDetectionSpec, VoiceSpec
from agentrun.plan import ChannelProfile, ToolBinding
from agentrun.wire.json import JsonObject, JsonValue


def compile_session(
    spec: AgentSpec, channel: ChannelProfile, tools: Sequence[ToolBinding], fill: Callable[[str], str]
) -> JsonObject:
    """Return the session payload, `overrides` merged last.

    Args:
        spec: the agent.
        channel: decides the audio formats.
        tools: what the model may call.
        fill: replaces `{{names}}`.

    """
    session: JsonObject = {
        "type": "realtime",
        "model": spec.model.name,
        "output_modalities": [spec.output],
        "instructions": fill(spec.instructions),
        "audio": {"input": _compile_input(spec, channel), "output": _compile_output(spec, channel)},
        **_compile_tools(spec, tools),
        **_compile_model_settings(spec),
    }
    return merge(session, copy.deepcopy(spec.overrides))


def _compile_input(spec: AgentSpec, channel: ChannelProfile) -> JsonObject:
    payload: JsonObject = {
        "format": dict(channel.input_format),
        "transcription": _compile_transcription(spec),
    }
    if spec.noise_reduction is not None:
        off = spec.noise_reduction == "off"
        payload["noise_reduction"] = None if off else {"type": spec.noise_reduction}
    if spec.turn_detection == "none":
        payload["turn_detection"] = None
    elif isinstance(spec.turn_detection, TurnDetectionSpec):
        payload["turn_detection"] = _compile_turn_detection(spec.turn_detection)
    return payload


def _compile_transcription(spec: AgentSpec) -> JsonObject | None:
    transcription = spec.transcription
    if transcription.model == "off":
        return None
    # `languages` lists what may be spoken, so the language of the agent is not added to it.
    language = transcription.language or (None if transcription.languages else spec.language)
    return _present(
        model=transcription.model,
        language=language,
        languages=list(transcription.languages) or None,
        prompt=transcription.prompt,
        keywords=list(transcription.keywords) or None,
        delay=transcription.delay,
    )


def _compile_turn_detection(turn: TurnDetectionSpec) -> JsonObject:
    return _present(
        type=turn.type,
        threshold=turn.threshold,
        prefix_padding_ms=turn.prefix_padding_ms,
        silence_duration_ms=turn.silence_duration_ms,
        idle_timeout_ms=turn.idle_timeout_ms,
        eagerness=turn.eagerness,
        create_response=turn.create_response,
        interrupt_response=turn.interrupt_response,
    )


def _compile_output(spec: AgentSpec, channel: ChannelProfile) -> JsonObject:
    voice = spec.voice or VoiceSpec()
    name = {"id": voice.id} if voice.id is not None else voice.name
    return {"format": dict(channel.output_format), **_present(voice=name, speed=voice.speed)}


def _compile_tools(spec: AgentSpec, tools: Sequence[ToolBinding]) -> JsonObject:
    payload: JsonObject = {"tools": [*(tool.declare() for tool in tools), *compile_hosted_servers(spec)]}
    choice = spec.tool_choice
    if choice in ("auto", "none", "required"):
        payload["tool_choice"] = choice
    elif choice is not None:
        payload["tool_choice"] = {"type": "function", "name": choice}
    return payload


def _compile_model_settings(spec: AgentSpec) -> JsonObject:
    model = spec.model
    effort = model.reasoning.effort if model.reasoning else None
    payload = _present(
        reasoning={"effort": effort} if effort else None,
        parallel_tool_calls=model.parallel_tool_calls,
        max_output_tokens=model.max_output_tokens,
        truncation=_compile_truncation(spec.context.truncation),
        prompt=_compile_prompt(spec),
    )
    if spec.tracing is not None:
        payload["tracing"] = None if spec.tracing == "off" else copy.deepcopy(spec.tracing)
    return payload


def _compile_truncation(truncation: TruncationSpec | None) -> JsonValue:
    if truncation is None or truncation.mode is not None:
        return truncation and truncation.mode
    payload: JsonObject = {"type": "retention_ratio", "retention_ratio": truncation.retention_ratio}
    if truncation.post_instructions_tokens is not None:
        payload["token_limits"] = {"post_instructions": truncation.post_instructions_tokens}
    return payload


def _compile_prompt(spec: AgentSpec) -> JsonObject | None:
    prompt = spec.prompt
    if prompt is None:
        return None
    return _present(id=prompt.id, version=prompt.version, variables=prompt.variables)


def _present(**fields: JsonValue) -> JsonObject:
    """Return the fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}


def merge(base: JsonObject, over: Mapping[str, JsonValue]) -> JsonObject:
    """Return `base` with `over` laid on it: mappings merge, everything else replaces, also `null`."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
