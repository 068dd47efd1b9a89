from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agentrun.channels.browser.pace import Pace


def test_a_burst_then_the_rate() -> None:
    pace = Pace(per_s=10, burst=3)
    assert [pace.take(1, 5.0) for _ in range(4)] == [True, True, True, False]
    assert pace.take(1, 5.125)
    assert not pace.take(1, 5.125)
    assert pace.take(3, 99.0)


def test_what_is_refused_uses_nothing() -> None:
    pace = Pace(per_s=1, burst=5)
    assert not pace.take(6, 0.0)
    assert pace.take(5, 0.0)


@given(st.lists(st.tuples(st.floats(0, 2), st.floats(0, 10)), max_size=50))
def test_never_more_than_burst_and_rate_allow(steps: list[tuple[float, float]]) -> None:
    pace, now_s, taken = Pace(per_s=4, burst=8), 0.0, 0.0
    for pause_s, units in steps:
        now_s += pause_s
        taken += units if pace.take(units, now_s) else 0
        assert taken <= 8 + 4 * now_s + 1e-6
