"""Pydantic models as types of arguments, known by their methods: pydantic itself is never imported here."""

from __future__ import annotations

from typing import Any

from agentrun.wire.json import JsonObject, JsonValue

_DEEPEST = 48


def is_model(hint: Any) -> bool:
    """Tell whether a type hint is a model that describes and checks itself."""
    return isinstance(hint, type) and hasattr(hint, "model_json_schema") and hasattr(hint, "model_validate")


def describe_model(model: Any) -> JsonObject:
    """Return the schema of a model, without references and titles.

    Raises:
        RecursionError: the model contains itself.

    """
    schema: JsonObject = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    described: JsonObject = _inline(schema, definitions, 0)
    return described


def build_model(model: Any, value: JsonValue) -> Any:
    """Return an instance of a model.

    Raises:
        ValueError: the model does not accept the value; the message says where and why.

    """
    try:
        return model.model_validate(value)
    except ValueError as error:
        raise ValueError(_word_errors(error)) from error


def _inline(node: JsonValue, definitions: JsonObject, depth: int) -> JsonValue:
    """Replace references, which hold only at the root of a document; drop titles, which cost tokens."""
    if depth > _DEEPEST:
        raise RecursionError
    if isinstance(node, list):
        return [_inline(item, definitions, depth + 1) for item in node]
    if not isinstance(node, dict):
        return node
    if isinstance(reference := node.get("$ref"), str):
        node = definitions[reference.rpartition("/")[2]] | {k: v for k, v in node.items() if k != "$ref"}
    kept = {key: value for key, value in node.items() if not (key == "title" and isinstance(value, str))}
    return {key: _inline(value, definitions, depth + 1) for key, value in kept.items()}


def _word_errors(error: Any) -> str:
    """Say what the model's own checks found; its text has links and lines, which say nothing to a caller."""
    found = error.errors() if callable(getattr(error, "errors", None)) else ()
    places = [(".".join(map(str, each["loc"])), each["msg"]) for each in found]
    return "; ".join(f"{place}: {text}" if place else text for place, text in places) or str(error)
