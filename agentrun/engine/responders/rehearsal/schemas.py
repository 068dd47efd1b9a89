"""JSON Schemas as clients write them: references, combinations and alternatives resolved into one."""

from __future__ import annotations

from agentrun.wire.json import JsonObject, JsonValue

DEEPEST = 4
"""How deep objects and references are followed."""


def resolve_schema(schema: JsonObject, root: JsonObject, depth: int = 0) -> JsonObject:
    """Follow references, merge `allOf`, and take the first alternative that is not null."""
    if depth > DEEPEST:
        return {}
    merged = {key: value for key, value in schema.items() if key not in ("$ref", "allOf", "anyOf", "oneOf")}
    parts: list[JsonValue] = [_follow(schema.get("$ref"), root)]
    parts += schema["allOf"] if isinstance(schema.get("allOf"), list) else []
    for key in ("anyOf", "oneOf"):
        options = schema.get(key)
        if isinstance(options, list):
            parts += [_find_alternative(options)]
    for part in parts:
        if isinstance(part, dict):
            merged = resolve_schema(part, root, depth + 1) | merged
    return merged


def _find_alternative(options: list[JsonValue]) -> JsonValue:
    real = [option for option in options if isinstance(option, dict) and option.get("type") != "null"]
    constants = [option["const"] for option in real if "const" in option]
    if constants and len(constants) == len(real):
        return {
            "enum": constants,
            "enumDescriptions": [read_text(o.get("title") or o.get("description")) for o in real],
        }
    return real[0] if real else None


def _follow(reference: JsonValue, root: JsonObject) -> JsonValue:
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return None
    target: JsonValue = root
    for step in reference[2:].split("/"):
        target = target.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(target, dict) else None
    return target


def read_text(value: JsonValue) -> str:
    """Return a text without white space around it, and "" for anything else."""
    return value.strip() if isinstance(value, str) else ""
