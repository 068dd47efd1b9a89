"""What a session hears: its ears, and the recogniser, which is asked early and as seldom as possible."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from agentrun.engine.ears import Ears, to_pcm16k
from agentrun.engine.effects import Expect, Heard, Listen, Overheard, Transcribe
from agentrun.engine.speech.seams import Hints, Recogniser, SpeechDetector, Transcript
from agentrun.engine.speech.silent import DeafRecogniser
from agentrun.engine.speech.turns import (
    PauseReached,
    SpeechStarted,
    SpeechStopped,
    TurnEvent,
    estimate_completeness,
)
from agentrun.errors import AgentrunError

log = logging.getLogger(__name__)

_LEAD_MS = 100
"""How far a client may be ahead of the clock with its sound before others are let in between its frames."""

Found = SpeechStarted | SpeechStopped | Heard | Overheard


@runtime_checkable
class Learner(Protocol):
    """A recogniser that is quicker when it is told beforehand what a session is about."""

    async def prepare(self, hints: Hints, language: str | None) -> None:
        """Learn what callers may say; never raises."""


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What is being recognised at a pause, before it is known whether the turn ends there."""

    voiced_ms: int
    task: asyncio.Task[Transcript | None]


class Hearing:
    """Listens for one session; its tasks belong to the session's task group.

    Args:
        recogniser: shared by all sessions.
        make_detector: returns a detector for a threshold and the rate of the sound.
        found: takes what was heard: turns that begin and end, and what was said in them.
        tasks: of the session.
        read_clock_ms: the session's time.

    """

    def __init__(
        self,
        recogniser: Recogniser,
        make_detector: Callable[[float, int], SpeechDetector],
        found: Callable[[Found], None],
        tasks: asyncio.TaskGroup,
        read_clock_ms: Callable[[], int],
    ) -> None:
        self._recogniser = recogniser
        self._ears = Ears(make_detector)
        self._found = found
        self._tasks = tasks
        self._read_clock_ms = read_clock_ms
        self._hints, self._language = Hints(), ""
        self._hears_audio = False
        self._heard_until_ms = 0
        self._ahead: _Ahead | None = None

    def listen(self, order: Listen) -> None:
        """Start afresh with these settings."""
        self._ears.listen(order)

    def expect(self, order: Expect) -> None:
        """Prepare for what callers may say from now on."""
        self._hints = Hints(order.instructions, list(order.tools))
        self._language = order.language or ""
        self._prepare()

    async def hear(self, audio: bytes) -> None:
        """Take sound in the session's format."""
        if not self._hears_audio:
            self._hears_audio = True
            self._prepare()
        for piece in self._ears.slice(audio):
            for event in self._ears.feed(piece):
                self._take(event)
            now_ms = self._read_clock_ms()
            self._heard_until_ms = max(self._heard_until_ms, now_ms) + self._ears.to_ms(piece)
            if self._heard_until_ms - now_ms > _LEAD_MS:
                await asyncio.sleep(0)  # a client may append minutes at once; other sessions go on

    def transcribe(self, order: Transcribe) -> None:
        """Find out what an item says; answered by one `Heard`."""
        ahead, self._ahead = self._ahead, None
        self._tasks.create_task(self._transcribe(order, ahead))

    def close(self) -> None:
        """Let go of what is open."""
        self._ears.close()

    def _prepare(self) -> None:
        """Let the recogniser learn while the caller still speaks; sessions in text never need it."""
        if self._hears_audio and isinstance(self._recogniser, Learner):
            self._tasks.create_task(self._recogniser.prepare(self._hints, self._language or None))

    def _take(self, event: TurnEvent) -> None:
        if isinstance(event, PauseReached):
            if self._ahead is not None:
                self._ahead.task.cancel()
            heard = self._ears.take_heard()
            task = self._tasks.create_task(self._hear_ahead(heard, self._ears.turn, event.voiced_ms))
            self._ahead = _Ahead(event.voiced_ms, task)
            return
        if isinstance(event, SpeechStarted):
            self._ahead = None
        elif self._ahead is not None and self._ahead.voiced_ms != event.voiced_ms:
            self._ahead = None  # more was said since
        self._found(event)

    async def _hear_ahead(self, heard: bytes, turn: int, voiced_ms: int) -> Transcript | None:
        """Recognise at a pause what the caller has said, which is all of it if the turn ends there."""
        try:
            transcript = await self._recogniser.transcribe(heard, self._hints, self._language or None)
        except (AgentrunError, OSError) as error:
            log.debug("nothing was recognised ahead of the end of a turn: %s", error)
            return None
        self._ears.judge(turn, voiced_ms, estimate_completeness(transcript))
        if turn == self._ears.turn:
            self._found(Overheard(transcript.text))
        return transcript

    async def _transcribe(self, order: Transcribe, ahead: _Ahead | None) -> None:
        if isinstance(self._recogniser, DeafRecogniser):
            error = "no speech recogniser is installed; install `agentrun[speech]`"
            self._found(Heard(order.item_id, "", error))
            return
        try:
            transcript = await ahead.task if ahead is not None else None
            if transcript is None:
                pcm16k = to_pcm16k(order.audio, order.format)
                transcript = await self._recogniser.transcribe(pcm16k, self._hints, self._language or None)
        except (AgentrunError, OSError) as error:  # a broken part costs one turn, not the session
            log.warning("what the caller said could not be recognised: %s", error)
            self._found(Heard(order.item_id, "", "the speech recogniser failed"))
            return
        sure = transcript.confident and not transcript.ambiguous
        self._found(Heard(order.item_id, transcript.text, confident=sure))
