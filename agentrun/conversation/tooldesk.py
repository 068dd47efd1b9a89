"""Function calls: started as tasks, answered exactly once each, told when the floor is free."""

from __future__ import annotations

import json

from agentrun.conversation.commands import CancelTool, StartTool
from agentrun.conversation.generation import Active, Generation, Owed
from agentrun.conversation.outbox import Outbox
from agentrun.conversation.reports import ToolCalled, ToolReturned
from agentrun.conversation.toolcalls import Batch, PendingCall, ToolCalls
from agentrun.outcome import OutcomeName, ToolOutcome, render_output
from agentrun.plan import CallPlan
from agentrun.wire.client import ConversationItemCreate
from agentrun.wire.json import JsonObject, JsonValue


class ToolDesk:
    """Turns the function calls of a finished response into tool runs, and their outcomes into answers."""

    def __init__(self, plan: CallPlan, outbox: Outbox, generation: Generation) -> None:
        self._plan = plan
        self._outbox = outbox
        self._generation = generation
        self.calls = ToolCalls()

    def take_calls(self, response: Active, status: str, now_ms: int) -> None:
        """Start the function calls of a completed response; those of any other response never run."""
        items = [item for item in response.calls if self.calls.is_new(str(item.get("call_id") or ""))]
        batch = Batch({str(item["call_id"]) for item in items})
        for item in items:
            refusal = self._refuse(item, status)
            self._outbox.tell(ToolCalled(str(item.get("name")), _parse_arguments(item), str(item["call_id"])))
            if refusal is not None:
                self._answer(refusal, batch)
            else:
                self._start(item, batch, now_ms, preamble=response.spoke)

    def finish(self, outcome: ToolOutcome) -> bool:
        """Take a tool's outcome; True if it wants to be told at once, over whatever is being said."""
        call = self.calls.pending.pop(outcome.call_id, None)
        if call is None:
            self._report(outcome, late=True)
            return False
        return self._answer(outcome, call.batch, call)

    def expire(self, now_ms: int) -> bool:
        """Answer the calls whose time is over: nobody knows whether they took effect."""
        urgent = False
        for call in self.calls.expired(now_ms):
            self._outbox.put(CancelTool(call.call_id))
            message = f"The tool did not answer within {call.binding.timeout_ms / 1000:g} seconds."
            urgent |= self.finish(_close(call, "unknown", "timeout", message, now_ms))
        return urgent

    def interrupt(self, now_ms: int) -> None:
        """The caller spoke over the agent: stop the tools that the file wants stopped then."""
        for call in list(self.calls.pending.values()):
            if call.binding.on_interrupt == "cancel":
                self._outbox.put(CancelTool(call.call_id))
                self.finish(self._cancelled(call, "The caller interrupted before the tool was done.", now_ms))

    def hang_up(self, now_ms: int) -> None:
        """The call is over: stop the tools that need not finish. What finishes later is reported as late."""
        for call in list(self.calls.pending.values()):
            if call.binding.on_hangup == "cancel":
                del self.calls.pending[call.call_id]
                self._outbox.put(CancelTool(call.call_id))
                self._report(
                    self._cancelled(call, "The call ended before the tool was done.", now_ms), late=False
                )

    def _refuse(self, item: JsonObject, status: str) -> ToolOutcome | None:
        call_id, name = str(item["call_id"]), str(item.get("name"))
        binding = self._plan.tool(name)
        if status != "completed" or item.get("status", "completed") != "completed":
            message = "The call was interrupted before it was complete, so it was not run."
            return ToolOutcome(call_id, name, "cancelled", message=message, code="interrupted")
        if binding is None:
            known = ", ".join(tool.name for tool in self._plan.tools) or "none"
            message = f"There is no tool `{name}`. Tools: {known}."
            return ToolOutcome(call_id, name, "refused", message=message, code="unknown_tool")
        most = binding.max_per_call
        if most is not None and self.calls.runs(name) >= most:
            message = f"`{name}` may run {most} times on one call, and it has."
            return ToolOutcome(call_id, name, "refused", message=message, code="max_per_call")
        if self.calls.runs() >= self._plan.limits.max_tool_calls:
            message = "This call has used up its tool calls. Answer with what you know."
            return ToolOutcome(call_id, name, "refused", message=message, code="max_tool_calls")
        return None

    def _start(self, item: JsonObject, batch: Batch, now_ms: int, *, preamble: bool) -> None:
        call_id, name = str(item["call_id"]), str(item["name"])
        binding = self._plan.tool(name)
        assert binding is not None  # `_refuse` let it through
        self.calls.start(call_id, binding, batch, now_ms, preamble=preamble)
        self._outbox.put(StartTool(call_id, name, str(item.get("arguments") or "{}")))

    def _answer(self, outcome: ToolOutcome, batch: Batch, call: PendingCall | None = None) -> bool:
        max_bytes = call.binding.result_max_bytes if call is not None else 16 * 1024
        output = render_output(outcome, max_bytes)
        self._outbox.send(
            ConversationItemCreate(
                {"type": "function_call_output", "call_id": outcome.call_id, "output": output}
            )
        )
        self._report(outcome, late=False)
        batch.open_calls.discard(outcome.call_id)
        batch.answered.add(outcome.call_id)
        if outcome.code != "interrupted":
            batch.deliveries.add(call.binding.deliver if call is not None else "when_idle")
        if batch.open_calls or not batch.deliveries & {"when_idle", "interrupt"}:
            return False
        self._generation.owe(Owed("results", call_ids=frozenset(batch.answered)))
        return "interrupt" in batch.deliveries

    def _report(self, outcome: ToolOutcome, *, late: bool) -> None:
        self._outbox.tell(
            ToolReturned(
                outcome.tool,
                outcome.call_id,
                outcome.outcome,
                outcome.result,
                outcome.message,
                outcome.duration_ms,
                late,
            )
        )

    def _cancelled(self, call: PendingCall, message: str, now_ms: int) -> ToolOutcome:
        # stopping a write says nothing about what it had done by then
        name: OutcomeName = "cancelled" if call.binding.effect == "read" else "unknown"
        return _close(call, name, "cancelled", message, now_ms)


def _close(call: PendingCall, name: OutcomeName, code: str, message: str, now_ms: int) -> ToolOutcome:
    duration_ms = now_ms - call.started_ms
    return ToolOutcome(
        call.call_id, call.binding.name, name, message=message, duration_ms=duration_ms, code=code
    )


def _parse_arguments(item: JsonObject) -> JsonValue:
    text = item.get("arguments")
    try:
        return json.loads(text) if text else {}
    except (TypeError, ValueError):
        return text
