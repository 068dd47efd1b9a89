"""One call as a state machine without I/O: `handle(input, now_ms) -> [command]`, `deadline_ms`.

An input changes what is known (who speaks, what is being generated, which tools run); then `decide` looks at
everything that is known and does what the rules allow *now*. No rule is written twice, because no input acts
on the rules by itself. The table at the end of this module names the function for each input:

* `caller`: what the caller does.
* `model`: what the model and the tools do.
* `session`: the link, the session, its errors, and requests to speak or to hang up.

What is known is the `CallState`, made of `Speech` (what was queued, heard, cut), `Generation` (what the
agent owes, which response is in flight), `ToolDesk` (function calls, each answered once), `HostedDesk` (calls
that the provider makes), `Consent` (what the caller must agree to) and `Placeholders` (what is said while
tools run).

Phases: *connecting* (nothing can be sent), *configuring* (our `session.update` is under way), *live*,
*ended*. Time enters only as `now_ms` and starts at 0 with the call; a driver calls `handle(Wake(), …)` when
`deadline_ms` has come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agentrun.conversation import caller, model, session
from agentrun.conversation.commands import Command
from agentrun.conversation.decide import decide, next_deadline_ms
from agentrun.conversation.inputs import (
    CallerAudio,
    CallerDigit,
    CallerImage,
    CallerLeft,
    CallerPlayed,
    CallerText,
    HangUpRequested,
    Input,
    LinkDown,
    LinkUp,
    SayRequested,
    StopRequested,
    ToolFinished,
    ToolProgressed,
    ToolsOffered,
    Wake,
)
from agentrun.conversation.state import CallState, Phase
from agentrun.conversation.usage import Usage
from agentrun.plan import CallPlan
from agentrun.wire import server

__all__ = ["Conversation", "Phase"]


class Conversation:
    """The rules of one call. Not thread-safe: one task owns it and feeds it from one inbox.

    Attributes:
        unknown_events: how many events of unknown type the server has sent.

    """

    def __init__(self, plan: CallPlan, call: str) -> None:
        self.unknown_events = 0
        self._state = CallState(plan, call)

    def handle(self, event: Input, now_ms: int) -> list[Command]:
        """Take one input and return what is to be done, in order.

        Args:
            event: what happened.
            now_ms: milliseconds since the call began; never less than in the call before.

        """
        state = self._state
        if type(event) is CallerAudio:
            # the hot path: a frame by itself decides nothing, not even by its time
            caller.on_audio(state, event)
            return state.outbox.take()
        handler = _HANDLERS.get(type(event))
        if handler is None:
            self.unknown_events += isinstance(event, server.UnknownEvent)
            return []
        state.now_ms = max(state.now_ms, now_ms)
        if state.phase is not Phase.ENDED:
            handler(state, event)
            decide(state)
        elif isinstance(event, ToolFinished):
            state.tools.finish(event.outcome)
        return state.outbox.take()

    @property
    def deadline_ms(self) -> int | None:
        """When the driver should call back with `Wake`, or None if only an input can change anything."""
        return next_deadline_ms(self._state)

    @property
    def is_idle(self) -> bool:
        """Whether the agent is done: it says nothing, generates nothing and waits for no tool."""
        return self.phase is Phase.ENDED or (self.phase is Phase.LIVE and self._state.is_at_rest)

    @property
    def phase(self) -> Phase:
        """How far the call has come."""
        return self._state.phase

    @property
    def usage(self) -> Usage:
        """Tokens so far."""
        return self._state.usage


def _wake(_: CallState, __: Wake) -> None:
    """Time has passed; `decide` does the rest."""


_HANDLERS: Mapping[type, Callable[[CallState, Any], None]] = {
    CallerAudio: caller.on_audio,
    CallerText: caller.on_turn,
    CallerImage: caller.on_turn,
    CallerPlayed: caller.on_played,
    CallerDigit: caller.on_digit,
    CallerLeft: caller.on_left,
    server.InputAudioBufferSpeechStarted: caller.on_speech_started,
    server.InputAudioBufferSpeechStopped: caller.on_speech_stopped,
    server.InputAudioBufferCommitted: caller.on_committed,
    server.InputTranscriptionDelta: caller.on_transcription_delta,
    server.InputTranscriptionCompleted: caller.on_transcription_completed,
    server.InputTranscriptionFailed: caller.on_transcription_failed,
    server.ConversationItemAdded: model.on_item_added,
    server.ResponseCreated: model.on_response_created,
    server.ResponseDone: model.on_response_done,
    server.ResponseOutputAudioTranscriptDelta: model.on_transcript,
    server.ResponseOutputTextDelta: model.on_text,
    server.ResponseOutputAudioDelta: model.on_sound,
    server.ResponseOutputItemDone: model.on_output_item_done,
    server.ResponseFunctionCallArgumentsDelta: model.on_arguments,
    server.ResponseOutputItemAdded: model.on_output_item_added,
    server.ConversationItemDone: model.on_item_done,
    server.ResponseMcpCallArgumentsDone: model.on_hosted_arguments,
    server.ResponseMcpCallInProgress: model.on_hosted_running,
    server.ResponseMcpCallCompleted: model.on_hosted_ended,
    server.ResponseMcpCallFailed: model.on_hosted_ended,
    server.McpListToolsFailed: model.on_unlisted,
    ToolFinished: model.on_tool_finished,
    ToolProgressed: model.on_tool_progressed,
    ToolsOffered: session.on_tools_offered,
    LinkUp: session.on_link_up,
    LinkDown: session.on_link_down,
    server.SessionUpdated: session.on_session_updated,
    server.Error: session.on_error,
    SayRequested: session.on_say_requested,
    HangUpRequested: session.on_hang_up_requested,
    StopRequested: session.on_stop_requested,
    Wake: _wake,
}
"""What each input does. Events of the wire that are not here need no answer."""
