"""From the result of an MCP tool to the JSON that the model reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from agentrun.mcp.contents import describe_block
from agentrun.outcome import clean_text, describe_json
from agentrun.wire.json import JsonValue

if TYPE_CHECKING:
    from mcp_types import CallToolResult


def read_result(result: CallToolResult) -> JsonValue:
    """Return what a tool answered.

    A structured result stands as it is; where it comes with an image, a sound or a file, these are described
    beside it. A text that is a JSON object or list becomes one, so that a part of it can be selected.
    """
    structured = describe_json(result.structured_content)
    if structured is None:
        return _read_text("\n".join(describe_block(block) for block in result.content))
    if isinstance(structured, dict) and structured.keys() == {"result"}:
        structured = structured["result"]  # how servers wrap what is no object
    others = [clean_text(describe_block(block)) for block in result.content if block.type != "text"]
    return {"result": structured, "attached": others} if others else structured


def read_failure(result: CallToolResult) -> str:
    """Return the words of a tool that says that it failed; may be empty."""
    return clean_text("\n".join(describe_block(block) for block in result.content)).strip()


def _read_text(text: str) -> JsonValue:
    text = clean_text(text)
    if text.lstrip()[:1] in ("{", "["):
        try:
            return describe_json(json.loads(text))
        except (ValueError, RecursionError):
            pass
    return text
