"""Whether a value keeps to its schema, as far as the responder can produce values.

The full truth about JSON Schema is the client's; this is the part that keeps a value which was misheard from
becoming an argument: then the caller is asked again.
"""

from __future__ import annotations

from agentrun.engine.responders.rehearsal.spelling import compile_pattern
from agentrun.wire.json import JsonObject, JsonValue

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "array": (list,),
    "object": (dict,), "null": (type(None),),
}  # fmt: skip


def is_valid(value: JsonValue, schema: JsonObject) -> bool:
    """Return whether a value keeps to the keywords of its schema."""
    if "const" in schema and value != schema["const"]:
        return False
    if isinstance(schema.get("enum"), list) and value not in schema["enum"]:
        return False
    if not _has_type(value, schema.get("type")):
        return False
    match value:
        case bool():
            return True
        case str():
            return _is_valid_text(value, schema)
        case int() | float():
            return _is_valid_number(value, schema)
        case list():
            return _within(len(value), schema, "minItems", "maxItems")
    return True


def _has_type(value: JsonValue, declared: JsonValue) -> bool:
    names = declared if isinstance(declared, list) else [declared]
    kinds = [_TYPES[name] for name in names if isinstance(name, str) and name in _TYPES]
    if not kinds:
        return True
    if isinstance(value, bool):
        return (bool,) in kinds
    return any(isinstance(value, kind) for kind in kinds)


def _is_valid_text(value: str, schema: JsonObject) -> bool:
    if not _within(len(value), schema, "minLength", "maxLength"):
        return False
    if not isinstance(schema.get("pattern"), str):
        return True
    pattern = compile_pattern(schema["pattern"])
    return pattern is not None and len(value) < 500 and pattern.search(value) is not None


def _is_valid_number(value: float, schema: JsonObject) -> bool:
    low, high = _number(schema, "exclusiveMinimum"), _number(schema, "exclusiveMaximum")
    if (low is not None and value <= low) or (high is not None and value >= high):
        return False
    step = _number(schema, "multipleOf")
    if step and abs(value / step - round(value / step)) > 1e-9:
        return False
    return _within(value, schema, "minimum", "maximum")


def _within(size: float, schema: JsonObject, least: str, most: str) -> bool:
    low, high = _number(schema, least), _number(schema, most)
    return (low is None or size >= low) and (high is None or size <= high)


def _number(schema: JsonObject, key: str) -> float | None:
    value = schema.get(key)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
