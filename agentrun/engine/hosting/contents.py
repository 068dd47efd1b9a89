"""From the result of an MCP tool to the text that a model reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from agentrun.outcome import clean_text, describe_json

if TYPE_CHECKING:
    from mcp_types import CallToolResult, ContentBlock, EmbeddedResource

MAX_OUTPUT_CHARS = 100_000
"""How much of an output a model is given; what is cut is said."""


def render_result(result: CallToolResult) -> str:
    """Return what a tool answered, as text.

    Text stands as it is; images, sound and files are described, because a model in a voice call reads them as
    words or not at all. A structured result is used where it is not one text already.
    """
    blocks: Sequence[ContentBlock] = result.content
    structured = result.structured_content
    if structured is not None and (len(blocks) != 1 or blocks[0].type != "text"):
        return _cut(json.dumps(describe_json(structured), ensure_ascii=False))
    return _cut(clean_text("\n".join(_describe(block) for block in blocks)))


def _cut(text: str) -> str:
    if len(text) <= MAX_OUTPUT_CHARS:
        return text
    return f"{text[:MAX_OUTPUT_CHARS]}\n[cut: only the first {MAX_OUTPUT_CHARS} of {len(text)} characters]"


def _describe(block: ContentBlock) -> str:
    match block.type:
        case "text":
            return block.text
        case "image" | "audio":
            return f"[{block.type}, {block.mime_type}, {len(block.data) * 3 // 4} bytes]"
        case "resource_link":
            about = f": {block.description}" if block.description else ""
            return f"[file {block.title or block.name}, {block.uri}{about}]"
        case "resource":
            return _describe_resource(block)


def _describe_resource(block: EmbeddedResource) -> str:
    resource = block.resource
    text = getattr(resource, "text", None)
    return text if isinstance(text, str) else f"[file {resource.uri}, {resource.mime_type or 'no text'}]"
