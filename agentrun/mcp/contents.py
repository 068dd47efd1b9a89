"""Blocks of the result of an MCP tool in words.

Text stands as it is; images, sound and files are described, because a model in a voice call reads them as
words or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcp_types import ContentBlock, EmbeddedResource


def describe_block(block: ContentBlock) -> str:
    """Return the text of a block, or what it is, in brackets."""
    match block.type:
        case "text":
            return block.text
        case "image" | "audio":
            size = len(block.data) * 3 // 4 - block.data[-2:].count("=")
            return f"[{block.type}, {block.mime_type}, {size} bytes]"
        case "resource_link":
            about = f": {block.description}" if block.description else ""
            return f"[file {block.title or block.name}, {block.uri}{about}]"
        case "resource":
            return _describe_resource(block)


def _describe_resource(block: EmbeddedResource) -> str:
    resource = block.resource
    text = getattr(resource, "text", None)
    return text if isinstance(text, str) else f"[file {resource.uri}, {resource.mime_type or 'no text'}]"
