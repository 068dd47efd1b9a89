"""Function calls: started as tasks, answered exactly once each, told when the floor is free."""

from __future__ import annotations

import json

from agentrun.conversation.commands import CancelTool, StartTool
from agentrun.conversation.consent import ASK_FIRST, Consent
from agentrun.conversation.generation import Active, Generation, Owed
from agentrun.conversation.outbox import Outbox
from agentrun.conversation.reading import read_text
from agentrun.conversation.reports import ErrorReported, ToolCalled, ToolReturned
from agentrun.conversation.toolcalls import Batch, PendingCall, ToolCalls
from agentrun.outcome import DEFAULT_MAX_BYTES, OutcomeName, ToolOutcome, render_output
from agentrun.plan import BuiltinTarget, CallPlan, ToolBinding
from agentrun.wire.client import ConversationItemCreate
from agentrun.wire.json import JsonObject, JsonValue


class ToolDesk:
    """Turns the function calls of a finished response into tool runs, and their outcomes into answers.

    Attributes:
        offered: the tools of MCP servers that agentrun calls; they come and go while the call goes on.

    """

    def __init__(self, plan: CallPlan, outbox: Outbox, generation: Generation, consent: Consent) -> None:
        self._plan = plan
        self._outbox = outbox
        self._generation = generation
        self._consent = consent
        self.offered: tuple[ToolBinding, ...] = ()
        self.calls = ToolCalls()
        self._let_go: set[str] = set()

    @property
    def is_hanging_up(self) -> bool:
        """Whether the model's own request to hang up is still being carried out."""
        targets = [call.binding.target for call in self.calls.pending.values()]
        return any(isinstance(target, BuiltinTarget) and target.name == "hang_up" for target in targets)

    def take_calls(self, response: Active, status: str, now_ms: int) -> None:
        """Start the function calls of a completed response; those of any other response never run."""
        items = [item for item in response.calls if self._is_answerable(item)]
        batch = Batch({read_text(item, "call_id") for item in items}, spoke=response.spoke)
        for item in items:
            call_id, name = read_text(item, "call_id"), read_text(item, "name")
            self._outbox.tell(ToolCalled(name, _parse_arguments(item), call_id))
            binding = self._find(name)
            refusal = self._refuse(item, binding, status)
            if binding is None or refusal is not None:
                self._answer(refusal or self._name_unknown(call_id, name), batch)
            else:
                self.calls.start(call_id, binding, batch, now_ms)
                self._outbox.put(StartTool(call_id, name, read_text(item, "arguments") or "{}"))

    def finish(self, outcome: ToolOutcome) -> bool:
        """Take a tool's outcome; True if it wants to be told at once, over whatever is being said."""
        call = self.calls.pending.pop(outcome.call_id, None)
        if call is not None:
            return self._answer(outcome, call.batch, call)
        # that a tool stopped because we stopped it is no news: its outcome was decided and told then
        if not (outcome.code == "cancelled" and outcome.call_id in self._let_go):
            self._report(outcome, late=True)
        return False

    def expire(self, now_ms: int) -> bool:
        """Answer the calls whose time is over: nobody knows whether they took effect.

        Returns:
            Whether one of them wants to be told at once, as with `finish`.

        """
        urgent = False
        for call in self.calls.expired(now_ms):
            self._let_go_of(call)
            message = f"The tool did not answer within {call.binding.timeout_ms / 1000:g} seconds."
            urgent |= self.finish(_close(call, "unknown", "timeout", message, now_ms))
        return urgent

    def interrupt(self, now_ms: int) -> None:
        """The caller took the floor: stop the tools that the file wants stopped then."""
        for call in list(self.calls.pending.values()):
            if call.binding.on_interrupt == "cancel":
                self._let_go_of(call)
                self.finish(_cancel(call, "The caller interrupted before the tool was done.", now_ms))

    def hang_up(self, now_ms: int) -> None:
        """The call is over: stop the tools that need not finish. What ends later is reported as late."""
        pending, self.calls.pending = self.calls.pending, {}
        for call in pending.values():
            if call.binding.on_hangup == "cancel":
                self._let_go_of(call)
                outcome = _cancel(call, "The call ended before the tool was done.", now_ms)
                self._report(outcome, late=False)

    def note_progress(self, call_id: str, text: str) -> None:
        """A running tool says how far it is: the caller hears it in place of the next repetition."""
        if call_id in self.calls.pending:
            self.calls.pending[call_id].progress = text

    def _find(self, name: str) -> ToolBinding | None:
        return self._plan.tool(name) or next((tool for tool in self.offered if tool.name == name), None)

    def _name_unknown(self, call_id: str, name: str) -> ToolOutcome:
        known = ", ".join(tool.name for tool in (*self._plan.tools, *self.offered)) or "none"
        message = f"There is no tool `{name}`. Tools: {known}."
        return ToolOutcome(call_id, name, "refused", message=message, code="unknown_tool")

    def _let_go_of(self, call: PendingCall) -> None:
        self._let_go.add(call.call_id)
        self._outbox.put(CancelTool(call.call_id))

    def _is_answerable(self, item: JsonObject) -> bool:
        call_id = read_text(item, "call_id")
        if self.calls.is_new(call_id):
            return True
        what = f"the id `{call_id}` again" if call_id else "no id"
        message = f"the model called `{read_text(item, 'name')}` with {what}; the call was not run"
        self._outbox.tell(ErrorReported("invalid_function_call", message))
        return False

    def _refuse(self, item: JsonObject, binding: ToolBinding | None, status: str) -> ToolOutcome | None:
        call_id, name = read_text(item, "call_id"), read_text(item, "name")
        if status != "completed" or item.get("status", "completed") != "completed":
            message = "The call was interrupted before it was complete, so it was not run."
            return ToolOutcome(call_id, name, "cancelled", message=message, code="interrupted")
        most = None if binding is None else binding.max_per_call
        if most is not None and self.calls.runs(name) >= most:
            message = f"`{name}` may run {most} times on one call, and it has."
            return ToolOutcome(call_id, name, "refused", message=message, code="max_per_call")
        if self.calls.runs() >= self._plan.limits.max_tool_calls:
            message = "This call has used up its tool calls. Answer with what you know."
            return ToolOutcome(call_id, name, "refused", message=message, code="max_tool_calls")
        asks = binding is not None and binding.confirm == "caller"
        if asks and not self._consent.take(name, read_text(item, "arguments")):
            return ToolOutcome(call_id, name, "refused", message=ASK_FIRST, code="needs_consent")
        return None

    def _answer(self, outcome: ToolOutcome, batch: Batch, call: PendingCall | None = None) -> bool:
        max_bytes = DEFAULT_MAX_BYTES if call is None else call.binding.result_max_bytes
        output = render_output(outcome, max_bytes)
        item = {"type": "function_call_output", "call_id": outcome.call_id, "output": output}
        self._outbox.send(ConversationItemCreate(item))
        self._report(outcome, late=False)
        batch.open_calls.discard(outcome.call_id)
        batch.answered.add(outcome.call_id)
        if outcome.code != "interrupted":
            batch.deliveries.add("when_idle" if call is None else call.binding.deliver)
        if batch.open_calls or not batch.deliveries & {"when_idle", "interrupt"}:
            return False
        self._generation.owe(Owed("results", needs=frozenset(batch.answered), after_words=batch.spoke))
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


def _cancel(call: PendingCall, message: str, now_ms: int) -> ToolOutcome:
    # stopping a write says nothing about what it had done by then
    name: OutcomeName = "cancelled" if call.binding.effect == "read" else "unknown"
    return _close(call, name, "cancelled", message, now_ms)


def _close(call: PendingCall, name: OutcomeName, code: str, message: str, now_ms: int) -> ToolOutcome:
    duration_ms = now_ms - call.started_ms
    return ToolOutcome(
        call.call_id, call.binding.name, name, message=message, duration_ms=duration_ms, code=code
    )


def _parse_arguments(item: JsonObject) -> JsonValue:
    text = read_text(item, "arguments")
    try:
        return json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return text
