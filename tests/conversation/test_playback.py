from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from agentrun.conversation.playback import GRACE_MS, Cut, Playback


def test_an_item_is_over_when_it_is_complete_and_heard() -> None:
    playback = Playback(48)
    playback.queue("a", 4800, 0)
    playback.acknowledge("a", 100, 90)
    assert playback.collect_heard(90) == []  # more may follow
    assert playback.sounding(90) == []
    playback.complete("a")
    assert playback.collect_heard(90) == ["a"]
    assert "a" not in playback


def test_acknowledgements_never_go_back_nor_beyond_what_was_sent() -> None:
    playback = Playback(48)
    playback.queue("a", 4800, 0)
    for ms in (40, 20, -5):
        playback.acknowledge("a", ms, 50)
    playback.acknowledge("b", 10, 50)
    playback.complete("b")
    assert playback.interrupt() == [Cut("a", 40, 100)]
    playback.queue("a", 4800, 0)
    playback.acknowledge("a", 999, 50)
    assert playback.interrupt() == [Cut("a", 100, 100)]


def test_items_play_one_after_the_other() -> None:
    playback = Playback(8)
    playback.queue("a", 800, 0)
    playback.queue("b", 800, 0)
    assert playback.deadline_ms(0) == 100 + GRACE_MS
    assert playback.sounding(100 + GRACE_MS) == ["b"]
    assert playback.deadline_ms(100 + GRACE_MS) == 200 + GRACE_MS
    assert playback.deadline_ms(200 + GRACE_MS) is None


def test_a_slow_channel_gets_more_time_as_long_as_it_plays() -> None:
    playback = Playback(8)
    playback.queue("a", 8000, 0)
    playback.acknowledge("a", 500, 2000)
    assert playback.deadline_ms(2000) == 2500 + GRACE_MS
    playback.acknowledge("a", 500, 3000)
    assert playback.deadline_ms(3000) == 2500 + GRACE_MS


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=20))
def test_pieces_add_up_to_the_time_of_the_whole(sizes: list[int]) -> None:
    playback = Playback(8)
    for size in sizes:
        playback.queue("a", size, 0)
    assert playback.interrupt() == [Cut("a", 0, sum(sizes) // 8)]
