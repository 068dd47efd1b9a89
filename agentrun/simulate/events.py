"""What happened in a rehearsal, as the events of `simulate --format jsonl`.

An agent's turn is stamped with the time of its first sound, but what the caller heard of it is known only
when it is over. Events that happen meanwhile wait behind it, so that lines come out in order of time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from agentrun.conversation.reports import (
    AgentSaid,
    AgentSpeaking,
    CallEnded,
    CallerSaid,
    CallerSpeaking,
    FirstSound,
    Report,
    ToolCalled,
    ToolReturned,
)
from agentrun.prices import estimate_cost_usd
from agentrun.wire.json import JsonObject


@dataclass(slots=True)
class _Slot:
    item_id: str | None
    event: JsonObject | None


class EventLog:
    """Turns reports into ordered events.

    Args:
        emit: is handed each event, in order of `t_ms`.
        model: name of the model, for the cost.

    """

    def __init__(self, emit: Callable[[JsonObject], None], model: str) -> None:
        self._emit = emit
        self._model = model
        self._slots: list[_Slot] = []
        self._called_ms: dict[str, int] = {}
        self._last_ms = 0

    def note(self, report: Report, now_ms: int) -> None:
        """Take one report of the call, told at `now_ms`."""
        match report:
            case AgentSpeaking():
                if all(slot.item_id != report.item_id for slot in self._slots):
                    self._slots.append(_Slot(report.item_id, None))
            case AgentSaid():
                event = {"t_ms": report.started_ms, "event": report.event}
                self._fill(report.item_id, {**event, "text": report.text, "heard": report.heard})
            case CallerSpeaking() | FirstSound() | CallerSaid(text=""):
                return
            case ToolCalled():
                self._called_ms[report.call_id] = now_ms
                self._slots.append(_Slot(None, describe_report(report, now_ms)))
            case ToolReturned():
                # the call's own clock, because a virtual one gives the same figure in every run
                duration_ms = now_ms - self._called_ms.get(report.call_id, now_ms)
                event = describe_report(dataclasses.replace(report, duration_ms=duration_ms), now_ms)
                self._slots.append(_Slot(None, event))
            case CallEnded():
                cost_usd = estimate_cost_usd(self._model, report.usage)
                self._slots.append(_Slot(None, {**describe_report(report, now_ms), "cost_usd": cost_usd}))
                self._slots = [slot for slot in self._slots if slot.event is not None]
            case _:
                self._slots.append(_Slot(None, describe_report(report, now_ms)))
        self._flush()

    def _fill(self, item_id: str, event: JsonObject) -> None:
        for slot in self._slots:
            if slot.item_id == item_id:
                slot.event = event
                return
        self._slots.append(_Slot(item_id, event))

    def _flush(self) -> None:
        while self._slots and self._slots[0].event is not None:
            event = self._slots.pop(0).event
            assert event is not None
            self._last_ms = event["t_ms"] = max(event["t_ms"], self._last_ms)
            self._emit(event)


def describe_report(report: Report, now_ms: int) -> JsonObject:
    """Return a report as one event: its time, its name, its fields; empty hints and messages are left out."""
    fields = {field.name: getattr(report, field.name) for field in dataclasses.fields(report)}
    silent = {"message", "hint", "caused_by", "late"}
    kept = {name: value for name, value in fields.items() if not (name in silent and not value)}
    return {"t_ms": now_ms, "event": report.event, **kept}
