"""What a server lists, made fit to be shown and offered: cleaned, without doubles, within bounds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from agentrun.engine.hosting.failures import HostedFailure
from agentrun.engine.hosting.values import INTERNAL_ERROR, HostedError, HostedTool
from agentrun.outcome import clean_text, describe_json
from agentrun.wire.json import JsonObject, JsonValue

MAX_TOOLS = 1000
MAX_LISTING_BYTES = 1024 * 1024
"""Of all tools of a server together: every turn reads them, and one event shows them."""
_LONGEST_NAME = 128
_LONGEST_DESCRIPTION = 4096


@dataclass(frozen=True, slots=True)
class RawTool:
    """A tool as it came over the wire; nothing about it is certain."""

    name: str
    description: str | None
    input_schema: JsonValue
    annotations: JsonValue


def clean_tools(raw: Sequence[RawTool]) -> tuple[HostedTool, ...]:
    """Return the tools of a server; of those with one name the first.

    Raises:
        HostedFailure: there are too many of them, or they are too large.

    """
    if len(raw) > MAX_TOOLS:
        _give_up(f"The server lists more than {MAX_TOOLS} tools.")
    tools: dict[str, HostedTool] = {}
    size = 0
    for tool in raw:
        if tool.name in tools or not _is_callable(tool.name):
            continue
        tools[tool.name] = cleaned = _clean(tool)
        size += len(json.dumps(cleaned.to_wire(), ensure_ascii=False).encode())
        if size > MAX_LISTING_BYTES:
            _give_up(f"The tools of the server take more than {MAX_LISTING_BYTES} bytes to describe.")
    return tuple(tools.values())


def _give_up(message: str) -> NoReturn:
    raise HostedFailure(HostedError("protocol_error", message, INTERNAL_ERROR))


def _is_callable(name: str) -> bool:
    return 0 < len(name) <= _LONGEST_NAME and clean_text(name) == name


def _clean(tool: RawTool) -> HostedTool:
    annotations = describe_json(tool.annotations)
    return HostedTool(
        tool.name,
        clean_text(tool.description or "")[:_LONGEST_DESCRIPTION],
        _clean_schema(describe_json(tool.input_schema)),
        annotations if isinstance(annotations, dict) else {},
    )


def _clean_schema(schema: JsonValue) -> JsonObject:
    """Return a schema that describes an object, whatever the server says: arguments are an object."""
    if not isinstance(schema, dict) or schema.get("type", "object") != "object":
        return {"type": "object", "properties": {}}
    properties = schema.get("properties")
    fit = {**schema, "type": "object", "properties": properties if isinstance(properties, dict) else {}}
    if not isinstance(schema.get("required", []), list):
        del fit["required"]
    return fit
