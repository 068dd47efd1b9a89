"""When a caller's turn begins and ends, from speech probabilities alone; pure, and counted in audio time.

One probability stands for 32 ms of audio. The state:

    silent --two windows at the threshold--> speaking --enough silence--> silent

After 200 ms of silence `step` returns `PauseReached`, once per silence: time to find out what was said so
far. `server_vad` waits `silence_duration_ms`. `semantic_vad` waits for as long as the words suggest; whoever
drives the detector says with `judge_completeness` how finished the caller sounds. Wall time plays no part: a
test may append an hour of audio in a second, in pieces of any size, and gets the same events.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from agentrun.engine.speech.seams import WINDOW_MS, Transcript

Eagerness = Literal["low", "medium", "high", "auto"]


def _split_words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_START_WINDOWS = 2
_HYSTERESIS = 0.15
_PAUSE_MS = 200
_COMPLETE_WAIT_MS = 300
_COMPLETE = 0.9
_WAITS_MS: dict[Eagerness, tuple[int, int]] = {  # at probability 0, just below 0.9
    "low": (8000, 600),
    "medium": (4000, 500),
    "auto": (4000, 500),
    "high": (2000, 400),
}
_FILLERS = _split_words(
    "um uh erm hmm so and but or because if when the a an to my your of for with at on in is it's are "
    "그 음 어 그리고 그런데 그래서"
)
_SHORT_ANSWERS = _split_words(
    "yes no yeah nope yep sure okay ok thanks goodbye bye right correct please stop hello hi "
    "네 예 아니요 아니오 감사합니다 안녕하세요"
)


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """A session's `turn_detection`.

    Attributes:
        kind: the API's `type`.
        threshold: 0.0 to 1.0; how sure the detector must be of speech.
        prefix_padding_ms: audio before the detected onset that belongs to the turn.
        silence_duration_ms: silence that ends a turn (`server_vad` only).
        eagerness: how soon to take an unfinished sentence for a finished one (`semantic_vad` only).

    """

    kind: Literal["server_vad", "semantic_vad"] = "server_vad"
    threshold: float = 0.5
    prefix_padding_ms: int = 300
    silence_duration_ms: int = 500
    eagerness: Eagerness = "auto"


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The caller speaks; `audio_start_ms` is the onset less the padding, from the start of the session."""

    audio_start_ms: int


@dataclass(frozen=True, slots=True)
class PauseReached:
    """The caller has been silent for 200 ms within a turn.

    Attributes:
        audio_ms: where the audio stands.
        voiced_ms: how much of the turn was speech; a turn that stops with the same figure has heard nothing
            more.

    """

    audio_ms: int
    voiced_ms: int


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The turn is over.

    Attributes:
        audio_end_ms: where the audio stands, the silence included.
        voiced_ms: how much of the turn was speech; below 100 ms it was a click or a cough.

    """

    audio_end_ms: int
    voiced_ms: int


TurnEvent: TypeAlias = SpeechStarted | PauseReached | SpeechStopped


class TurnDetector:
    """The state machine of one session's input audio.

    Attributes:
        position_ms: audio heard since the session began.
        speaking: a turn is under way.
        voiced_ms: how much of it was speech so far.

    """

    def __init__(self, settings: TurnSettings, *, position_ms: int = 0) -> None:
        self._settings = settings
        self._turn_end_ms = position_ms
        self.position_ms = position_ms
        self.end_turn()

    def end_turn(self) -> None:
        """Forget the turn under way, as after a `commit` or `clear` of the client; no event follows."""
        self.speaking = False
        self._turn_end_ms = self.position_ms
        self._loud_windows = 0
        self.voiced_ms = 0
        self._quiet_ms = 0
        self._completeness = 0.5

    def judge_completeness(self, probability: float) -> None:
        """Say how likely it is that the caller has finished; holds until the caller speaks again."""
        self._completeness = probability

    def feed(self, probabilities: Iterable[float]) -> list[TurnEvent]:
        """Take several windows; for drivers that do not judge completeness."""
        events = (self.step(probability) for probability in probabilities)
        return [event for event in events if event is not None]

    def step(self, probability: float) -> TurnEvent | None:
        """Take the next 32 ms window and return what has happened, if anything."""
        self.position_ms += WINDOW_MS
        return self._listen(probability) if self.speaking else self._wait(probability)

    def _wait(self, probability: float) -> TurnEvent | None:
        self._loud_windows = self._loud_windows + 1 if probability >= self._settings.threshold else 0
        if self._loud_windows < _START_WINDOWS:
            return None
        onset_ms = self.position_ms - _START_WINDOWS * WINDOW_MS
        start_ms = max(onset_ms - self._settings.prefix_padding_ms, self._turn_end_ms)
        self.speaking = True
        self.voiced_ms = _START_WINDOWS * WINDOW_MS
        return SpeechStarted(start_ms)

    def _listen(self, probability: float) -> TurnEvent | None:
        if probability >= self._settings.threshold - _HYSTERESIS:
            self.voiced_ms += WINDOW_MS
            self._quiet_ms = 0
            self._completeness = 0.5
            return None
        before_ms, self._quiet_ms = self._quiet_ms, self._quiet_ms + WINDOW_MS
        if self._quiet_ms >= self._wait_ms:
            stopped = SpeechStopped(self.position_ms, self.voiced_ms)
            self.end_turn()
            return stopped
        crossed = before_ms < _PAUSE_MS <= self._quiet_ms
        return PauseReached(self.position_ms, self.voiced_ms) if crossed else None

    @property
    def _wait_ms(self) -> int:
        if self._settings.kind == "server_vad":
            return self._settings.silence_duration_ms
        return compute_wait_ms(self._completeness, self._settings.eagerness)


def compute_wait_ms(probability: float, eagerness: Eagerness) -> int:
    """Return the silence to wait for when the caller has finished with this probability."""
    if probability >= _COMPLETE:
        return _COMPLETE_WAIT_MS
    longest_ms, shortest_ms = _WAITS_MS[eagerness]
    return round(longest_ms - (longest_ms - shortest_ms) * max(probability, 0.0) / _COMPLETE)


def estimate_completeness(transcript: Transcript) -> float:
    """Return the probability that somebody who has said this has finished."""
    words = [word.strip(".,!?") for word in transcript.text.lower().split()]
    if transcript.confident:
        return 0.95
    if not words:
        return 0.5
    if words[-1] in _FILLERS:
        return 0.1
    return 0.9 if len(words) == 1 and words[0] in _SHORT_ANSWERS else 0.75
