from __future__ import annotations

import re

import pytest

from agentrun.config.quantities import DURATION_PATTERN, SIZE_PATTERN, parse_duration_ms, parse_size_bytes


@pytest.mark.parametrize(
    ("text", "ms"),
    [("700ms", 700), ("8s", 8000), ("1.5s", 1500), ("15m", 900_000), ("2h", 7_200_000), ("0s", 0)],
)
def test_durations(text: str, ms: int) -> None:
    assert parse_duration_ms(text) == ms
    assert re.search(DURATION_PATTERN, text)


@pytest.mark.parametrize(
    "text", ["8", "8 s", "s", "-1s", "1d", "1m30s", "", "9" * 400 + "s", f"0.{'1' * 5000}h"]
)
def test_not_durations(text: str) -> None:
    assert not re.search(DURATION_PATTERN, text)
    with pytest.raises(ValueError):
        parse_duration_ms(text)


@pytest.mark.parametrize(("size", "count"), [("16KiB", 16384), ("2MB", 2_000_000), ("5B", 5), (700, 700)])
def test_sizes(size: str | int, count: int) -> None:
    assert parse_size_bytes(size) == count


@pytest.mark.parametrize("text", ["16", "9" * 5000 + "B"])
def test_not_a_size(text: str) -> None:
    assert not re.search(SIZE_PATTERN, text)
    with pytest.raises(ValueError):
        parse_size_bytes(text)
