"""The rules: what may be done now, given everything that is known. Runs after each input.

The order matters: first what time has brought about (limits, timeouts, what was heard to the end), then the
caller's turns, then the end of the call, and last what the agent may say in the floor that is left.
"""

from __future__ import annotations

from agentrun.conversation.caller import take_held_turns
from agentrun.conversation.commands import End
from agentrun.conversation.generation import Active
from agentrun.conversation.model import give_up
from agentrun.conversation.reports import CallEnded, ErrorReported
from agentrun.conversation.state import CallState, Phase
from agentrun.wire.client import ResponseCancel, ResponseCreate, SessionUpdate


def decide(state: CallState) -> None:
    """Do everything that the rules allow now."""
    _check_limits(state)
    if state.over is None and state.phase is Phase.LIVE:
        _carry_on(state)
    if state.over is not None:
        _end(state, state.over)


def next_deadline_ms(state: CallState) -> int | None:
    """When `decide` has something to do even if nothing happens until then."""
    if state.phase is Phase.ENDED:
        return None
    times: list[int | None] = [state.plan.limits.max_duration_ms]
    if state.phase is Phase.CONFIGURING:
        times.append(state.configured_by_ms)
    if state.phase is Phase.LIVE:
        times += [state.caller.keys_end_ms, state.speech.deadline_ms(state.now_ms)]
        times += [call.deadline_ms for call in state.tools.calls.pending.values()]
        times += state.generation.deadlines_ms(state.now_ms, state.stall_ms)
        times.append(state.placeholders.deadline_ms(state.stall_ms))
        times.append(state.hosted.deadline_ms)
        if state.may_say_placeholder:
            times.append(state.tools.calls.next_due_ms(state.speech.quiet_since_ms(state.now_ms)))
        if state.ending is not None:
            times.append(state.ending.limit_ms)
    return min((time for time in times if time is not None), default=None)


def _check_limits(state: CallState) -> None:
    if state.over is not None:
        return
    if state.now_ms >= state.plan.limits.max_duration_ms:
        state.over = "max_duration"
    elif state.phase is not Phase.LIVE and state.ending is not None:
        state.over = state.ending.reason  # nothing has been said, so there is nothing to wait for
    elif state.phase is Phase.CONFIGURING and state.now_ms >= (state.configured_by_ms or 0):
        message = f"the model did not answer `session.update` within {state.stall_ms / 1000:g} s"
        state.outbox.tell(ErrorReported("session_stalled", message, SessionUpdate.type))
        state.over = "error"


def _carry_on(state: CallState) -> None:
    now_ms = state.now_ms
    state.speech.settle(now_ms)
    _give_up_on_stalled(state)
    state.hosted.settle(now_ms)
    if state.tools.expire(now_ms) and not state.caller.speaking:
        state.take_floor(cancel=True)
    _lower_shield(state)
    take_held_turns(state)
    state.placeholders.withdraw_answered(state.tools.calls.pending)
    if state.ending is not None:
        _check_ending(state)
    if state.over is None and not state.caller.speaking and state.is_quiet:
        state.generation.ask(now_ms)
        _say_placeholder(state)


def _give_up_on_stalled(state: CallState) -> None:
    state.placeholders.drop_stalled(state.now_ms, state.stall_ms)
    for stalled in state.generation.drop_stalled(state.now_ms, state.stall_ms):
        if isinstance(stalled, Active):
            give_up(state, stalled)
            state.outbox.send(ResponseCancel(stalled.response_id))
        message = f"the model has sent nothing for {state.stall_ms / 1000:g} s"
        state.outbox.tell(ErrorReported("response_stalled", message, ResponseCreate.type))


def _lower_shield(state: CallState) -> None:
    greeting_owed = any(owed.kind == "greeting" for owed in state.generation.owed)
    if state.is_quiet and state.generation.is_idle and not greeting_owed:
        state.shielded = False


def _check_ending(state: CallState) -> None:
    """End the call once the last words were heard: a goodbye in the response that hung up is enough."""
    assert state.ending is not None
    generation = state.generation
    generation.owed = [owed for owed in generation.owed if not owed.after_words]
    silent = state.is_quiet and generation.is_idle and not generation.owed
    if (silent and not state.tools.is_hanging_up) or state.now_ms >= state.ending.limit_ms:
        state.over = state.ending.reason


def _say_placeholder(state: CallState) -> None:
    if not state.may_say_placeholder:
        return
    call = state.tools.calls.due(state.now_ms, state.speech.quiet_since_ms(state.now_ms))
    if call is not None and call.placeholder is not None:
        state.placeholders.ask(call, call.placeholder, state.now_ms)
        state.tools.calls.note_placeholder(call, state.now_ms)


def _end(state: CallState, reason: str) -> None:
    state.phase = Phase.ENDED
    state.speech.abandon(state.now_ms)
    state.tools.hang_up(state.now_ms)
    state.outbox.tell(CallEnded(reason, state.usage.total()))
    state.outbox.put(End(reason))
