"""What official clients accept: the types of the Python SDK, and what the JavaScript client trips over.

Every event that any test makes the engine send is checked here; see `tests/conftest.py`.
"""

from __future__ import annotations

import functools
import typing
from collections.abc import Iterator
from typing import Any

from agentrun.wire.json import JsonObject, JsonValue

PARTS = {"text": "text", "audio": "transcript"}


@functools.cache
def load_types() -> dict[str, Any]:
    """Return a strict validator for each type of event, by its name."""
    from openai.types.realtime.realtime_server_event import RealtimeServerEvent
    from pydantic import TypeAdapter

    union = typing.get_args(RealtimeServerEvent)[0]
    return {
        typing.get_args(cls.model_fields["type"].annotation)[0]: TypeAdapter(cls)
        for cls in typing.get_args(union)
    }


def check_event(payload: JsonObject) -> None:
    """Fail where an event does not fit the SDK's type, or would be dropped by the JavaScript client.

    Raises:
        AssertionError: what is wrong with it.

    """
    validator = load_types().get(payload["type"])
    assert validator is not None, f"no official client knows {payload['type']}"
    try:
        validator.validate_python(payload, strict=True)
    except ValueError as error:
        raise AssertionError(f"{payload['type']}: {error}") from error
    pitfalls = list(find_pitfalls(payload))
    assert not pitfalls, f"{payload['type']}: {pitfalls}"


def find_pitfalls(event: JsonObject) -> Iterator[str]:
    """Yield why the zod schemas of `@openai/agents-realtime` would refuse an event."""
    match event["type"]:
        case "response.content_part.added" | "response.content_part.done":
            part = event["part"]
            if not isinstance(part.get(PARTS[part["type"]]), str):
                yield "the text of a part is no string"
        case "response.mcp_call_arguments.delta":
            if not isinstance(event.get("obfuscation"), str):
                yield "the arguments of an MCP call come without obfuscation"
        case "response.created" | "response.done":
            if not isinstance(event["response"]["audio"]["output"]["voice"], str):
                yield "the voice of a response is no string"
        case "conversation.item.input_audio_transcription.completed":
            details = event["usage"].get("input_token_details") or {}
            if event["usage"]["type"] == "tokens" and not {"text_tokens", "audio_tokens"} <= details.keys():
                yield "token usage of a transcription without its details"
        case _:
            pass
    items = [event["item"]] if "item" in event else event.get("response", {}).get("output", [])
    for item in items:
        yield from _find_item_pitfalls(item)


def _find_item_pitfalls(item: JsonObject) -> Iterator[str]:
    if "status" in item and item["status"] is None:
        yield "the status of an item is null"
    if item["type"] == "mcp_call" and "output" not in item:
        yield "an MCP call has no `output`"
    if item["type"] == "mcp_list_tools" and not all("description" in tool for tool in item["tools"]):
        yield "a tool of an MCP server has no description"
    for part in item.get("content") or ():
        yield from _find_content_pitfalls(part)


def _find_content_pitfalls(part: JsonValue) -> Iterator[str]:
    if part["type"] == "input_audio" and "transcript" not in part:
        yield "caller audio has no `transcript`"
    if part["type"] in {"input_text", "output_text"} and not isinstance(part.get("text"), str):
        yield "the text of a message is no string"
    if part["type"] == "output_audio" and not isinstance(part.get("transcript"), str):
        yield "the transcript of a message is no string"
