"""Listening in the shell: appended audio through detector and turn detection, inline, one per session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agentrun.audio import PCM_24K, AudioFormat, Resampler, decode_audio, open_resampler, resample
from agentrun.engine.effects import Listen
from agentrun.engine.speech.seams import LISTEN_HZ, SpeechDetector
from agentrun.engine.speech.turns import SpeechStarted, TurnDetector, TurnEvent, TurnSettings
from agentrun.wire.json import JsonObject

_SLICE_MS = 200
_BEFORE_MS = 500
_LONGEST_TURN_MS = 60_000


def to_pcm16k(audio: bytes, fmt: AudioFormat) -> bytes:
    """Return a whole recording as 16 kHz PCM16."""
    return resample(decode_audio(audio, fmt), fmt.rate_hz, LISTEN_HZ, "LQ")


def read_turn_settings(turn_detection: JsonObject) -> TurnSettings:
    """Turn the session's `turn_detection` into the detector's settings."""
    names = ("threshold", "prefix_padding_ms", "silence_duration_ms", "eagerness")
    given: dict[str, Any] = {name: turn_detection[name] for name in names if name in turn_detection}
    return TurnSettings(kind=turn_detection["type"], **given)


class Ears:
    """Finds the caller's turns in what is appended.

    A frame of a telephone call passes through here fifty times a second, so it is decoded, brought to the
    rate of the detector and looked at, and nothing more. What was said waits as it came until somebody asks.

    Args:
        make_detector: returns a detector for a session's `threshold` and the rate of its sound.

    Attributes:
        turn: counts turns and the silences between them, so that an answer that comes late can be told from
            a timely one.

    """

    def __init__(self, make_detector: Callable[[float, int], SpeechDetector]) -> None:
        self._make_detector = make_detector
        self._detector: SpeechDetector | None = None
        self._threshold = 0.5
        self._turns: TurnDetector | None = None
        self._format = PCM_24K
        self._resampler: Resampler | None = None
        self._heard = Heard(PCM_24K)
        self.turn = 0

    def listen(self, order: Listen) -> None:
        """Start afresh with these settings; without turn detection nothing is found."""
        detection = order.turn_detection
        self.turn += 1
        self._format = order.format
        self._heard = Heard(order.format)
        self._detector, self._turns, self._resampler = None, None, None
        if detection is not None:
            settings = read_turn_settings(detection)
            self._threshold = settings.threshold
            self._turns = TurnDetector(settings, position_ms=order.position_ms)

    def slice(self, audio: bytes) -> list[bytes]:
        """Return the pieces in which audio should be fed, so that others may run in between."""
        step = self._format.to_bytes(_SLICE_MS)
        return [audio] if len(audio) <= step else [audio[at : at + step] for at in range(0, len(audio), step)]

    def to_ms(self, audio: bytes) -> int:
        """Return how long audio plays."""
        return self._format.to_ms(len(audio))

    def feed(self, audio: bytes) -> list[TurnEvent]:
        """Take appended audio and return what has happened in it."""
        if self._turns is None:
            return []
        if self._detector is None or self._resampler is None:
            self._detector, self._resampler = self._open()
        pcm = self._resampler.feed(decode_audio(audio, self._format))
        events = []
        for probability in self._detector.feed(pcm):
            was_speaking = self._turns.speaking
            event = self._turns.step(probability)
            if event is not None:
                events.append(event)
            if self._turns.speaking != was_speaking:
                self.turn += 1
        started = any(isinstance(event, SpeechStarted) for event in events)
        self._heard.add(audio, speaking=self._turns.speaking or started)
        return events

    def _open(self) -> tuple[SpeechDetector, Resampler]:
        """Make the detector at the first sound: a neural one takes memory, and many hear nothing."""
        rate_hz = self._format.rate_hz
        detector = self._make_detector(self._threshold, rate_hz)
        return detector, open_resampler(rate_hz, detector.rate_hz, "LQ")

    def judge(self, turn: int, voiced_ms: int, probability: float) -> None:
        """Say how finished the caller sounded at a pause, if the caller has not gone on since."""
        if self._turns is not None and (turn, voiced_ms) == (self.turn, self._turns.voiced_ms):
            self._turns.judge_completeness(probability)

    def close(self) -> None:
        """Let go of the detector and the resampler."""
        self._detector, self._turns, self._resampler = None, None, None
        self._heard = Heard(self._format)

    def take_heard(self) -> bytes:
        """Return what the caller has said in the turn under way, so far, as 16 kHz PCM16."""
        return self._heard.convert()


class Heard:
    """The sound of the turn under way and of half a second before it, in the format in which it comes.

    It is converted piece by piece when somebody asks, so that a long turn with many pauses is converted once.
    """

    def __init__(self, fmt: AudioFormat) -> None:
        self._format = fmt
        self._before_bytes = fmt.to_bytes(_BEFORE_MS)
        self._longest_bytes = fmt.to_bytes(_LONGEST_TURN_MS)
        self._speaking = False
        self._raw = bytearray()
        self._pcm16k = bytearray()
        self._resampler: Resampler | None = None

    def add(self, audio: bytes, *, speaking: bool) -> None:
        """Add what came; where nobody speaks, only the last half second is of interest."""
        self._raw += audio
        began, self._speaking = speaking and not self._speaking, speaking
        if began or (not speaking and len(self._raw) > 2 * self._before_bytes):
            self._forget(len(self._raw) - self._before_bytes)
        elif len(self._raw) > self._longest_bytes:
            self._forget(len(self._raw) - self._longest_bytes)

    def _forget(self, size_bytes: int) -> None:
        """Drop what came first, and what was converted before it."""
        if size_bytes > 0:
            del self._raw[: size_bytes + size_bytes % self._format.sample_bytes]
        self._pcm16k.clear()
        self._resampler = None

    def convert(self) -> bytes:
        """Return it as 16 kHz PCM16; after a minute the beginning is forgotten."""
        if self._resampler is None:
            self._resampler = open_resampler(self._format.rate_hz, LISTEN_HZ, "LQ")
        self._pcm16k += self._resampler.feed(decode_audio(bytes(self._raw), self._format))
        self._raw.clear()
        surplus = len(self._pcm16k) - _LONGEST_TURN_MS * LISTEN_HZ // 1000 * 2
        if surplus > 0:
            del self._pcm16k[:surplus]
        return bytes(self._pcm16k)
