"""The function calls of one call: which are pending, until when, and what is said meanwhile.

A *batch* is the set of function calls of one response. All of them are answered before the model is asked to
go on, because it made them together and expects them together.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from agentrun.plan import Deliver, Placeholder, ToolBinding


@dataclass(slots=True)
class Batch:
    """The function calls of one response: which are not answered yet, and how the results are told.

    Attributes:
        spoke: whether the response also said something to the caller.

    """

    open_calls: set[str]
    spoke: bool = False
    answered: set[str] = field(default_factory=set)
    deliveries: set[Deliver] = field(default_factory=set)


@dataclass(slots=True)
class PendingCall:
    """One function call that is running.

    Attributes:
        deadline_ms: when the model is told that the outcome is unknown.
        due_ms: when the next placeholder may be spoken at the earliest; None if none is left.
        placeholders: how many were spoken; a preamble of the model counts as the first.
        progress: what the tool said last of how far it is, and the caller has not heard.
        joined: the same call, made again meanwhile: its ids with their batches. They get the same outcome.

    """

    call_id: str
    binding: ToolBinding
    batch: Batch
    started_ms: int
    deadline_ms: int
    due_ms: int | None
    placeholders: int = 0
    progress: str = ""
    joined: list[tuple[str, Batch]] = field(default_factory=list)

    @property
    def placeholder(self) -> Placeholder | None:
        """What is said while it runs: what the file says, and from the second time on the tool's own news."""
        rules = self.binding.placeholder
        if rules is None or not self.progress or not self.placeholders:
            return rules
        return replace(rules, say=self.progress, instructions=None)

    def speakable_ms(self, quiet_since_ms: int) -> int | None:
        """When a placeholder may be spoken: its own time has come and the floor was quiet for long enough."""
        rules = self.placeholder
        if self.due_ms is None or rules is None:
            return None
        return max(self.due_ms, quiet_since_ms + _pause_ms(rules, self.placeholders))


class ToolCalls:
    """The pending calls by id, and the counts that limits are checked against."""

    def __init__(self) -> None:
        self.pending: dict[str, PendingCall] = {}
        self._seen: set[str] = set()
        self._started = 0
        self._runs: dict[str, int] = {}

    def is_new(self, call_id: str) -> bool:
        """Note a call id of the model; False if it was used before (an id is answered once)."""
        if not call_id or call_id in self._seen:
            return False
        self._seen.add(call_id)
        return True

    def runs(self, tool: str | None = None) -> int:
        """How often one tool ran on this call, or any tool was started."""
        return self._started if tool is None else self._runs.get(tool, 0)

    def take_back(self, tool: str) -> None:
        """A tool that was started was never entered; it counts only against endless trying."""
        self._runs[tool] -= 1

    def start(self, call_id: str, binding: ToolBinding, batch: Batch, now_ms: int) -> None:
        """Note a call as running."""
        self._started += 1
        self._runs[binding.name] = self._runs.get(binding.name, 0) + 1
        spoken = int(batch.spoke)
        due_ms = _due_ms(binding.placeholder, spoken, now_ms)
        deadline_ms = now_ms + binding.timeout_ms
        self.pending[call_id] = PendingCall(call_id, binding, batch, now_ms, deadline_ms, due_ms, spoken)

    def expired(self, now_ms: int) -> list[PendingCall]:
        """The calls whose time is over."""
        return [call for call in self.pending.values() if call.deadline_ms <= now_ms]

    def due(self, now_ms: int, quiet_since_ms: int) -> PendingCall | None:
        """The call that has waited longest for a placeholder, if one may be spoken now."""
        times = [(call.speakable_ms(quiet_since_ms), call) for call in self.pending.values()]
        ready = [(time, call) for time, call in times if time is not None and time <= now_ms]
        return min(ready, key=lambda entry: entry[0])[1] if ready else None

    def next_due_ms(self, quiet_since_ms: int) -> int | None:
        """When the next placeholder may be spoken, provided that the floor stays quiet."""
        times = [call.speakable_ms(quiet_since_ms) for call in self.pending.values()]
        return min((time for time in times if time is not None), default=None)

    def note_placeholder(self, call: PendingCall, now_ms: int) -> None:
        """Note that a placeholder was asked for, and when the next one may come."""
        call.progress = "" if call.placeholders else call.progress  # the first one is the file's
        call.placeholders += 1
        call.due_ms = _due_ms(call.placeholder, call.placeholders, now_ms)


def _due_ms(rules: Placeholder | None, spoken: int, now_ms: int) -> int | None:
    if rules is None or spoken >= rules.most:
        return None
    return now_ms + _pause_ms(rules, spoken)


def _pause_ms(rules: Placeholder, spoken: int) -> int:
    return rules.every_ms if spoken else rules.after_ms
