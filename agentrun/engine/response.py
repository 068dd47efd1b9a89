"""One response, from `response.created` to exactly one `response.done`.

The responder's moves queue up and become output items. Two rules give the order of the service's recordings:

* a message waits until the message before it is closed, because only one is spoken at a time;
* a function call opens at once, also while a message before it is still being spoken, and closes after it.
  A message that is complete therefore stays open until it is known what follows it.

A message may grow while it is open: what follows it, or the end of the moves, says that it is whole.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from agentrun.engine.effects import Stop
from agentrun.engine.history import History
from agentrun.engine.hosting.outputs import ApprovalRequestItem, CallDesk, HostedCallItem
from agentrun.engine.messages import SpokenItem, TextItem
from agentrun.engine.outbox import Outbox
from agentrun.engine.parts import CallItem, FunctionCallItem, ItemStatus, OutputItem, Place
from agentrun.engine.response_settings import ResponseSettings
from agentrun.engine.seams import Call, Cut, Failure, More, Move, Say, Spent
from agentrun.engine.usage import Tokens, estimate_reasoning_tokens, render_usage
from agentrun.wire import server
from agentrun.wire.json import JsonObject

CancelReason = Literal["turn_detected", "client_cancelled"]


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
        cached: those of them that were cached.

    Args:
        settings: as they are when it begins.
        outbox: takes its events.
        history: the conversation it writes to, or None.
        desk: where hosted calls go.
        spend: takes the tokens used and returns the row of `rate_limits.updated`.

    """

    def __init__(
        self,
        settings: ResponseSettings,
        outbox: Outbox,
        history: History | None,
        desk: CallDesk,
        spend: Callable[[int], JsonObject],
    ) -> None:
        self.settings = settings
        self.over = False
        self.read = Tokens()
        self.cached = Tokens()
        self._spend = spend
        self._outbox = outbox
        self._history = history
        self._desk = desk
        self._made = Progress()
        self._open: deque[OutputItem] = deque()
        self._spent: Spent | None = None
        self._cut: Cut | None = None

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
            case Cut():
                self._cut = move
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
            self._finish(*(("completed", None) if self._cut is None else _describe_cut(self._cut)))

    def _open_next(self) -> bool:
        pending = self._made.pending
        if not pending or (isinstance(pending[0], Say) and self._open):
            return False
        if self._open and (isinstance(self._open[0], CallItem) or not self.settings.overlap):
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
        last = len(self._open) == 1 and not self._made.pending
        self._open.popleft().close("incomplete" if last and self._cut else "completed")
        return True

    def _make_item(self, move: Say | Call) -> OutputItem:
        budget = self._budget_left()
        place = Place(self.id, len(self._made.items), self._outbox, self._history, budget)
        if isinstance(move, Call):
            return self._make_call(place, move)
        phases = self.settings.phases
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
        utterance = item.take_utterance()
        if utterance is not None:
            self._outbox.command(self.settings.order_speech(item.item.id, utterance))

    def _budget_left(self) -> float:
        most = self.settings.max_output_tokens
        return float(most) - self._written.total

    def _stop_if_exhausted(self, item: OutputItem) -> bool:
        if not item.exhausted:
            return False
        self._finish(*_describe_cut(Cut("max_output_tokens")))
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
        usage = self._render_usage()
        shown = None if details is None else {"type": status, **details}
        self._outbox.send(server.ResponseDone(self._render(status, shown, usage)))
        self._outbox.send(server.RateLimitsUpdated([self._spend(usage["total_tokens"])]))

    def _render_usage(self) -> JsonObject:
        """Return what was read and written: text as a remote mind counted it, sound as the engine does."""
        written, effort = self._written, self.settings.effort
        if self._spent is not None:
            written = replace(written, text=self._spent.output_tokens)
            read = Tokens(text=self._spent.input_tokens)
            return render_usage(read, written, reasoning=None if effort is None else 0)
        if effort is None:
            return render_usage(self.read, written, self.cached)
        room = max(0.0, self._budget_left())
        reasoning = int(min(estimate_reasoning_tokens(effort, written.text), room))
        written = replace(written, text=written.text + reasoning)
        return render_usage(self.read, written, self.cached, reasoning)

    def _render(self, status: str, details: JsonObject | None, usage: JsonObject | None) -> JsonObject:
        return self.settings.render(status, details, [item.item.show() for item in self._made.items], usage)


def _describe_cut(cut: Cut) -> tuple[str, JsonObject]:
    return "incomplete", {"reason": cut.reason}
