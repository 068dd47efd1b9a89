"""What stands in `Annotated[X, …]`, as JSON Schema keywords.

A text is the description, a mapping is taken as it is, and objects with attributes such as `ge` or
`max_length` set bounds. They are recognised by their attributes, so annotated-types and pydantic's `Field`
work, and neither is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentrun.wire.json import JsonObject

_BOUNDS: Mapping[str, Mapping[Any, str]] = {
    "ge": {None: "minimum"},
    "gt": {None: "exclusiveMinimum"},
    "le": {None: "maximum"},
    "lt": {None: "exclusiveMaximum"},
    "multiple_of": {None: "multipleOf"},
    "pattern": {None: "pattern"},
    "min_length": {None: "minLength", "array": "minItems", "object": "minProperties"},
    "max_length": {None: "maxLength", "array": "maxItems", "object": "maxProperties"},
}


def read_constraints(note: object, schema: JsonObject) -> JsonObject:
    """Return the keywords that one annotation adds to `schema`; an unknown annotation adds none."""
    if isinstance(note, str):
        return {"description": note}
    if isinstance(note, Mapping):
        return dict(note)
    found: JsonObject = {}
    for attribute, keyword in _BOUNDS.items():
        value = getattr(note, attribute, None)
        if isinstance(value, (int, float, str)) and not isinstance(value, bool):
            found[keyword.get(schema.get("type"), keyword[None])] = value
    for attribute in ("description", "documentation"):
        if isinstance(value := getattr(note, attribute, None), str):
            found["description"] = value
    if isinstance(value := getattr(note, "examples", None), list):
        found["examples"] = value
    for inner in getattr(note, "metadata", ()) or ():  # pydantic's Field keeps its bounds here
        found.update(read_constraints(inner, schema))
    return found
