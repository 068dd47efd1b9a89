"""Small makers of JSON Schema (draft-07).

Three rules keep the messages good. A field with a short form has two types (`["string", "object"]`) and
keywords that apply to one of them only, instead of `oneOf`, which hides the cause. `title` says in words what
is expected where the keywords do not read well. `description` is what an editor shows, and the hint of a
finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentrun.config.quantities import DURATION_PATTERN, SIZE_PATTERN
from agentrun.wire.json import JsonObject, JsonValue

Properties = Mapping[str, JsonObject]


def text(description: str, **keywords: JsonValue) -> JsonObject:
    """Return the schema of a text that is not empty."""
    return {"type": "string", "description": description, "minLength": 1, **keywords}


def choice(description: str, *words: str) -> JsonObject:
    """Return the schema of one of several words."""
    return {"type": "string", "description": description, "enum": list(words)}


def flag(description: str) -> JsonObject:
    """Return the schema of true or false."""
    return {"type": "boolean", "description": description}


def whole(description: str, minimum: int, maximum: int | None = None) -> JsonObject:
    """Return the schema of a whole number."""
    bound = {} if maximum is None else {"maximum": maximum}
    return {"type": "integer", "description": description, "minimum": minimum, **bound}


def number(description: str, minimum: float, maximum: float | None = None) -> JsonObject:
    """Return the schema of a number."""
    bound = {} if maximum is None else {"maximum": maximum}
    return {"type": "number", "description": description, "minimum": minimum, **bound}


def duration(description: str) -> JsonObject:
    """Return the schema of a time with its unit."""
    return {
        "type": "string",
        "description": description,
        "title": "a time with its unit, such as `700ms`, `8s` or `15m`",
        "pattern": DURATION_PATTERN,
    }


def size(description: str) -> JsonObject:
    """Return the schema of a size with its unit, or of a number of bytes."""
    return {
        "type": ["string", "integer"],
        "description": description,
        "title": "a size with its unit, such as `16KiB`",
        "pattern": SIZE_PATTERN,
        "minimum": 1,
    }


def items(description: str, item: JsonObject, **keywords: JsonValue) -> JsonObject:
    """Return the schema of a list."""
    return {"type": "array", "description": description, "items": item, **keywords}


def mapping(
    description: str, properties: Properties, required: Sequence[str] = (), **more: JsonValue
) -> JsonObject:
    """Return the schema of a mapping with exactly these keys."""
    schema: JsonObject = {
        "type": "object",
        "description": description,
        "properties": dict(properties),
        "additionalProperties": False,
        **more,
    }
    if required:
        schema["required"] = list(required)
    return schema


def words_or_mapping(
    description: str,
    words: Sequence[str],
    properties: Properties,
    required: Sequence[str] = (),
    **more: JsonValue,
) -> JsonObject:
    """Return the schema of one of several words, or of a mapping."""
    schema = mapping(description, properties, required, **more)
    schema["type"] = ["string", "object"]
    rule = {"if": {"type": "string"}, "then": {"enum": list(words), "description": description}}
    schema["allOf"] = [*schema.get("allOf", []), rule]
    return schema


def text_or_mapping(
    description: str, properties: Properties, required: Sequence[str] = (), **more: JsonValue
) -> JsonObject:
    """Return the schema of a text, or of a mapping."""
    return {
        **mapping(description, properties, required, **more),
        "type": ["string", "object"],
        "minLength": 1,
    }


def one_of_keys(*keys: str) -> list[JsonObject]:
    """Return the `oneOf` that wants exactly one of several keys of a mapping (and lets other types pass)."""
    return [{"type": "string"}, *({"type": "object", "required": [key]} for key in keys)]


def exclusive(one: str, other: str) -> JsonObject:
    """Return the rule that two keys of a mapping exclude each other."""
    return {
        "not": {"type": "object", "required": [one, other]},
        "title": f"`{one}` and `{other}` exclude each other",
    }


def refused(reason: str) -> JsonObject:
    """Return the schema of a key that must not stand here; the reason becomes part of the message."""
    return {"not": {}, "title": reason}
