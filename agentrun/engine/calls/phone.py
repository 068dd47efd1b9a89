"""The caller at a telephone that is simulated: what to say, when to say it, when to hang up. Pure.

A phone goes through its script step by step: it says a line or plays a recording or presses keys, waits until
the agent has answered and is done, and goes on; after the last step it hangs up. It reads the call's own
events, as a sideband does, so it knows what a patient human would notice:

* The agent is *busy* while a response is under way, while its sound plays, and while one of its tool calls
  has no result: "one moment, please" is not the end of an answer.
* It has *answered* once it has said something since the last step. After that the phone goes on when the
  agent has not been busy for `settle_ms`.
* Nothing waits for ever. Where no answer comes the phone goes on after `answer_ms`, at the beginning after
  `greeting_ms` (many agents let the caller speak first), and it hangs up after `call_ms` in any case.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from agentrun.wire import ServerEvent, server
from agentrun.wire.json import JsonObject

KEYS = "0123456789*#ABCD"

# A script


@dataclass(frozen=True, slots=True)
class Words:
    """Say a line."""

    text: str


@dataclass(frozen=True, slots=True)
class Sound:
    """Play a recording: mono signed 16-bit little-endian samples."""

    pcm: bytes
    rate_hz: int

    @property
    def duration_ms(self) -> int:
        """How long it plays."""
        return len(self.pcm) * 500 // self.rate_hz


@dataclass(frozen=True, slots=True)
class Keys:
    """Press keys, one after the other; each is one of `KEYS`."""

    keys: str


Step: TypeAlias = Words | Sound | Keys

# What happens


@dataclass(frozen=True, slots=True)
class Answered:
    """The call is live: both sides can hear each other."""


@dataclass(frozen=True, slots=True)
class Uttered:
    """All of the last `Utter` has gone out on the line."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The call is over, whoever has ended it."""


@dataclass(frozen=True, slots=True)
class Wake:
    """The deadline of the phone may have passed."""


Happening: TypeAlias = Answered | Uttered | Ended | Wake | ServerEvent

# What to do


@dataclass(frozen=True, slots=True)
class Utter:
    """Let the agent hear this; answered by `Uttered`."""

    step: Words | Sound


@dataclass(frozen=True, slots=True)
class Press:
    """Press a key."""

    key: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call."""


Command: TypeAlias = Utter | Press | HangUp


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a caller waits.

    Attributes:
        greeting_ms: for the agent to speak first.
        answer_ms: for an answer, or for a busy agent in which nothing happens any more.
        settle_ms: after an answer, in case there is more to come.
        key_ms: between two keys.
        call_ms: until it hangs up in any case.

    """

    greeting_ms: int = 2_000
    answer_ms: int = 15_000
    settle_ms: int = 800
    key_ms: int = 150
    call_ms: int = 10 * 60_000


USUAL_PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class Said:
    """One line of the transcript.

    Attributes:
        role: who said it.
        text: the words; keys and recordings are described in square brackets.
        at_ms: since the call was answered.
        item_id: of the agent's message.
        heard: what the agent understood of the caller's line, where the session transcribes.
        cut: whether the caller heard only a part of it.

    """

    role: Literal["caller", "agent"]
    text: str
    at_ms: int
    item_id: str | None = None
    heard: str | None = None
    cut: bool = False


class Phone:
    """One caller in one call.

    Args:
        script: what to do, in order; without any step the phone listens to the greeting and hangs up.
        patience: how long to wait.

    """

    def __init__(self, script: Sequence[Step], patience: Patience = USUAL_PATIENCE) -> None:
        self.transcript: list[Said] = []
        self._script = deque(script)
        self._patience = patience
        self._watch = AgentWatch()
        self._keys: deque[str] = deque()
        self._answered_at_ms = 0
        self._acting = False
        self._step_done_at_ms: int | None = None
        self._next_key_at_ms = 0
        self._begun = False
        self._over = False

    @property
    def deadline_ms(self) -> int | None:
        """When `Wake` is due; None while the call is not live."""
        if self._step_done_at_ms is None or self._over:
            return None
        end_ms = self._answered_at_ms + self._patience.call_ms
        if self._keys:
            return min(end_ms, self._next_key_at_ms)
        return end_ms if self._acting else min(end_ms, self._find_turn_ms())

    def handle(self, event: Happening, now_ms: int) -> list[Command]:
        """Take one thing that happened, and return what to do.

        Args:
            event: of the call, or of the telephone.
            now_ms: never goes back.

        """
        if self._over:
            return []
        match event:
            case Answered():
                self._answered_at_ms = self._step_done_at_ms = now_ms
            case Uttered():
                self._acting, self._step_done_at_ms = False, now_ms
            case Ended():
                self._over = True
                self._script.clear()  # recordings are large, and a call that is over is kept for a while
            case Wake():
                pass
            case _:
                self._watch.take(event, now_ms)
                self._write_down(event, now_ms)
        return self._go_on(now_ms)

    def _go_on(self, now_ms: int) -> list[Command]:
        deadline_ms = self.deadline_ms
        if deadline_ms is None or now_ms < deadline_ms:
            return []
        if now_ms >= self._answered_at_ms + self._patience.call_ms:
            return self._hang_up()
        if self._keys:
            return self._press(now_ms)
        return self._take_step(now_ms) if self._script else self._hang_up()

    def _find_turn_ms(self) -> int:
        """Return when it is the caller's turn, if nothing happens until then."""
        done_ms, watch = self._step_done_at_ms or 0, self._watch
        if watch.is_busy or (self._begun and not watch.has_spoken):
            return max(done_ms, watch.changed_at_ms) + self._patience.answer_ms
        if watch.has_spoken:
            return max(done_ms, watch.changed_at_ms + self._patience.settle_ms)
        return done_ms + self._patience.greeting_ms

    def _take_step(self, now_ms: int) -> list[Command]:
        step = self._script.popleft()
        self._begun = True
        self._watch.has_spoken = False
        self.transcript.append(Said("caller", describe(step), now_ms - self._answered_at_ms))
        if isinstance(step, Keys):
            self._keys.extend(step.keys)
            return self._press(now_ms)
        self._acting = True
        return [Utter(step)]

    def _press(self, now_ms: int) -> list[Command]:
        key = self._keys.popleft()
        self._next_key_at_ms = now_ms + self._patience.key_ms
        self._step_done_at_ms = now_ms
        return [Press(key)]

    def _hang_up(self) -> list[Command]:
        self._over = True
        return [HangUp()]

    def _write_down(self, event: ServerEvent, now_ms: int) -> None:
        at_ms = now_ms - self._answered_at_ms
        match event:
            case server.ResponseOutputAudioTranscriptDone() if event.transcript:
                self.transcript.append(Said("agent", event.transcript, at_ms, event.item_id))
            case server.ResponseOutputTextDone() if event.text:
                self.transcript.append(Said("agent", event.text, at_ms, event.item_id))
            case server.ConversationItemTruncated():
                self.transcript = [
                    replace(said, cut=True) if said.item_id == event.item_id else said
                    for said in self.transcript
                ]
            case server.InputTranscriptionCompleted() if event.transcript:
                self._note_heard(event.transcript)

    def _note_heard(self, text: str) -> None:
        """A line with a pause in it may be understood as two."""
        for at in reversed(range(len(self.transcript))):
            said = self.transcript[at]
            if said.role == "caller":
                self.transcript[at] = replace(said, heard=f"{said.heard} {text}" if said.heard else text)
                return


class AgentWatch:
    """What the events of a call tell about the agent: whether it is busy, and since when.

    Attributes:
        has_spoken: whether it has said something since the flag was last taken back.
        changed_at_ms: when it last did anything.

    """

    def __init__(self) -> None:
        self.has_spoken = False
        self.changed_at_ms = 0
        self._busy_with: set[str] = set()

    @property
    def is_busy(self) -> bool:
        """Whether a response is under way, sound plays, or a tool call has no result."""
        return bool(self._busy_with)

    def take(self, event: ServerEvent, now_ms: int) -> None:
        """Take an event of the call."""
        match event:
            case server.ResponseCreated():
                self._begin(event.response["id"])
            case server.ResponseDone():
                self._busy_with.discard(event.response["id"])
            case server.OutputAudioBufferStarted():
                self._begin(f"sound of {event.response_id}")
            case server.OutputAudioBufferStopped() | server.OutputAudioBufferCleared():
                self._busy_with.discard(f"sound of {event.response_id}")
            case server.ResponseOutputAudioTranscriptDone() | server.ResponseOutputTextDone():
                self.has_spoken = True
            case server.ResponseOutputItemDone():
                self._take_item(event.item)
            case server.ConversationItemAdded() if event.item["type"] == "function_call_output":
                self._busy_with.discard(event.item["call_id"])
            case server.ResponseMcpCallInProgress():
                self._begin(event.item_id)
            case server.ResponseMcpCallCompleted() | server.ResponseMcpCallFailed():
                self._busy_with.discard(event.item_id)
            case server.InputAudioBufferSpeechStarted() | server.InputAudioBufferSpeechStopped():
                pass  # a sign that the agent listens
            case _:
                return
        self.changed_at_ms = now_ms

    def _take_item(self, item: JsonObject) -> None:
        if item["type"] == "function_call" and item.get("status") == "completed":
            self._begin(item["call_id"])

    def _begin(self, what: str) -> None:
        self._busy_with.add(what)


def describe(step: Step) -> str:
    """Return a step as a line of the transcript."""
    match step:
        case Words():
            return step.text
        case Sound():
            return f"[a recording of {step.duration_ms / 1000:.1f} s]"
        case Keys():
            return f"[keys {step.keys}]"
