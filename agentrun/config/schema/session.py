"""The schema of the fields that shape the session: model, voice, turns, transcription."""

from __future__ import annotations

from agentrun.config.schema.parts import (
    choice,
    exclusive,
    flag,
    items,
    mapping,
    number,
    one_of_keys,
    refused,
    text,
    text_or_mapping,
    whole,
    words_or_mapping,
)
from agentrun.wire.json import JsonObject

_EFFORTS = ("minimal", "low", "medium", "high", "xhigh")
_DELAYS = ("minimal", "low", "medium", "high", "xhigh")

_SERVER_VAD_ONLY = "it belongs to `type: server_vad`"
_SEMANTIC_VAD_ONLY = "it belongs to `type: semantic_vad`"


def _vad_rule(kind: str, refusals: JsonObject) -> JsonObject:
    condition = {"type": "object", "required": ["type"], "properties": {"type": {"const": kind}}}
    return {"if": condition, "then": {"properties": refusals}}


MODEL: JsonObject = text_or_mapping(
    "The realtime model that holds the conversation; the default is gpt-realtime-2.1",
    {
        "name": text("Name of the model, or of the deployment on Azure"),
        "provider": choice("Who serves the model", "openai", "azure", "compatible", "embedded"),
        "base_url": text("Address of the API where it is not the provider's usual one"),
        "api_key": text("Key of the API; take it from the environment: ${OPENAI_API_KEY}"),
        "region": choice("Region whose servers answer", "us", "eu", "au", "in", "jp"),
        "reasoning": words_or_mapping(
            "How long a reasoning model thinks before it speaks",
            _EFFORTS,
            {"effort": choice("How much the model thinks; the default is low", *_EFFORTS)},
        ),
        "parallel_tool_calls": flag("Whether the model may call several tools at once"),
        "max_output_tokens": {
            "type": ["integer", "string"],
            "description": "Bound on the tokens of one response, tool calls included, or `inf`",
            "title": "a whole number or `inf`",
            "minimum": 1,
            "allOf": [{"if": {"type": "string"}, "then": {"enum": ["inf"]}}],
        },
    },
)

INSTRUCTIONS: JsonObject = text_or_mapping(
    "What the model shall be and do; `{{variables}}` are filled in",
    {"file": text("Path of a text file, relative to this file")},
    required=["file"],
)

VOICE: JsonObject = text_or_mapping(
    "The voice of the agent; without it the model's own default",
    {
        "name": text("Name of a voice of the provider, for example marin"),
        "id": text("Id of a custom voice, `voice_…`"),
        "speed": number("1.0 is the natural speed; 0.25 is the slowest, 1.5 the fastest", 0.25, 1.5),
    },
    allOf=[exclusive("name", "id")],
)

GREETING: JsonObject = text_or_mapping(
    "What the agent says first: the words themselves, or how to find them",
    {
        "say": text("The exact words"),
        "instructions": text("How the model shall greet, where the words may differ from call to call"),
        "interruptible": flag("Whether the caller may interrupt the greeting; the default is true"),
    },
    oneOf=one_of_keys("say", "instructions"),
)

TURN_DETECTION: JsonObject = words_or_mapping(
    "How the end of the caller's turn is found; `none` where the client says so itself",
    ["none"],
    {
        "type": choice(
            "`server_vad` listens for silence, `semantic_vad` for the end of the thought",
            "server_vad",
            "semantic_vad",
        ),
        "threshold": number("0.0 reacts to any sound, 1.0 only to loud speech; the default is 0.5", 0.0, 1.0),
        "prefix_padding_ms": whole("Sound kept from before the start of speech; the default is 300", 0),
        "silence_duration_ms": whole("Silence that ends the turn; the default is 500", 0),
        "idle_timeout_ms": {
            "type": ["integer", "null"],
            "description": "Silence of the caller, in ms, after which the model speaks up by itself",
            "minimum": 5000,
            "maximum": 30000,
        },
        "eagerness": choice(
            "How soon the turn is taken: `low` waits up to 8 s, `medium` 4 s, `high` 2 s",
            "low",
            "medium",
            "high",
            "auto",
        ),
        "create_response": flag("Whether the end of a turn starts a response; the default is true"),
        "interrupt_response": flag("Whether speech of the caller stops the response; the default is true"),
    },
    required=["type"],
    allOf=[
        _vad_rule("server_vad", {"eagerness": refused(_SEMANTIC_VAD_ONLY)}),
        _vad_rule(
            "semantic_vad",
            {
                key: refused(_SERVER_VAD_ONLY)
                for key in ("threshold", "prefix_padding_ms", "silence_duration_ms", "idle_timeout_ms")
            },
        ),
    ],
)

TRANSCRIPTION: JsonObject = text_or_mapping(
    "The model that writes down what the caller says, or `off`; the default is gpt-realtime-whisper",
    {
        "model": text("Name of the transcription model"),
        "language": text("Language of the caller, ISO 639-1; the default is the agent's language"),
        "languages": items(
            "Languages that may be spoken, ISO 639-1", text("A code of two letters"), minItems=1
        ),
        "prompt": text("Words and names that help the transcription"),
        "keywords": items("Words and names that are likely to be said", text("A word or a name"), minItems=1),
        "delay": choice("How long the model may wait for better words", *_DELAYS),
    },
)

TRACING: JsonObject = words_or_mapping(
    "Traces in the provider's own dashboard",
    ["auto", "off"],
    {
        "workflow_name": text("Name of the workflow in the dashboard"),
        "group_id": text("Id that groups traces"),
        "metadata": {"type": "object", "description": "Values to filter traces by"},
    },
)

TRUNCATION: JsonObject = words_or_mapping(
    "What happens when the conversation outgrows the model's context",
    ["auto", "disabled"],
    {
        "retention_ratio": number("Part of the context that is kept when it overflows", 0.0, 1.0),
        "post_instructions_tokens": whole("Bound on the tokens after the instructions", 0),
    },
    required=["retention_ratio"],
)

PROMPT: JsonObject = mapping(
    "A prompt stored at the provider, who ends this service on 2026-11-30",
    {
        "id": text("Id of the prompt"),
        "version": text("Version of the prompt"),
        "variables": {"type": "object", "description": "Values for the prompt's variables"},
    },
    required=["id"],
)
