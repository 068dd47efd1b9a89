"""Schemas of OpenAPI as the JSON Schema that a model gets to see.

OpenAPI 3.1 is JSON Schema; 3.0 has words of its own, which are translated. What tells a model nothing, or a
checker something wrong, goes.
"""

from __future__ import annotations

import re

from agentrun.wire.json import JsonObject, JsonValue

_MEANINGLESS = frozenset(
    {"xml", "externalDocs", "discriminator", "example", "nullable", "deprecated", "$schema"}
)
_BY_NAME = frozenset({"properties", "patternProperties", "$defs", "dependentSchemas"})
_LITERAL = frozenset({"enum", "const", "default", "examples", "required"})


def translate_schema(schema: JsonValue) -> JsonValue:
    """Return a schema, with all references filled in, in the words of JSON Schema."""
    if isinstance(schema, list):
        return [translate_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made: JsonObject = {}
    for word, value in schema.items():
        if word in _MEANINGLESS or word.startswith("x-"):
            continue
        if word in _LITERAL:
            made[word] = value
        elif word in _BY_NAME and isinstance(value, dict):
            made[word] = {name: translate_schema(item) for name, item in value.items()}
        else:
            made[word] = translate_schema(value)
    _drop_what_only_comes_back(made)
    _translate_bounds(made)
    if not _compiles(made.get("pattern")):
        del made["pattern"]
    return _make_nullable(made) if schema.get("nullable") is True else made


def find_schema_fault(schema: JsonValue) -> str:
    """Return why something is no JSON Schema, in one line; empty if it is one."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return error.message.splitlines()[0][:200]
    return ""


def _drop_what_only_comes_back(schema: JsonObject) -> None:
    """Leave out properties that a request does not carry."""
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return
    kept = {
        name: p for name, p in properties.items() if not (isinstance(p, dict) and p.get("readOnly") is True)
    }
    schema["properties"] = kept
    required = schema.get("required")
    if isinstance(required, list):
        gone = properties.keys() - kept.keys()
        schema["required"] = [name for name in required if not (isinstance(name, str) and name in gone)]


def _translate_bounds(schema: JsonObject) -> None:
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        flag = schema.get(exclusive)
        if isinstance(flag, bool):
            del schema[exclusive]
            if flag and _is_number(schema.get(bound)):
                schema[exclusive] = schema.pop(bound)


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _compiles(pattern: JsonValue) -> bool:
    """Tell whether Python can read an expression that was written for JavaScript."""
    if pattern is None:
        return True
    try:
        re.compile(pattern)
    except (re.error, TypeError, RecursionError, OverflowError):
        return False
    return True


def _make_nullable(schema: JsonObject) -> JsonObject:
    kind = schema.get("type")
    if not isinstance(kind, str):
        return schema
    choices = schema.get("enum")
    more = {"enum": [*choices, None]} if isinstance(choices, list) and None not in choices else {}
    return {**schema, "type": [kind, "null"], **more}
