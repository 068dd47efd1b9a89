"""What a client may send in `session.update` and `response.create`, as tables of checks.

Source: https://platform.openai.com/docs/api-reference/realtime-client-events/session/update.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from agentrun.engine.checks import (
    Check,
    check_choice,
    check_either,
    check_flag,
    check_length,
    check_list,
    check_map,
    check_nullable,
    check_number,
    check_object,
    check_pattern,
    check_shape,
    check_tagged,
    check_text,
    refuse,
    refuse_choice,
)
from agentrun.wire.json import JsonValue

VOICES = ("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar")

_EAGERNESS = check_choice("low", "medium", "high", "auto")
_MILLISECONDS = check_number(0, 600_000, whole=True)


def _check_count(value: JsonValue, path: str) -> None:
    if value != "inf":
        if isinstance(value, str):
            refuse_choice(path, value, ("inf", "1..4096"))
        check_number(1, 32_000, whole=True)(value, path)


def _check_voice(value: JsonValue, path: str) -> None:
    check_either(VOICES, check_shape({"id": check_pattern(r"voice_.+")}, required=("id",)))(value, path)


_FORMAT = check_tagged(
    "type",
    {
        "audio/pcm": check_shape({"type": check_text, "rate": check_choice(24_000)}),
        "audio/pcmu": check_shape({"type": check_text}),
        "audio/pcma": check_shape({"type": check_text}),
    },
)
_SWITCHES: Mapping[str, Check] = {
    "type": check_text,
    "create_response": check_flag,
    "interrupt_response": check_flag,
}
_TURN_DETECTION = check_tagged(
    "type",
    {
        "server_vad": check_shape(
            {
                **_SWITCHES,
                "threshold": check_number(0.0, 1.0),
                "prefix_padding_ms": _MILLISECONDS,
                "silence_duration_ms": _MILLISECONDS,
                "idle_timeout_ms": check_nullable(check_number(5000, 30_000, whole=True)),
            }
        ),
        "semantic_vad": check_shape({**_SWITCHES, "eagerness": _EAGERNESS}),
    },
)
_TRANSCRIPTION = check_shape(
    {
        "model": check_text,
        "language": check_nullable(check_text),
        "languages": check_list(check_text),
        "prompt": check_nullable(check_text),
        "keywords": check_list(check_text),
        "delay": check_choice("minimal", "low", "medium", "high", "xhigh"),
    }
)
_NOISE_REDUCTION = check_shape(
    {"type": check_choice("near_field", "far_field"), "strength": check_number(0.0, 1.0)}
)
_AUDIO_INPUT = check_shape(
    {
        "format": _FORMAT,
        "transcription": check_nullable(_TRANSCRIPTION),
        "noise_reduction": check_nullable(_NOISE_REDUCTION),
        "turn_detection": check_nullable(_TURN_DETECTION),
    }
)
_AUDIO = check_shape(
    {
        "input": _AUDIO_INPUT,
        "output": check_shape({"format": _FORMAT, "voice": _check_voice, "speed": check_number(0.25, 1.5)}),
    }
)
_TOOL_NAMES = check_shape({"tool_names": check_list(check_text), "read_only": check_flag})
_FUNCTION_TOOL = check_shape(
    {
        "type": check_text,
        "name": check_pattern(r"[a-zA-Z0-9_-]{1,64}"),
        "description": check_text,
        "parameters": check_object,
    },
    required=("name",),
)


def _check_allowed_tools(value: JsonValue, path: str) -> None:
    check = check_list(check_text) if isinstance(value, list) else check_nullable(_TOOL_NAMES)
    check(value, path)


CONNECTORS = tuple(
    f"connector_{name}"
    for name in (
        "dropbox",
        "gmail",
        "googlecalendar",
        "googledrive",
        "microsoftteams",
        "outlookcalendar",
        "outlookemail",
        "sharepoint",
    )
)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def _check_headers(value: JsonValue, path: str) -> None:
    check_map(check_pattern(r"[\t\x20-\x7e]*"), most=100, key_length=512)(value, path)
    for name in value:
        if not _HEADER_NAME.fullmatch(name):
            refuse(f"Invalid '{path}': '{name}' is no name of a header.", "invalid_value", path)


def _check_server_url(value: JsonValue, path: str) -> None:
    check_length(8192)(value, path)
    try:
        url = urlsplit(value)
        fit = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        fit = False
    if not fit:
        refuse(f"Invalid '{path}': expected an http or https URL.", "invalid_value", path)
    if url.username is not None:
        message = f"Invalid '{path}': give credentials in 'authorization' or 'headers', not in the URL."
        refuse(message, "invalid_value", path)


_MCP_SHAPE = check_shape(
    {
        "type": check_text,
        "server_label": check_pattern(r"[^\x00-\x1f]{1,256}"),
        "server_url": _check_server_url,
        "connector_id": check_choice(*CONNECTORS),
        "tunnel_id": check_text,
        "authorization": check_pattern(r"[\x20-\x7e]*"),
        "headers": check_nullable(_check_headers),
        "allowed_tools": _check_allowed_tools,
        "require_approval": check_nullable(
            check_either(("always", "never"), check_shape({"always": _TOOL_NAMES, "never": _TOOL_NAMES}))
        ),
        "server_description": check_text,
        "defer_loading": check_flag,
        "allowed_callers": check_list(check_choice("direct", "programmatic")),
    },
    required=("server_label",),
)


def _check_mcp_tool(value: JsonValue, path: str) -> None:
    if sum(key in value for key in ("server_url", "connector_id", "tunnel_id")) > 1:
        message = f"Invalid '{path}': give only one of 'server_url', 'connector_id' and 'tunnel_id'."
        refuse(message, "invalid_value", path)
    _MCP_SHAPE(value, path)
    if "authorization" in value and any(key.lower() == "authorization" for key in value.get("headers") or ()):
        message = f"Invalid '{path}': give either 'authorization' or an 'Authorization' header."
        refuse(message, "invalid_value", f"{path}.authorization")


_TOOLS = check_list(check_tagged("type", {"function": _FUNCTION_TOOL, "mcp": _check_mcp_tool}))
_TOOL_CHOICE = check_either(
    ("none", "auto", "required"),
    check_tagged(
        "type",
        {
            "function": check_shape({"type": check_text, "name": check_text}, required=("name",)),
            "mcp": check_shape(
                {"type": check_text, "server_label": check_text, "name": check_nullable(check_text)},
                required=("server_label",),
            ),
        },
    ),
)
_RETENTION = check_shape(
    {
        "type": check_choice("retention_ratio"),
        "retention_ratio": check_number(0.0, 1.0),
        "token_limits": check_shape({"post_instructions": check_number(0, 1_000_000, whole=True)}),
    },
    required=("type", "retention_ratio"),
)
_TRACING = check_either(
    ("auto",),
    check_shape({"workflow_name": check_text, "group_id": check_text, "metadata": check_object}),
)
_PROMPT = check_shape(
    {"id": check_text, "version": check_nullable(check_text), "variables": check_nullable(check_object)},
    required=("id",),
)

SHARED: Mapping[str, Check] = {
    "instructions": check_text,
    "output_modalities": check_list(check_choice("text", "audio"), least=1, most=1),
    "max_output_tokens": _check_count,
    "tools": _TOOLS,
    "tool_choice": _TOOL_CHOICE,
    "parallel_tool_calls": check_flag,
    "reasoning": check_shape({"effort": check_choice("minimal", "low", "medium", "high", "xhigh")}),
    "prompt": check_nullable(_PROMPT),
}
"""Parameters that a session and a single response have in common."""

RESPONSE_AUDIO = check_shape({"output": check_shape({"format": _FORMAT, "voice": _check_voice})})
"""`audio` of a single response: no input, no speed."""

_INCLUDE = check_nullable(check_list(check_choice("item.input_audio_transcription.logprobs")))

SESSION = check_shape(
    {
        **SHARED,
        "type": check_text,
        "model": check_text,
        "truncation": check_either(("auto", "disabled"), _RETENTION),
        "tracing": check_nullable(_TRACING),
        "include": _INCLUDE,
        "audio": _AUDIO,
    }
)
"""`session` of a `session.update`; its `type` is looked at before."""

TRANSCRIPTION_SESSION = check_shape(
    {"type": check_text, "include": _INCLUDE, "audio": check_shape({"input": _AUDIO_INPUT})}
)
"""The same for a session that only writes down what is said."""
