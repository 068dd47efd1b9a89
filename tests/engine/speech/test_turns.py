from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.engine.speech import (
    PauseReached,
    SpeechStarted,
    SpeechStopped,
    Transcript,
    TurnDetector,
    TurnEvent,
    TurnSettings,
    compute_wait_ms,
    estimate_completeness,
)

QUIET, LOUD = 0.0, 0.9


def windows(ms: int, probability: float) -> list[float]:
    return [probability] * (ms // 32)


def test_a_turn_begins_before_its_onset_and_ends_after_its_silence() -> None:
    turns = TurnDetector(TurnSettings())
    events = turns.feed(windows(960, QUIET) + windows(640, LOUD) + windows(640, QUIET))
    assert events == [
        SpeechStarted(960 - 300),
        PauseReached(1600 + 224, 640),
        SpeechStopped(1600 + 512, 640),
    ]


def test_a_single_loud_window_is_not_a_turn() -> None:
    assert TurnDetector(TurnSettings()).feed([QUIET, LOUD, QUIET, LOUD, QUIET]) == []


def test_padding_stops_at_the_start_and_at_the_turn_before() -> None:
    turns = TurnDetector(TurnSettings(prefix_padding_ms=2000, silence_duration_ms=320))
    events = turns.feed((windows(320, LOUD) + windows(320, QUIET)) * 2)
    assert [event.audio_start_ms for event in events if isinstance(event, SpeechStarted)] == [0, 640]


def test_speech_a_little_below_the_threshold_keeps_a_turn_alive() -> None:
    turns = TurnDetector(TurnSettings(threshold=0.5))
    turns.feed(windows(320, LOUD))
    assert turns.feed(windows(2000, 0.36)) == []
    assert turns.speaking


@pytest.mark.parametrize(("threshold", "starts"), [(0.5, True), (0.95, False)])
def test_the_threshold_decides(threshold: float, starts: bool) -> None:
    assert bool(TurnDetector(TurnSettings(threshold=threshold)).feed(windows(320, LOUD))) is starts


def test_a_commit_ends_the_turn_without_an_event() -> None:
    turns = TurnDetector(TurnSettings())
    turns.feed(windows(320, LOUD))
    turns.end_turn()
    assert turns.feed(windows(2000, QUIET)) == []
    assert turns.feed(windows(320, LOUD)) == [SpeechStarted(320 + 1984 - 300)]


def test_semantic_turns_report_pauses_and_end_by_completeness() -> None:
    turns = TurnDetector(TurnSettings(kind="semantic_vad"))
    turns.feed(windows(640, LOUD))
    assert turns.feed(windows(224, QUIET)) == [PauseReached(640 + 224, 640)]
    turns.judge_completeness(0.95)
    assert turns.feed(windows(96, QUIET)) == [SpeechStopped(640 + 320, 640)]


def test_new_speech_takes_the_judgement_back() -> None:
    turns = TurnDetector(TurnSettings(kind="semantic_vad"))
    turns.feed(windows(640, LOUD) + windows(224, QUIET))
    turns.judge_completeness(0.95)
    turns.feed(windows(64, LOUD))
    assert all(isinstance(event, PauseReached) for event in turns.feed(windows(1500, QUIET)))


def test_unjudged_semantic_turns_end_in_the_end() -> None:
    turns = TurnDetector(TurnSettings(kind="semantic_vad", eagerness="high"))
    events = turns.feed(windows(640, LOUD) + windows(9000, QUIET))
    assert isinstance(events[-1], SpeechStopped)


@given(
    st.lists(st.floats(0, 1), max_size=200),
    st.lists(st.integers(1, 20)),
    st.sampled_from(["server_vad", "semantic_vad"]),
)
def test_any_slicing_gives_the_same_events(probabilities: list[float], cuts: list[int], kind: str) -> None:
    settings = TurnSettings(kind="server_vad" if kind == "server_vad" else "semantic_vad")
    sliced = TurnDetector(settings)
    events: list[TurnEvent] = []
    rest = probabilities
    for cut in [*cuts, len(probabilities)]:
        events += sliced.feed(rest[:cut])
        rest = rest[cut:]
    assert events == TurnDetector(settings).feed(probabilities)


@given(st.lists(st.sampled_from([0.0, 0.4, 0.9]), max_size=300))
def test_starts_and_stops_alternate_and_never_overlap(probabilities: list[float]) -> None:
    heard = TurnDetector(TurnSettings()).feed(probabilities)
    events = [event for event in heard if not isinstance(event, PauseReached)]
    at_ms = 0
    for index, event in enumerate(events):
        assert isinstance(event, SpeechStopped if index % 2 else SpeechStarted)
        now_ms = event.audio_end_ms if isinstance(event, SpeechStopped) else event.audio_start_ms
        assert now_ms >= at_ms
        at_ms = now_ms


@pytest.mark.parametrize(
    ("probability", "eagerness", "wait_ms"),
    [
        (0.95, "low", 300),
        (0.0, "low", 8000),
        (0.0, "auto", 4000),
        (0.0, "high", 2000),
        (0.45, "medium", 2250),
    ],
)
def test_waiting_times(probability: float, eagerness: str, wait_ms: int) -> None:
    assert compute_wait_ms(probability, eagerness) == wait_ms  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "confident", "probability"),
    [
        ("Where is my order A1001?", True, 0.95),
        ("I would like to", False, 0.1),
        ("Um.", False, 0.1),
        ("Yes.", False, 0.9),
        ("", False, 0.5),
        ("something about a parcel", False, 0.75),
    ],
)
def test_completeness(text: str, confident: bool, probability: float) -> None:
    assert estimate_completeness(Transcript(text, confident)) == probability
