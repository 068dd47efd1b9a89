from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from agentrun.conversation.transcript import estimate_heard_text


@pytest.mark.parametrize(
    ("text", "heard_ms", "heard"),
    [
        ("one two three", 0, ""),
        ("one two three", -1, ""),
        ("one two three", 30, "one"),
        ("one two three", 50, "one"),
        ("one two three", 60, "one two"),
        ("one two three", 100, "one two three"),
        ("one two three", 200, "one two three"),
        ("예약되었습니다", 50, "예약되"),
        ("unbelievable", 50, "unbeli"),
        ("", 50, ""),
    ],
)
def test_heard_words(text: str, heard_ms: int, heard: str) -> None:
    assert estimate_heard_text(text, heard_ms, 100) == heard


@given(st.text(), st.integers(-10, 2000), st.integers(0, 1000))
def test_what_was_heard_was_generated(text: str, heard_ms: int, sent_ms: int) -> None:
    assert text.startswith(estimate_heard_text(text, heard_ms, sent_ms))
