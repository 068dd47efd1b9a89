"""From the result of an MCP tool to the text that a model reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from agentrun.mcp.contents import describe_block
from agentrun.outcome import clean_text, describe_json

if TYPE_CHECKING:
    from mcp_types import CallToolResult, ContentBlock

MAX_OUTPUT_CHARS = 100_000
"""How much of an output a model is given; what is cut is said."""


def render_result(result: CallToolResult) -> str:
    """Return what a tool answered, as text.

    A structured result is used where it is not one text already.
    """
    blocks: Sequence[ContentBlock] = result.content
    structured = result.structured_content
    if structured is not None and (len(blocks) != 1 or blocks[0].type != "text"):
        return _cut(json.dumps(describe_json(structured), ensure_ascii=False))
    return _cut(clean_text("\n".join(describe_block(block) for block in blocks)))


def _cut(text: str) -> str:
    if len(text) <= MAX_OUTPUT_CHARS:
        return text
    return f"{text[:MAX_OUTPUT_CHARS]}\n[cut: only the first {MAX_OUTPUT_CHARS} of {len(text)} characters]"
