"""Listening in the shell: appended audio through detector and turn detection, inline, one per session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, cast

from agentrun.audio import AudioFormat, Resampler, decode_g711, open_resampler, resample
from agentrun.engine.effects import Listen
from agentrun.engine.speech.seams import LISTEN_HZ, SpeechDetector
from agentrun.engine.speech.turns import SpeechStarted, TurnDetector, TurnEvent, TurnSettings
from agentrun.wire.json import JsonObject

_SLICE_MS = 200
_LONGEST_TURN_BYTES = 60 * LISTEN_HZ * 2


def to_pcm16k(audio: bytes, fmt: AudioFormat) -> bytes:
    """Return a whole recording as 16 kHz PCM16."""
    return resample(decode_audio(audio, fmt), fmt.rate_hz, LISTEN_HZ, "LQ")


def decode_audio(audio: bytes, fmt: AudioFormat) -> bytes:
    """Return audio as PCM16 at the rate of its format."""
    if fmt.name == "audio/pcm":
        return audio
    return decode_g711(audio, cast(Literal["pcmu", "pcma"], fmt.name.removeprefix("audio/")))


def read_turn_settings(turn_detection: JsonObject) -> TurnSettings:
    """Turn the session's `turn_detection` into the detector's settings."""
    names = ("threshold", "prefix_padding_ms", "silence_duration_ms", "eagerness")
    given: dict[str, Any] = {name: turn_detection[name] for name in names if name in turn_detection}
    return TurnSettings(kind=turn_detection["type"], **given)


class Ears:
    """Finds the caller's turns in what is appended.

    Args:
        make_detector: returns a detector for a session's `threshold`.

    Attributes:
        turn: counts turns and the silences between them, so that an answer that comes late can be told from
            a timely one.

    """

    def __init__(self, make_detector: Callable[[float], SpeechDetector]) -> None:
        self._make_detector = make_detector
        self._detector: SpeechDetector | None = None
        self._turns: TurnDetector | None = None
        self._format: AudioFormat | None = None
        self._resampler: Resampler | None = None
        self._heard = bytearray()
        self.turn = 0

    def listen(self, order: Listen) -> None:
        """Start afresh with these settings; without turn detection nothing is found."""
        detection = order.turn_detection
        self._heard.clear()
        self.turn += 1
        self._format = order.format
        self._resampler = open_resampler(order.format.rate_hz, LISTEN_HZ, "LQ")
        self._detector, self._turns = None, None
        if detection is not None:
            settings = read_turn_settings(detection)
            self._detector = self._make_detector(settings.threshold)
            self._turns = TurnDetector(settings, position_ms=order.position_ms)

    def feed(self, audio: bytes) -> Iterator[list[TurnEvent]]:
        """Take appended audio; yield what each slice of it brings, so that others may run in between."""
        if self._turns is None or self._format is None:
            return
        step = self._format.to_bytes(_SLICE_MS)
        for at in range(0, len(audio), step):
            yield self._feed_slice(audio[at : at + step])

    def judge(self, turn: int, voiced_ms: int, probability: float) -> None:
        """Say how finished the caller sounded at a pause, if the caller has not gone on since."""
        if self._turns is not None and (turn, voiced_ms) == (self.turn, self._turns.voiced_ms):
            self._turns.judge_completeness(probability)

    def close(self) -> None:
        """Let go of the detector and the resampler."""
        self._detector, self._turns, self._resampler = None, None, None

    @property
    def heard_pcm16k(self) -> bytes:
        """What the caller has said in the turn under way, so far."""
        return bytes(self._heard)

    def _feed_slice(self, audio: bytes) -> list[TurnEvent]:
        if self._turns is None or self._detector is None or self._format is None or self._resampler is None:
            return []
        pcm16k = self._resampler.feed(decode_audio(audio, self._format))
        events = []
        for probability in self._detector.feed(pcm16k):
            was_speaking = self._turns.speaking
            event = self._turns.step(probability)
            if event is not None:
                events.append(event)
            if self._turns.speaking != was_speaking:
                self.turn += 1
        self._keep(pcm16k, any(isinstance(event, SpeechStarted) for event in events))
        return events

    def _keep(self, pcm16k: bytes, started: bool) -> None:
        """Hold the turn under way, and half a second before it."""
        self._heard += pcm16k
        speaking = self._turns is not None and (self._turns.speaking or started)
        most = _LONGEST_TURN_BYTES if speaking else LISTEN_HZ
        if len(self._heard) > most:
            del self._heard[: len(self._heard) - most]
