"""What a server lists, made fit to be shown and offered: cleaned, without doubles, within bounds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentrun.outcome import clean_text, describe_json
from agentrun.wire.json import JsonObject, JsonValue

if TYPE_CHECKING:
    from mcp import Client
    from mcp_types import Tool

MAX_TOOLS = 1000
MAX_LISTING_BYTES = 1024 * 1024
"""Of all tools of a server together: every turn reads them, and one event shows them."""
_MOST_PAGES = 100
_LONGEST_NAME = 128
_LONGEST_DESCRIPTION = 4096


class ListingRefused(Exception):
    """A server lists more than anybody could use."""


@dataclass(frozen=True, slots=True)
class RawTool:
    """A tool as it came over the wire; nothing about it is certain."""

    name: str
    description: str | None
    input_schema: JsonValue
    annotations: JsonValue


@dataclass(frozen=True, slots=True)
class ListedTool:
    """A tool, cleaned and within bounds; `input_schema` describes an object."""

    name: str
    description: str
    input_schema: JsonObject
    annotations: JsonObject

    @property
    def read_only(self) -> bool:
        """Whether the server says that it changes nothing."""
        return self.annotations.get("readOnlyHint") is True


async def read_pages(client: Client) -> list[RawTool]:
    """Return the tools of all pages, as far as anybody could use them."""
    tools: list[RawTool] = []
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page = await client.list_tools(cursor=cursor)
        tools += [_read_tool(tool) for tool in page.tools]
        cursor = page.next_cursor
        if cursor is None or len(tools) > MAX_TOOLS:
            return tools
    raise RuntimeError("its list of tools has no end")


def _read_tool(tool: Tool) -> RawTool:
    notes = tool.annotations.model_dump(by_alias=True, exclude_none=True) if tool.annotations else {}
    return RawTool(tool.name, tool.description, tool.input_schema, notes)


def clean_listing(raw: Sequence[RawTool]) -> tuple[ListedTool, ...]:
    """Return the tools of a server; of those with one name the first.

    Raises:
        ListingRefused: there are too many of them, or they are too large.

    """
    if len(raw) > MAX_TOOLS:
        raise ListingRefused(f"The server lists more than {MAX_TOOLS} tools.")
    tools: dict[str, ListedTool] = {}
    size = 0
    for tool in raw:
        if tool.name in tools or not _is_callable(tool.name):
            continue
        tools[tool.name] = cleaned = _clean(tool)
        size += _count_bytes(cleaned)
        if size > MAX_LISTING_BYTES:
            raise ListingRefused(
                f"The tools of the server take more than {MAX_LISTING_BYTES} bytes to describe."
            )
    return tuple(tools.values())


def _count_bytes(tool: ListedTool) -> int:
    parts = [tool.name, tool.description, tool.input_schema, tool.annotations]
    return len(json.dumps(parts, ensure_ascii=False).encode())


def _is_callable(name: str) -> bool:
    return 0 < len(name) <= _LONGEST_NAME and clean_text(name) == name


def _clean(tool: RawTool) -> ListedTool:
    annotations = describe_json(tool.annotations)
    return ListedTool(
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
