from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from agentrun.tools.mcp.backoff import MOST_STARTS, WINDOW_S, Backoff


@given(st.lists(st.floats(0, 100), min_size=1, max_size=40))
def test_never_more_than_five_starts_a_minute(lives: list[float]) -> None:
    backoff, now_s, starts = Backoff(), 0.0, []
    for life_s in lives:
        backoff.note_start(now_s)
        starts.append(now_s)
        died_s = now_s + life_s
        now_s = backoff.next_start_s(died_s)
        assert now_s > died_s
    for start in starts:
        assert sum(start <= other < start + WINDOW_S for other in starts) <= MOST_STARTS


def test_the_first_restart_comes_at_once_and_a_long_life_forgives() -> None:
    backoff = Backoff()
    backoff.note_start(0)
    assert backoff.next_start_s(0) == 0.3
    for now_s in (1, 2):
        backoff.note_start(now_s)
    assert backoff.next_start_s(3) == 10.5
    assert backoff.next_start_s(1000) == 1000.3
