"""Token arithmetic."""

from __future__ import annotations

import pytest

from agentrun.engine.usage import (
    Tokens,
    count_input_audio_tokens,
    count_output_audio_tokens,
    estimate_item_tokens,
    estimate_text_tokens,
    render_usage,
)
from agentrun.wire.json import JsonObject


def test_published_arithmetic() -> None:
    assert count_input_audio_tokens(1000) == 10
    assert count_output_audio_tokens(800) == 16
    assert [count_input_audio_tokens(1), count_output_audio_tokens(0)] == [1, 0]


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("안녕", 2)])
def test_text_estimate(text: str, tokens: int) -> None:
    assert estimate_text_tokens(text) == tokens


@pytest.mark.parametrize(
    ("item", "tokens"),
    [
        ({"content": [{"type": "input_text", "text": "abcd"}]}, Tokens(text=1)),
        ({"content": [{"type": "input_audio", "transcript": "long words"}]}, Tokens(audio=5)),
        ({"content": [{"type": "output_audio", "transcript": "long words"}]}, Tokens(audio=10)),
        ({"name": "abcd", "arguments": "{}"}, Tokens(text=2)),
        ({"output": "abcdefgh"}, Tokens(text=2)),
    ],
)
def test_items(item: JsonObject, tokens: Tokens) -> None:
    assert estimate_item_tokens(item, 500) == tokens


def test_details_add_up() -> None:
    usage = render_usage(Tokens(1, 2, 3), Tokens(4, 5))
    assert (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]) == (6, 9, 15)
