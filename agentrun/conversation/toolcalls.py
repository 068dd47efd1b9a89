"""The function calls of one call: which are pending, until when, and what is said meanwhile.

A *batch* is the set of function calls of one response. All of them are answered before the model is asked to
go on, because it made them together and expects them together.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from agentrun.plan import Deliver, Placeholder, ToolBinding


@dataclass(slots=True)
class Batch:
    """The function calls of one response: which are not answered yet, and how the results are told."""

    open_calls: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    deliveries: set[Deliver] = field(default_factory=set)


@dataclass(slots=True)
class PendingCall:
    """One function call that is running.

    Attributes:
        deadline_ms: when the model is told that the outcome is unknown.
        due_ms: when the next placeholder may be spoken at the earliest; None if none is left.
        placeholders: how many were spoken.

    """

    call_id: str
    binding: ToolBinding
    batch: Batch
    started_ms: int
    deadline_ms: int
    due_ms: int | None
    placeholders: int = 0

    @property
    def placeholder(self) -> Placeholder | None:
        """What the file says about placeholders for this tool."""
        return self.binding.placeholder


class ToolCalls:
    """The pending calls by id, and the counts that limits are checked against."""

    def __init__(self) -> None:
        self.pending: dict[str, PendingCall] = {}
        self._seen: set[str] = set()
        self._runs: dict[str, int] = {}

    def is_new(self, call_id: str) -> bool:
        """Note a call id of the model; False if it was used before (an id is answered once)."""
        if not call_id or call_id in self._seen:
            return False
        self._seen.add(call_id)
        return True

    def count_run(self, tool: str) -> None:
        """Note that a tool is started."""
        self._runs[tool] = self._runs.get(tool, 0) + 1

    def runs(self, tool: str | None = None) -> int:
        """How often one tool, or any tool, was started on this call."""
        return sum(self._runs.values()) if tool is None else self._runs.get(tool, 0)

    def start(
        self, call_id: str, binding: ToolBinding, batch: Batch, now_ms: int, *, preamble: bool
    ) -> PendingCall:
        """Note a call as running. A `preamble` that the model spoke counts as the first placeholder."""
        self.count_run(binding.name)
        rules = binding.placeholder
        due_ms = None
        if rules is not None and rules.most > 0:
            due_ms = now_ms + (rules.every_ms if preamble else rules.after_ms)
        call = PendingCall(
            call_id, binding, batch, now_ms, now_ms + binding.timeout_ms, due_ms, placeholders=int(preamble)
        )
        self.pending[call_id] = call
        return call

    def expired(self, now_ms: int) -> list[PendingCall]:
        """The calls whose time is over."""
        return [call for call in self.pending.values() if call.deadline_ms <= now_ms]

    def due(self, now_ms: int, quiet_since_ms: int) -> PendingCall | None:
        """The call that has waited longest for a placeholder, if one may be spoken now."""
        ready = [call for call in self.pending.values() if self._ready_ms(call, quiet_since_ms, now_ms)]
        return min(ready, key=lambda call: call.due_ms or 0, default=None)

    def next_due_ms(self, quiet_since_ms: int) -> int | None:
        """When the next placeholder may be spoken, provided that the floor stays quiet."""
        times = [self.due_time_ms(call, quiet_since_ms) for call in self.pending.values()]
        return min((time for time in times if time is not None), default=None)

    def note_placeholder(self, call: PendingCall, now_ms: int) -> None:
        """Note that a placeholder was asked for, and when the next one may come."""
        call.placeholders += 1
        rules = call.placeholder
        more = rules is not None and call.placeholders < rules.most
        call.due_ms = now_ms + rules.every_ms if rules is not None and more else None

    @staticmethod
    def due_time_ms(call: PendingCall, quiet_since_ms: int) -> int | None:
        """When a placeholder may be spoken: its own time has come and the floor was quiet for a while."""
        if call.due_ms is None or call.placeholder is None:
            return None
        return max(call.due_ms, quiet_since_ms + call.placeholder.after_ms)

    def _ready_ms(self, call: PendingCall, quiet_since_ms: int, now_ms: int) -> bool:
        time = self.due_time_ms(call, quiet_since_ms)
        return time is not None and time <= now_ms
