"""One response, from `response.created` to exactly one `response.done`.

The responder's moves queue up and become output items. Two rules give the order of the service's recordings:

* a message waits until the message before it is closed, because only one is spoken at a time;
* a function call opens at once, also while a message before it is still being spoken, and closes after it.
  A message that is complete therefore stays open until it is known what follows it.

A message may grow while it is open: what follows it, or the end of the moves, says that it is whole.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from agentrun.audio import AudioFormat
from agentrun.engine.effects import Speak, Stop
from agentrun.engine.history import History
from agentrun.engine.hosting.outputs import ApprovalRequestItem, CallDesk, HostedCallItem
from agentrun.engine.hosting.toolbox import Toolbox
from agentrun.engine.messages import SpokenItem, TextItem
from agentrun.engine.outbox import Outbox
from agentrun.engine.parts import CallItem, FunctionCallItem, ItemStatus, OutputItem, Place
from agentrun.engine.seams import Call, Failure, More, Move, Say, Spent
from agentrun.engine.usage import Tokens, render_usage
from agentrun.wire import server
from agentrun.wire.json import JsonObject

CancelReason = Literal["turn_detected", "client_cancelled"]

TOKENS_PER_MINUTE = 15_000_000
"""What `rate_limits.updated` says; the engine never refuses for it."""


@dataclass(frozen=True, slots=True)
class ResponseSettings:
    """The effective settings of one response.

    Attributes:
        conversation_id: of the default conversation, or None out of band.
        spoken: whether it is spoken (`audio`) or written (`text`).
        max_output_tokens: a number or `"inf"`.
        voice: name, or id of a custom voice.
        language: ISO 639-1 of the session's transcription, a hint for the voice.
        phases: whether assistant messages carry `phase`.
        toolbox: what the model may call.
        instructed: whether the response brought instructions of its own.
        items: wire items given as `input`; None for the conversation.

    """

    id: str
    conversation_id: str | None
    spoken: bool
    max_output_tokens: int | str
    format: AudioFormat
    voice: str
    speed: float
    language: str | None
    phases: bool
    metadata: Mapping[str, str] | None
    instructions: str
    instructed: bool
    toolbox: Toolbox
    parallel_tool_calls: bool
    items: Sequence[JsonObject] | None = None


@dataclass(slots=True)
class Progress:
    """What a response has made so far."""

    items: list[OutputItem] = field(default_factory=list)
    pending: deque[Say | Call] = field(default_factory=deque)
    produced_all: bool = False


class Response:
    """A response that is running or over.

    Attributes:
        settings: as they were when it began.
        over: whether `response.done` was sent.
        sound_ms: how long its sound plays.
        read: tokens of its prompt, to be set before it ends.

    """

    def __init__(
        self, settings: ResponseSettings, outbox: Outbox, history: History | None, desk: CallDesk
    ) -> None:
        self.settings = settings
        self.over = False
        self.read = Tokens()
        self._outbox = outbox
        self._history = history
        self._desk = desk
        self._made = Progress()
        self._open: deque[OutputItem] = deque()
        self._spent: Spent | None = None

    @property
    def id(self) -> str:
        """Return its id."""
        return self.settings.id

    @property
    def sound_ms(self) -> int:
        """How long everything that was spoken plays."""
        return sum(item.sound_ms for item in self._made.items if isinstance(item, SpokenItem))

    @property
    def _written(self) -> Tokens:
        return sum((item.tokens for item in self._made.items), Tokens())

    def start(self) -> None:
        """Send `response.created`."""
        self._outbox.send(server.ResponseCreated(self._render("in_progress", None, None)))

    def add_move(self, move: Move) -> None:
        """Take the responder's next move."""
        if not self.settings.parallel_tool_calls and isinstance(move, Call) and self._has_call():
            return
        match move:
            case Spent():
                self._spent = move
            case More():
                self._grow(move)
            case _:
                self._made.pending.append(move)
        self._go_on()

    def end_moves(self, failure: Failure | None) -> None:
        """Take the end of the moves; a failure fails the response."""
        if failure is not None:
            shown = {"type": failure.kind, "code": failure.code, "message": failure.message}
            self._finish("failed", {"error": shown})
            return
        self._made.produced_all = True
        self._go_on()

    def add_sound(self, item_id: str, pcm24k: bytes, chars: int) -> None:
        """Take a piece of speech."""
        item = self._find_spoken(item_id)
        if item is not None:
            item.add_sound(pcm24k, chars)
            self._stop_if_exhausted(item)

    def end_sound(self, item_id: str) -> None:
        """Take the end of the speech of one message."""
        item = self._find_spoken(item_id)
        if item is not None:
            item.end_sound()
            self._order_speech(item)
            if not self._stop_if_exhausted(item):
                self._go_on()

    def cancel(self, reason: CancelReason) -> None:
        """Break it off: every open part is closed, then `response.done`."""
        self._finish("cancelled", {"reason": reason})

    def find_spoken(self, item_id: str) -> SpokenItem | None:
        """Return a spoken message of this response, open or closed."""
        found = (item for item in self._made.items if item.item.id == item_id)
        item = next(found, None)
        return item if isinstance(item, SpokenItem) else None

    def _find_spoken(self, item_id: str) -> SpokenItem | None:
        item = None if self.over else self.find_spoken(item_id)
        return item if item is not None and not item.complete else None

    def _has_call(self) -> bool:
        return any(isinstance(item, CallItem) for item in self._made.items) or any(
            isinstance(move, Call) for move in self._made.pending
        )

    def _grow(self, more: More) -> None:
        """Add words to the message that was said last, wherever it stands by now."""
        pending = self._made.pending
        last = self._find_growing()
        if pending and isinstance(pending[-1], Say) and pending[-1].growing:
            pending[-1] = replace(pending[-1], text=pending[-1].text + more.text)
        elif pending or last is None:
            pending.append(Say(more.text, None, growing=True))
        else:
            last.add_words(more.text)
            if isinstance(last, SpokenItem):
                self._order_speech(last)
            self._stop_if_exhausted(last)

    def _find_growing(self) -> TextItem | SpokenItem | None:
        last = self._made.items[-1] if self._made.items else None
        return last if isinstance(last, TextItem | SpokenItem) and last.growing else None

    def _end_growing(self) -> None:
        """Let the last message be whole as soon as something follows it."""
        last = self._find_growing()
        if last is None or not (self._made.pending or self._made.produced_all):
            return
        last.end_words()
        if isinstance(last, SpokenItem):
            self._order_speech(last)
        self._stop_if_exhausted(last)

    def _go_on(self) -> None:
        """Open what can be opened and close what can be closed, until neither is possible."""
        if not self.over:
            self._end_growing()
        while not self.over and (self._open_next() or self._close_first()):
            pass
        if not self.over and self._made.produced_all and not self._open and not self._made.pending:
            self._finish("completed", None)

    def _open_next(self) -> bool:
        pending = self._made.pending
        if not pending or (isinstance(pending[0], Say) and self._open):
            return False
        if isinstance(pending[0], Call) and isinstance(next(iter(self._open), None), CallItem):
            return False
        item = self._make_item(pending.popleft())
        self._made.items.append(item)
        self._open.append(item)
        item.open()
        if isinstance(item, SpokenItem):
            self._order_speech(item)
        exhausted = self._stop_if_exhausted(item)
        if not exhausted:
            self._end_growing()
        return not exhausted

    def _close_first(self) -> bool:
        if not self._open or not self._open[0].complete:
            return False
        followed = len(self._open) > 1 or bool(self._made.pending) or self._made.produced_all
        if not followed and not isinstance(self._open[0], CallItem):
            return False
        self._open.popleft().close("completed")
        return True

    def _make_item(self, move: Say | Call) -> OutputItem:
        place = Place(self.id, len(self._made.items), self._outbox, self._history)
        if isinstance(move, Call):
            return self._make_call(place, move)
        phases, budget = self.settings.phases, self._budget_left()
        if not self.settings.spoken:
            return TextItem(place, move, phases=phases, budget_tokens=budget)
        return SpokenItem(place, move, phases=phases, fmt=self.settings.format, budget_tokens=budget)

    def _make_call(self, place: Place, call: Call) -> CallItem:
        offer = self.settings.toolbox.offers.get(call.name)
        if offer is None:
            return FunctionCallItem(place, call)
        if offer.needs_approval:
            return ApprovalRequestItem(place, offer, call.arguments, self._desk)
        return HostedCallItem(place, offer, call.arguments, self._desk)

    def _order_speech(self, item: SpokenItem) -> None:
        it = self.settings
        utterance = item.take_utterance()
        if utterance is not None:
            self._outbox.command(Speak(it.id, item.item.id, utterance, it.voice, it.speed, it.language))

    def _budget_left(self) -> float:
        most = self.settings.max_output_tokens
        return float(most) - self._written.total

    def _stop_if_exhausted(self, item: OutputItem) -> bool:
        out_of_words = isinstance(item, TextItem | SpokenItem) and item.exhausted
        out_of_budget = isinstance(item, CallItem) and self._budget_left() < 0
        if not (out_of_words or out_of_budget):
            return False
        self._finish("incomplete", {"reason": "max_output_tokens"})
        return True

    def _finish(self, status: str, details: JsonObject | None) -> None:
        if self.over:
            return
        self.over = True
        item_status: ItemStatus = "completed" if status == "completed" else "incomplete"
        while self._open:
            self._open.popleft().close(item_status)
        if status != "completed":
            self._outbox.command(Stop(self.id))
        usage = render_usage(*self._count_spent())
        shown = None if details is None else {"type": status, **details}
        self._outbox.send(server.ResponseDone(self._render(status, shown, usage)))
        self._report_limits(usage["total_tokens"])

    def _count_spent(self) -> tuple[Tokens, Tokens]:
        """Return what was read and written: text as a remote mind counted it, sound as the engine does."""
        if self._spent is None:
            return self.read, self._written
        read, written = self._spent.input_tokens, self._spent.output_tokens
        return Tokens(text=read), replace(self._written, text=written)

    def _report_limits(self, used: int) -> None:
        row = {
            "name": "tokens",
            "limit": TOKENS_PER_MINUTE,
            "remaining": max(0, TOKENS_PER_MINUTE - used),
            "reset_seconds": round(used * 60 / TOKENS_PER_MINUTE, 3),
        }
        self._outbox.send(server.RateLimitsUpdated([row]))

    def _render(self, status: str, details: JsonObject | None, usage: JsonObject | None) -> JsonObject:
        settings = self.settings
        sound = {"format": settings.format.to_wire(), "voice": settings.voice}
        return {
            "object": "realtime.response",
            "id": settings.id,
            "status": status,
            "status_details": details,
            "output": [item.item.show() for item in self._made.items],
            "conversation_id": settings.conversation_id,
            "output_modalities": ["audio" if settings.spoken else "text"],
            "max_output_tokens": settings.max_output_tokens,
            "audio": {"output": sound},
            "usage": usage,
            "metadata": None if settings.metadata is None else dict(settings.metadata),
        }
