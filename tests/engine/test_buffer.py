"""The input buffer: time that never turns back, and audio that is never lost or doubled."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from agentrun.audio import PCM_24K, PCMU
from agentrun.engine import buffer
from agentrun.engine.buffer import InputBuffer


def test_time_counts_what_was_appended() -> None:
    held = InputBuffer(PCM_24K)
    held.append(bytes(48 * 100))
    held.clear()
    held.append(bytes(48 * 50))
    assert (held.start_ms, held.end_ms, held.held_ms) == (100, 150, 50.0)


def test_format_changes_on_the_same_clock() -> None:
    held = InputBuffer(PCM_24K)
    held.append(bytes(48 * 100))
    held.change_format(PCMU)
    held.append(b"\xff" * 80)
    assert (held.start_ms, held.end_ms) == (100, 110)
    assert held.cut(100, 110) == b"\xff" * 80


def test_what_is_cut_is_gone_and_the_rest_stays() -> None:
    held = InputBuffer(PCMU)
    held.append(b"".join(bytes([second]) * 8000 for second in range(4)))
    assert held.cut(1000, 2000) == b"\1" * 8000
    assert (held.start_ms, held.end_ms) == (2000, 4000)
    assert held.cut(500, 3000) == b"\2" * 8000
    assert held.cut(500, 1000) == b""


def test_what_nobody_commits_is_forgotten_from_its_front() -> None:
    held = InputBuffer(PCMU)
    for _ in range(11):
        held.append(bytes(8000 * 60))
    assert held.held_ms == buffer.MAX_HELD_MS
    assert held.start_ms == 60_000


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=5))
def test_slicing_does_not_matter(audio: bytes, cuts: list[int]) -> None:
    whole, sliced = InputBuffer(PCMU), InputBuffer(PCMU)
    whole.append(audio)
    edges = [0, *sorted(min(cut, len(audio)) for cut in cuts), len(audio)]
    for first, last in pairwise(edges):
        sliced.append(audio[first:last])
    assert whole.end_ms == sliced.end_ms
    assert whole.cut(0, 50) == sliced.cut(0, 50)
