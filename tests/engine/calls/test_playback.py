"""What is heard is what was queued, in order, whatever the pieces and the pulls."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agentrun.audio import PCM_24K, PCMU
from agentrun.engine.calls.playback import Cut, Notice, Playback

MS = PCMU.bytes_per_ms
PULLS = st.lists(st.integers(1, 60), max_size=40)


def sound(item: str, size_ms: int) -> bytes:
    return item.encode() * (size_ms * MS)


def test_a_response_starts_with_its_first_sound_and_stops_with_its_last() -> None:
    playback = Playback(PCMU)
    playback.add("r", "a", sound("a", 30))
    assert playback.pull(20) == (sound("a", 20), [Notice("started", "r")])
    assert playback.finish("r") == []
    assert playback.pull(20) == (sound("a", 10) + PCMU.make_silence(10), [Notice("stopped", "r")])
    assert playback.is_silent


def test_a_response_that_was_heard_before_its_end_stops_with_it() -> None:
    playback = Playback(PCMU)
    playback.add("r", "a", sound("a", 20))
    playback.pull(40)
    assert not playback.is_silent, "more of it may come"
    assert playback.finish("r") == [Notice("stopped", "r")]


def test_a_response_without_sound_is_never_told_of() -> None:
    playback = Playback(PCMU)
    playback.add("r", "a", b"")
    assert playback.finish("r") == []
    assert playback.pull(20) == (PCMU.make_silence(20), [])


def test_a_second_response_waits_for_the_first() -> None:
    playback = Playback(PCMU)
    playback.add("r", "a", sound("a", 20))
    playback.finish("r")
    playback.add("s", "b", sound("b", 20))
    heard, notices = playback.pull(40)
    assert heard == sound("a", 20) + sound("b", 20)
    assert notices == [Notice("started", "r"), Notice("stopped", "r"), Notice("started", "s")]


def test_clearing_tells_what_was_heard_of_each_item() -> None:
    playback = Playback(PCMU)
    playback.add("r", "a", sound("a", 30))
    playback.add("r", "b", sound("b", 30))
    playback.add("s", "c", sound("c", 30))
    playback.pull(20)
    assert playback.clear() == [Cut("r", "a", 20), Cut("r", "b", 0), Cut("s", "c", 0)]
    assert playback.is_silent
    assert playback.clear() == []


def test_an_item_that_has_run_dry_is_cut_while_more_of_it_is_made() -> None:
    playback = Playback(PCMU)
    playback.add("r", "a", sound("a", 20))
    playback.pull(60)
    assert playback.clear() == [Cut("r", "a", 20)]


def test_what_was_heard_to_its_end_is_not_cut() -> None:
    playback = Playback(PCMU)
    playback.add("r", "a", sound("a", 20))
    playback.finish("r")
    playback.pull(20)
    assert playback.clear() == []


def test_some_responses_may_go_on() -> None:
    playback = Playback(PCMU)
    playback.add("r", "a", sound("a", 30))
    playback.add("s", "b", sound("b", 20))
    playback.finish("s")
    playback.pull(10)
    assert playback.clear(keep={"s"}) == [Cut("r", "a", 10)]
    assert playback.pull(20) == (sound("b", 20), [Notice("started", "s"), Notice("stopped", "s")])


@given(st.lists(st.integers(1, 300), max_size=20), PULLS)
def test_nothing_is_lost_or_said_twice(pieces: list[int], pulls: list[int]) -> None:
    playback = Playback(PCMU)
    whole = b"".join(bytes([number % 250 + 1]) * size for number, size in enumerate(pieces))
    at = 0
    for number, size in enumerate(pieces):
        playback.add("r", f"item {number % 3}", whole[at : at + size])
        at += size
    notices = playback.finish("r")
    heard = b""
    for pull in [*pulls, 1000]:
        piece, more = playback.pull(pull)
        assert len(piece) == pull * MS
        heard, notices = heard + piece, notices + more
    assert heard[: len(whole)] == whole
    assert set(heard[len(whole) :]) <= set(PCMU.silence)
    assert [it.kind for it in notices] == (["started", "stopped"] if whole else [])


@given(st.integers(1, 2000), PULLS)
def test_the_heard_part_is_what_was_pulled(size_ms: int, pulls: list[int]) -> None:
    playback = Playback(PCM_24K)
    playback.add("r", "a", b"\1\2" * 24 * size_ms)
    for pull in pulls:
        playback.pull(pull)
    cuts = playback.clear()
    assert cuts == [Cut("r", "a", min(size_ms, sum(pulls)))]
