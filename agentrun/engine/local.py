"""The engine in virtual time: the core, a mind and a silent voice on one timeline, without tasks or sockets.

Used to rehearse whole calls offline. The mind answers at once; thinking and speaking still take a little
*virtual* time, so that a rehearsal has the rhythm of a call and a caller can barge in in mid-sentence.
"""

from __future__ import annotations

import datetime
import heapq
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from agentrun.audio import PCM_24K
from agentrun.engine.core import Core
from agentrun.engine.effects import (
    Close,
    Expect,
    Generate,
    Heard,
    Input,
    Listen,
    ListHostedTools,
    Output,
    Produced,
    ProducedEnd,
    RunHostedTool,
    Speak,
    Spoken,
    SpokenEnd,
    Stop,
    StopHosted,
    Transcribe,
    Wake,
)
from agentrun.engine.hosting.host import OfflineHost, decline
from agentrun.engine.ids import Ids
from agentrun.engine.seams import Mind, begin_mind, explain_failure
from agentrun.engine.speech.seams import SpeechChunk
from agentrun.engine.speech.silent import estimate_speech_ms
from agentrun.errors import AgentrunError, LocalProtocolError
from agentrun.wire import ClientEvent, ServerEvent
from agentrun.wire.json import JsonObject

THINKING_MS = 150
"""From the question to the first word or call."""
SPEED_UP = 5
"""How much faster than real time speech is made."""
_PIECE_MS = 200
_PIECE = PCM_24K.make_silence(_PIECE_MS)


class OfflineVoice(Protocol):
    """A voice that answers at once, with silence of the right length or with real sound."""

    def render(self, text: str, speed: float) -> Iterable[SpeechChunk]:
        """Return the whole utterance, piece by piece."""


class SilentPieces:
    """Silence of the estimated duration; costs next to nothing, because all pieces are the same bytes."""

    def render(self, text: str, speed: float) -> Iterable[SpeechChunk]:
        """Yield pieces of 200 ms, the last one shorter."""
        total_ms = estimate_speech_ms(text, speed)
        for start_ms in range(0, total_ms, _PIECE_MS):
            end_ms = min(start_ms + _PIECE_MS, total_ms)
            pcm = _PIECE if end_ms - start_ms == _PIECE_MS else _PIECE[: PCM_24K.to_bytes(end_ms - start_ms)]
            yield SpeechChunk(pcm, len(text) * end_ms // total_ms)


class LocalEngine:
    """One session in virtual time.

    `session.created` comes out of the first call of either method. The caller of this class keeps the clock:
    call `advance` at `deadline_ms`, never later than the next `handle`.

    Args:
        responder: a mind that answers with a sequence, such as `RehearsalResponder`.
        voice: what speaks; silent by default.
        host: what answers for MCP servers; by default nobody is there.
        seed: the same seed gives the same session, id for id.
        now: wall-clock time at the start of the session, with its time zone.
        model: what the session is called to run.

    """

    def __init__(
        self,
        responder: Mind,
        *,
        voice: OfflineVoice | None = None,
        host: OfflineHost = decline,
        seed: int = 0,
        now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now().astimezone(),
        model: str = "gpt-realtime-2.1",
    ) -> None:
        self._responder = begin_mind(responder)
        self._voice = voice or SilentPieces()
        self._host = host
        self._core = Core(model, Ids(seed), now())
        self._timeline: list[tuple[int, int, Input]] = []
        self._order = itertools.count()
        self._started = False
        self.closed: tuple[int, str] | None = None

    @property
    def deadline_ms(self) -> int | None:
        """When `advance` has something to do; None once the session is closed."""
        if not self._started:
            return 0
        due = [self._timeline[0][0]] if self._timeline else []
        core = self._core.deadline_ms
        return min([*due, core]) if core is not None else None

    def handle(self, event: ClientEvent | JsonObject, now_ms: int) -> list[ServerEvent]:
        """Take one event of the client and return what follows at once."""
        events = self.advance(now_ms)
        return events + self._perform(self._core.handle(event, now_ms), now_ms)

    def advance(self, now_ms: int) -> list[ServerEvent]:
        """Let time pass until `now_ms` and return what happened meanwhile, in order."""
        events = [] if self._started else self._perform(self._core.start(now_ms), now_ms)
        self._started = True
        while (due_ms := self.deadline_ms) is not None and due_ms <= now_ms:
            events += self._perform(self._core.handle(self._next_input(due_ms), due_ms), due_ms)
        return events

    def _next_input(self, due_ms: int) -> Input:
        if self._timeline and self._timeline[0][0] <= due_ms:
            return heapq.heappop(self._timeline)[2]
        return Wake()

    def _perform(self, outputs: Sequence[Output], now_ms: int) -> list[ServerEvent]:
        events: list[ServerEvent] = []
        for output in outputs:
            match output:
                case Generate():
                    self._think(output, now_ms)
                case Speak():
                    self._speak(output, now_ms)
                case Transcribe():
                    self._plan(now_ms, Heard(output.item_id, "", "a rehearsal in text has no recogniser"))
                case Stop():
                    self._drop(output.response_id)
                case Close():
                    self.closed = (output.code, output.reason)
                case ListHostedTools() | RunHostedTool():
                    self._plan(now_ms + THINKING_MS, self._host(output))
                case Listen() | Expect() | StopHosted():
                    pass  # nobody speaks in virtual time; a turn is a text item or a commit
                case _:
                    events.append(output)
        return events

    def _plan(self, at_ms: int, event: Input) -> None:
        heapq.heappush(self._timeline, (at_ms, next(self._order), event))

    def _drop(self, response_id: str) -> None:
        kept = [entry for entry in self._timeline if getattr(entry[2], "response_id", None) != response_id]
        heapq.heapify(kept)
        self._timeline = kept

    def _think(self, order: Generate, now_ms: int) -> None:
        failure = None
        try:
            moves = self._responder.respond(order.prompt)
        except AgentrunError as error:
            moves, failure = (), explain_failure(error)
        if not isinstance(moves, Sequence):
            raise LocalProtocolError("a mind that answers over time cannot be used in virtual time")
        at_ms = now_ms + THINKING_MS
        for move in moves:
            self._plan(at_ms, Produced(order.response_id, move))
        self._plan(at_ms, ProducedEnd(order.response_id, failure))

    def _speak(self, order: Speak, now_ms: int) -> None:
        made_ms = 0
        for chunk in self._voice.render(order.text, order.speed):
            made_ms += PCM_24K.to_ms(len(chunk.pcm))
            spoken = Spoken(order.response_id, order.item_id, chunk.pcm, chunk.chars)
            self._plan(now_ms + made_ms // SPEED_UP, spoken)
        self._plan(now_ms + made_ms // SPEED_UP, SpokenEnd(order.response_id, order.item_id))
