"""JSON Schemas of strangers: what of them is certain to be a schema, and cheap to check.

A server may describe its arguments with anything: names of types that do not exist, references to other
machines, regular expressions that take for ever. What is sent to the model must be a schema, or the whole
session is refused; and what agentrun checks itself must neither dial nor hang. The server checks its
arguments again, so nothing is lost where agentrun checks less.
"""

from __future__ import annotations

import json

from agentrun.wire.json import JsonObject, JsonValue

_TYPES = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})
_DEEPEST = 8


def fit_for_model(schema: JsonObject) -> JsonObject:
    """Return the schema of the arguments for the model: as it is where it is one, else what can be kept."""
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(schema)
        local = not _refers_elsewhere(schema)
    except (SchemaError, RecursionError):
        local = False
    return schema if local else reduce_schema(schema)


def reduce_schema(schema: JsonValue) -> JsonObject:
    """Return a schema with the types, names and choices of another one; everything else is left out."""
    reduced = _reduce(schema, 0)
    reduced["type"] = "object"
    reduced.setdefault("properties", {})
    return reduced


def _reduce(schema: JsonValue, depth: int) -> JsonObject:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return {}
    kept: JsonObject = {}
    kinds = schema.get("type")
    named = [kinds] if isinstance(kinds, str) else kinds if isinstance(kinds, list) else []
    if named and all(isinstance(kind, str) and kind in _TYPES for kind in named):
        kept["type"] = kinds if isinstance(kinds, str) else list(dict.fromkeys(named))
    if isinstance(choices := schema.get("enum"), list) and choices:
        kept["enum"] = choices
    if isinstance(words := schema.get("description"), str):
        kept["description"] = words
    if isinstance(inner := schema.get("items"), dict):
        kept["items"] = _reduce(inner, depth + 1)
    return kept | _reduce_members(schema, depth)


def _reduce_members(schema: JsonObject, depth: int) -> JsonObject:
    kept: JsonObject = {}
    if isinstance(properties := schema.get("properties"), dict):
        kept["properties"] = {name: _reduce(inner, depth + 1) for name, inner in properties.items()}
    if isinstance(required := schema.get("required"), list):
        kept["required"] = list(dict.fromkeys(name for name in required if isinstance(name, str)))
    if schema.get("additionalProperties") is False and "patternProperties" not in schema:
        kept["additionalProperties"] = False
    return kept


def _refers_elsewhere(schema: JsonObject) -> bool:
    """Whether a schema needs another document, or a part of itself that is not there to be found simply."""
    text = json.dumps(schema)
    if "$dynamicRef" in text or '"$id"' in text or '"$anchor"' in text:
        return True
    return any(not _resolves(schema, target) for target in _find_references(schema))


def _find_references(node: JsonValue) -> list[JsonValue]:
    found: list[JsonValue] = []
    if isinstance(node, dict):
        found += [node["$ref"]] if "$ref" in node else []
        for inner in node.values():
            found += _find_references(inner)
    elif isinstance(node, list):
        for inner in node:
            found += _find_references(inner)
    return found


def _resolves(schema: JsonObject, reference: JsonValue) -> bool:
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return False
    node: JsonValue = schema
    for part in reference[2:].split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(node, dict) or name not in node:
            return False
        node = node[name]
    return isinstance(node, dict)
