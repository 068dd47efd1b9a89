from __future__ import annotations

from typing import Any

import mcp_types as types
import pytest

from agentrun.tools.mcp.results import read_failure, read_result

IMAGE = types.ImageContent(type="image", data="AAAA", mime_type="image/png")
LINK = types.ResourceLink(type="resource_link", name="bill", uri="file:///bill.pdf", description="The bill")


def text(words: str) -> types.TextContent:
    return types.TextContent(type="text", text=words)


@pytest.mark.parametrize(
    ("content", "structured", "read"),
    [
        ([text("It has shipped.\u202e")], None, "It has shipped."),
        ([text('{"status": "shipped"}')], None, {"status": "shipped"}),
        ([text("[half")], None, "[half"),
        ([text("A cover:"), IMAGE], None, "A cover:\n[image, image/png, 3 bytes]"),
        ([text('{"a": 1}')], {"a": 1}, {"a": 1}),
        ([text("5")], {"result": 5}, 5),
        (
            [text("x"), LINK],
            {"a": 1},
            {"result": {"a": 1}, "attached": ["[file bill, file:///bill.pdf: The bill]"]},
        ),
        ([], None, ""),
    ],
)
def test_results_become_what_a_model_can_read(content: list[Any], structured: Any, read: Any) -> None:
    result = types.CallToolResult(content=content, structured_content=structured)
    assert read_result(result) == read


def test_a_failure_is_the_words_of_the_tool() -> None:
    assert read_failure(types.CallToolResult(content=[text(" too old\x00 ")], is_error=True)) == "too old"
