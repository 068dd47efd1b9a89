"""Reading objects that a server sent: a member of the wrong type counts as missing, and nothing raises."""

from __future__ import annotations

from agentrun.wire.json import JsonObject, JsonValue


def read_text(value: JsonValue, key: str) -> str:
    """Return the text under `key`, or the empty text."""
    text = value.get(key) if isinstance(value, dict) else None
    return text if isinstance(text, str) else ""


def read_object(value: JsonValue, key: str) -> JsonObject:
    """Return the object under `key`, or an empty one."""
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}
