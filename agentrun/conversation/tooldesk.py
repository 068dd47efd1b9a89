"""Function calls: started as tasks, answered exactly once each, told when the floor is free."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from agentrun.conversation.commands import CancelTool, StartTool
from agentrun.conversation.consent import ASK_FIRST, Consent
from agentrun.conversation.generation import Active, Generation, Owed
from agentrun.conversation.outbox import Outbox
from agentrun.conversation.reading import read_text
from agentrun.conversation.repeats import JOINED, REPEATED, Repeats
from agentrun.conversation.reports import ErrorReported, ToolCalled, ToolReturned
from agentrun.conversation.toolcalls import Batch, PendingCall, ToolCalls
from agentrun.outcome import DEFAULT_MAX_BYTES, OutcomeName, ToolOutcome, render_output
from agentrun.plan import BuiltinTarget, CallPlan, ToolBinding
from agentrun.wire.client import ConversationItemCreate
from agentrun.wire.json import JsonObject, JsonValue

_NEVER_RAN = ("invalid_arguments", "closing", "busy")
"""Codes of outcomes that say that the tool itself was never entered."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A function call of a completed response, for a tool that exists; `arguments` is the model's text."""

    call_id: str
    binding: ToolBinding
    arguments: str
    batch: Batch


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
        self._repeats = Repeats()
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
            whole = status == "completed" and item.get("status", "completed") == "completed"
            binding = self._find(name)
            if not whole or binding is None:
                self._answer(self._name_unknown(call_id, name) if whole else _stop(call_id, name), batch)
            else:
                self._take_call(_Asked(call_id, binding, read_text(item, "arguments"), batch), now_ms)

    def _take_call(self, asked: _Asked, now_ms: int) -> None:
        """Run a call, join it to the same one that is running, or answer it without running it."""
        binding, batch = asked.binding, asked.batch
        earlier = self._repeats.find(binding, asked.arguments)
        if earlier is not None and not self._repeats.is_same(earlier, asked.arguments):
            self._answer(_reuse_key(asked), batch)
        elif earlier is not None and earlier.outcome is None:
            self.calls.pending[earlier.call_id].joined.append((asked.call_id, batch))
        elif earlier is not None and earlier.outcome is not None:
            self._answer(replace(earlier.outcome, call_id=asked.call_id, note=REPEATED), batch, binding)
        elif (refusal := self._refuse(asked)) is not None:
            self._answer(refusal, batch)
        else:
            self._repeats.start(binding, asked.arguments, asked.call_id)
            self.calls.start(asked.call_id, binding, batch, now_ms)
            self._outbox.put(StartTool(asked.call_id, binding.name, asked.arguments or "{}"))

    def finish(self, outcome: ToolOutcome) -> bool:
        """Take a tool's outcome; True if it wants to be told at once, over whatever is being said."""
        call = self.calls.pending.pop(outcome.call_id, None)
        if call is None:
            # that a tool stopped because we stopped it is no news: its outcome was decided and told then
            if not (outcome.code == "cancelled" and outcome.call_id in self._let_go):
                self._repeats.finish(outcome)
                self._report(outcome, late=True)
            return False
        self._repeats.finish(outcome)
        if outcome.code in _NEVER_RAN:
            self.calls.take_back(call.binding.name)
        urgent = self._answer(outcome, call.batch, call.binding)
        for call_id, batch in call.joined:
            urgent |= self._answer(replace(outcome, call_id=call_id, note=JOINED), batch, call.binding)
        return urgent

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
            for call_id, _ in call.joined:
                message = "The call ended while the same call was running."
                self._report(_refused(call_id, call.binding.name, "call_ended", message), late=False)

    def note_progress(self, call_id: str, text: str) -> None:
        """A running tool says how far it is: the caller hears it in place of the next repetition."""
        if call_id in self.calls.pending:
            self.calls.pending[call_id].progress = text

    def _find(self, name: str) -> ToolBinding | None:
        return self._plan.tool(name) or next((tool for tool in self.offered if tool.name == name), None)

    def _name_unknown(self, call_id: str, name: str) -> ToolOutcome:
        known = ", ".join(tool.name for tool in (*self._plan.tools, *self.offered)) or "none"
        message = f"There is no tool `{name}`. Tools: {known}."
        return _refused(call_id, name, "unknown_tool", message)

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

    def _refuse(self, asked: _Asked) -> ToolOutcome | None:
        """Return the answer to a call that may not run, or None if it may."""
        binding, name = asked.binding, asked.binding.name
        if binding.max_per_call is not None and self.calls.runs(name) >= binding.max_per_call:
            message = f"`{name}` may run {binding.max_per_call} times on one call, and it has."
            return _refused(asked.call_id, name, "max_per_call", message)
        if self.calls.runs() >= self._plan.limits.max_tool_calls:
            message = "This call has used up its tool calls. Answer with what you know."
            return _refused(asked.call_id, name, "max_tool_calls", message)
        if (
            binding.confirm == "operator"
        ):  # there is nobody to ask yet, and what needs an approval waits for it
            message = "A person must approve this, and none can be asked on this call. It was not run."
            return _refused(asked.call_id, name, "needs_operator", message)
        if binding.confirm == "caller" and not self._consent.take(name, asked.arguments):
            return _refused(asked.call_id, name, "needs_consent", ASK_FIRST)
        return None

    def _answer(self, outcome: ToolOutcome, batch: Batch, binding: ToolBinding | None = None) -> bool:
        """Give the model one answer; True if it wants to be told at once. `binding` is of a tool that ran."""
        max_bytes = DEFAULT_MAX_BYTES if binding is None else binding.result_max_bytes
        output = render_output(outcome, max_bytes)
        item = {"type": "function_call_output", "call_id": outcome.call_id, "output": output}
        self._outbox.send(ConversationItemCreate(item))
        self._report(outcome, late=False)
        batch.open_calls.discard(outcome.call_id)
        batch.answered.add(outcome.call_id)
        if outcome.code != "interrupted":
            batch.deliveries.add("when_idle" if binding is None else binding.deliver)
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


def _stop(call_id: str, name: str) -> ToolOutcome:
    message = "The call was interrupted before it was complete, so it was not run."
    return ToolOutcome(call_id, name, "cancelled", message=message, code="interrupted")


def _refused(call_id: str, name: str, code: str, message: str) -> ToolOutcome:
    return ToolOutcome(call_id, name, "refused", message=message, code=code)


def _reuse_key(asked: _Asked) -> ToolOutcome:
    name, key = asked.binding.name, ", ".join(f"`{each}`" for each in asked.binding.idempotency.key)
    message = f"`{name}` has run on this call for the same {key} with other arguments, so this was not run."
    return _refused(asked.call_id, name, "key_reused", message)


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
