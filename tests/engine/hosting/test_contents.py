"""What tools answer, as text for a model."""

from __future__ import annotations

from typing import Any

import mcp_types as types
import pytest

from agentrun.engine.hosting.contents import MAX_OUTPUT_CHARS, render_result


def text(words: str) -> types.TextContent:
    return types.TextContent(type="text", text=words)


IMAGE = types.ImageContent(type="image", data="AAAA", mime_type="image/png")
SOUND = types.AudioContent(type="audio", data="AAAAAAAA", mime_type="audio/wav")
LINK = types.ResourceLink(
    type="resource_link", name="bill.pdf", uri="file:///bill.pdf", description="Your bill"
)
NOTE = types.EmbeddedResource(
    type="resource", resource=types.TextResourceContents(uri="file:///note.txt", text="Ring twice.")
)
BLOB = types.EmbeddedResource(
    type="resource",
    resource=types.BlobResourceContents(uri="file:///a.zip", blob="AAAA", mime_type="application/zip"),
)


@pytest.mark.parametrize(
    ("content", "structured", "expected"),
    [
        ([text("Shipped.")], None, "Shipped."),
        ([text("One."), text("Two.")], None, "One.\nTwo."),
        ([], None, ""),
        ([text("A chart:"), IMAGE], None, "A chart:\n[image, image/png, 3 bytes]"),
        ([SOUND], None, "[audio, audio/wav, 6 bytes]"),
        ([LINK], None, "[file bill.pdf, file:///bill.pdf: Your bill]"),
        ([NOTE], None, "Ring twice."),
        ([BLOB], None, "[file file:///a.zip, application/zip]"),
        ([text('{"n": 3}')], {"n": 3}, '{"n": 3}'),
        ([], {"n": 3}, '{"n": 3}'),
        ([text("a"), text("b")], {"result": ["a", "b"]}, '{"result": ["a", "b"]}'),
        ([text("hid\u202eden\x00")], None, "hidden"),
    ],
)
def test_results(content: list[Any], structured: Any, expected: str) -> None:
    result = types.CallToolResult(content=content, structured_content=structured)
    assert render_result(result) == expected


def test_long_results_are_cut_and_say_so() -> None:
    rendered = render_result(types.CallToolResult(content=[text("x" * (MAX_OUTPUT_CHARS + 1))]))
    assert rendered.startswith("x" * MAX_OUTPUT_CHARS + "\n[cut: ")
    assert rendered.endswith(f"of {MAX_OUTPUT_CHARS + 1} characters]")
