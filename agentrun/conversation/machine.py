"""One call as a state machine without I/O: `handle(input, now_ms) -> [command]`, `deadline_ms`.

An input changes what is known (who speaks, what is being generated, which tools run); then `_decide` looks at
everything that is known and does what the rules allow *now*. No rule is written twice, because no input acts
on the rules by itself. The parts:

* `Speech`: what is queued for the caller, what was heard, what a barge-in cuts.
* `Generation`: what the agent owes the caller and which response is in flight.
* `ToolDesk`: function calls, each answered once.
* `Placeholders`: what is said while tools run.

Phases: *connecting* (nothing can be sent), *configuring* (our `session.update` is under way), *live*,
*ended*.
Time enters only as `now_ms` and starts at 0 with the call; a driver calls `handle(Wake(), …)` when
`deadline_ms` has come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from agentrun.conversation.commands import Command, End, Send
from agentrun.conversation.echo import find_dropped_fields
from agentrun.conversation.generation import Generation, Owed, say_exactly
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
    Wake,
)
from agentrun.conversation.outbox import Outbox
from agentrun.conversation.placeholders import Placeholders, is_placeholder
from agentrun.conversation.reports import (
    CallEnded,
    CallerSaid,
    CallerSpeaking,
    CallStarted,
    ErrorReported,
    LinkLost,
)
from agentrun.conversation.speech import Speech
from agentrun.conversation.tooldesk import ToolDesk
from agentrun.conversation.usage import Usage
from agentrun.plan import CallPlan
from agentrun.wire import client, server
from agentrun.wire.json import JsonObject

GOODBYE_LIMIT_MS = 15_000
"""How long a hang-up waits for the goodbye to be heard."""

DIGIT_PAUSE_MS = 1_500
"""A pause after a key ends the group of keys."""

FATAL_CODES = frozenset(
    {
        "invalid_api_key",
        "insufficient_quota",
        "account_deactivated",
        "billing_hard_limit_reached",
        "beta_api_shape_disabled",
        "session_expired",
    }
)
"""Error codes after which the service answers nothing more on this session."""


class Phase(Enum):
    """How far a call has come."""

    CONNECTING = "connecting"
    CONFIGURING = "configuring"
    LIVE = "live"
    ENDED = "ended"


class Conversation:
    """The rules of one call. Not thread-safe: one task owns it and feeds it from one inbox."""

    def __init__(self, plan: CallPlan, call: str) -> None:
        self.plan = plan
        self.call = call
        self.phase = Phase.CONNECTING
        self.unknown_events = 0
        self.usage = Usage()
        self._outbox = Outbox()
        self._speech = Speech(self._outbox, plan.channel)
        self._generation = Generation(self._outbox)
        self._tools = ToolDesk(plan, self._outbox, self._generation)
        self._placeholders = Placeholders(self._outbox, self._speech)
        self._caller_speaking = False
        self._caller_items = 0
        self._partial: dict[str, str] = {}
        self._held: list[CallerText | CallerImage] = []
        self._shielded = plan.greeting is not None and not plan.greeting.interruptible
        self._digits = ""
        self._digits_end_ms: int | None = None
        self._ending: tuple[str, int] | None = None
        self._now_ms = 0

    def handle(self, event: Input, now_ms: int) -> list[Command]:
        """Take one input and return what is to be done, in order.

        Args:
            event: what happened.
            now_ms: milliseconds since the call began; never less than in the call before.

        """
        self._now_ms = now_ms
        if self.phase is Phase.ENDED:
            if isinstance(event, ToolFinished):
                self._tools.finish(event.outcome)
            return [command for command in self._outbox.take() if not isinstance(command, Send)]
        handler = _HANDLERS.get(type(event))
        if handler is None:
            self.unknown_events += 1
        else:
            handler(self, event)
            if type(event) is not CallerAudio:  # the hot path: a frame by itself decides nothing
                self._decide()
        return self._outbox.take()

    @property
    def deadline_ms(self) -> int | None:
        """When the driver should call back with `Wake`, or None if only an input can change anything."""
        if self.phase is Phase.ENDED:
            return None
        stall_ms = self.plan.limits.response_stall_ms
        times: list[int | None] = [self.plan.limits.max_duration_ms, self._digits_end_ms]
        times += [call.deadline_ms for call in self._tools.calls.pending.values()]
        times += self._generation.deadlines_ms(self._now_ms, stall_ms)
        times += [self._speech.deadline_ms(self._now_ms), self._placeholders.deadline_ms(stall_ms)]
        if self._may_say_placeholder():
            times.append(self._tools.calls.next_due_ms(self._speech.quiet_since_ms(self._now_ms)))
        if self._ending is not None:
            times.append(self._ending[1])
        return min((time for time in times if time is not None), default=None)

    @property
    def is_idle(self) -> bool:
        """Whether the agent is done: it says nothing, generates nothing and waits for no tool."""
        return (
            self.phase in (Phase.LIVE, Phase.ENDED)
            and self._is_quiet()
            and self._generation.is_idle
            and not self._generation.owed
            and not self._generation.is_server_due(self._now_ms)
            and not self._tools.calls.pending
            and not self._held
            and self._digits_end_ms is None
            and self._ending is None
            and not self._caller_speaking
        )

    # -- decisions ---------------------------------------------------------------------------------------

    def _decide(self) -> None:
        now_ms = self._now_ms
        if self.phase is Phase.ENDED:
            return
        if now_ms >= self.plan.limits.max_duration_ms:
            self._end("max_duration")
            return
        if self.phase is not Phase.LIVE:
            return
        self._speech.settle(now_ms)
        self._give_up_on_stalled()
        if self._tools.expire(now_ms):
            self._interrupt()
        self._lower_shield()
        self._flush_digits()
        self._release_held()
        if self._ending is not None:
            self._finish_ending()
            return
        if not self._caller_speaking:
            self._generation.ask(now_ms, quiet=self._is_quiet())
            self._say_placeholder()

    def _is_quiet(self) -> bool:
        return self._placeholders.is_idle and not self._speech.is_sounding(self._now_ms)

    def _may_say_placeholder(self) -> bool:
        return (
            not self._caller_speaking
            and self._is_quiet()
            and self._generation.is_idle
            and not self._generation.owed
            and not self._generation.is_server_due(self._now_ms)
            and self._ending is None
        )

    def _say_placeholder(self) -> None:
        if not self._may_say_placeholder():
            return
        call = self._tools.calls.due(self._now_ms, self._speech.quiet_since_ms(self._now_ms))
        if call is not None and call.placeholder is not None:
            self._tools.calls.note_placeholder(call, self._now_ms)
            self._placeholders.ask(call, call.placeholder, self._now_ms)

    def _give_up_on_stalled(self) -> None:
        stall_ms = self.plan.limits.response_stall_ms
        self._placeholders.drop_stalled(self._now_ms, stall_ms)
        stalled = self._generation.drop_stalled(self._now_ms, stall_ms)
        if stalled is not None:
            self._speech.silence(stalled)
            message = f"the model has sent nothing for {stall_ms / 1000:g} s"
            self._outbox.tell(ErrorReported("response_stalled", message, client.ResponseCreate.type))

    def _lower_shield(self) -> None:
        greeting_open = (
            not self._is_quiet()
            or not self._generation.is_idle
            or any(owed.kind == "greeting" for owed in self._generation.owed)
        )
        if self._shielded and not greeting_open:
            self._shielded = False

    def _release_held(self) -> None:
        if self._shielded:
            return
        held, self._held = self._held, []
        for turn in held:
            if isinstance(turn, CallerText):
                self._take_turn(turn.text)
            else:
                self._create_caller_item({"type": "input_image", "image_url": turn.image_url})

    def _finish_ending(self) -> None:
        assert self._ending is not None
        reason, limit_ms = self._ending
        if (self._is_quiet() and self._generation.is_idle) or self._now_ms >= limit_ms:
            self._end(reason)

    def _end(self, reason: str) -> None:
        self._speech.abandon(self._now_ms)
        self._tools.hang_up(self._now_ms)
        self._outbox.tell(CallEnded(reason, self.usage.total()))
        self._outbox.put(End(reason))
        self.phase = Phase.ENDED

    def _interrupt(self) -> None:
        """Take the floor from the agent: nothing of what was being said is played any more."""
        self._placeholders.interrupt()
        active = self._generation.active
        if active is not None and not active.silenced:
            active.silenced = True
            self._speech.silence(active.response_id)
        if self._generation.requested is not None:
            self._generation.requested.withdrawn = True
        self._speech.interrupt(self._now_ms)
        self._ending = None

    # -- the link ----------------------------------------------------------------------------------------

    def _on_link_up(self, _: LinkUp) -> None:
        self.phase = Phase.CONFIGURING
        self._outbox.send(client.SessionUpdate(self.plan.session))

    def _on_link_down(self, event: LinkDown) -> None:
        code = "link_failed" if self.phase is Phase.CONNECTING else "link_lost"
        self._outbox.tell(LinkLost(event.code, event.message))
        self._outbox.tell(ErrorReported(code, event.message, hint=event.hint))
        self._end(code)

    def _on_session_updated(self, event: server.SessionUpdated) -> None:
        if self.phase is not Phase.CONFIGURING:
            return
        for path in find_dropped_fields(self.plan.session, event.session):
            message = f"the model did not take over `session.{path}`"
            self._outbox.tell(ErrorReported("field_not_applied", message, client.SessionUpdate.type))
        self.phase = Phase.LIVE
        self._outbox.tell(CallStarted(self.call, self.plan.agent))
        greeting = self.plan.greeting
        if greeting is not None:
            words = greeting.instructions if greeting.say is None else say_exactly(greeting.say)
            self._generation.owe(Owed("greeting", words))

    def _on_error(self, event: server.Error) -> None:
        error = event.error
        code, message = str(error.get("code") or error.get("type")), str(error.get("message"))
        cause = self._outbox.cause_of(error.get("event_id"))
        if isinstance(cause, client.ResponseCreate) and cause.event_id is not None:
            occupied = code == "conversation_already_has_active_response"
            self._placeholders.note_refused(cause.event_id)
            self._generation.note_refused(cause.event_id, self._now_ms, occupied=occupied)
            if occupied:
                return  # the server was faster with a response of its own; ours waits for its end
        if isinstance(cause, client.ResponseCancel) and code == "response_cancel_not_active":
            return  # it had ended by itself in the meantime
        self._outbox.tell(ErrorReported(code, message, cause.type if cause else None))
        if code in FATAL_CODES or (
            isinstance(cause, client.SessionUpdate) and self.phase is Phase.CONFIGURING
        ):
            self._end("error")

    # -- the caller --------------------------------------------------------------------------------------

    def _on_caller_audio(self, event: CallerAudio) -> None:
        if self.phase is not Phase.CONNECTING and not self._shielded:
            self._outbox.send_audio(event.audio)

    def _on_caller_text(self, event: CallerText) -> None:
        if event.text.strip():
            self._hold_or_take(event)

    def _on_caller_image(self, event: CallerImage) -> None:
        self._hold_or_take(event)

    def _hold_or_take(self, event: CallerText | CallerImage) -> None:
        # taken by `_decide` in the same step, unless the call is not set up yet or must not be interrupted
        self._held.append(event)

    def _on_caller_played(self, event: CallerPlayed) -> None:
        self._speech.acknowledge(event.item_id, event.ms, self._now_ms)

    def _on_caller_digit(self, event: CallerDigit) -> None:
        self._digits += event.digit
        self._digits_end_ms = self._now_ms + DIGIT_PAUSE_MS

    def _flush_digits(self) -> None:
        if self._digits_end_ms is not None and self._now_ms >= self._digits_end_ms:
            digits, self._digits, self._digits_end_ms = self._digits, "", None
            self._held.append(CallerText(f"[The caller pressed: {' '.join(digits)}]"))

    def _on_caller_left(self, event: CallerLeft) -> None:
        self._end(event.reason)

    def _take_turn(self, text: str) -> None:
        """A typed turn: it takes the floor as speech does, but here nobody else cancels the old response."""
        active = self._generation.active
        cancel = active is not None and not active.silenced
        self._stop_speaking()
        if cancel and active is not None:
            self._outbox.send(client.ResponseCancel(active.response_id))
        item_id = self._create_caller_item({"type": "input_text", "text": text})
        self._outbox.tell(CallerSaid(item_id, text))
        self._speech.await_answer(self._now_ms)
        self._generation.owe(Owed("turn"))

    def _create_caller_item(self, part: JsonObject) -> str:
        self._caller_items += 1
        item_id = f"caller_{self._caller_items}"
        item = {"id": item_id, "type": "message", "role": "user", "content": [part]}
        self._outbox.send(client.ConversationItemCreate(item))
        return item_id

    def _stop_speaking(self) -> None:
        if not self._is_quiet() or not self._generation.is_idle:
            self._interrupt()
        self._tools.interrupt(self._now_ms)

    def _on_speech_started(self, _: server.InputAudioBufferSpeechStarted) -> None:
        self._caller_speaking = True
        if self._turn_detection("interrupt_response"):
            self._stop_speaking()

    def _on_speech_stopped(self, _: server.InputAudioBufferSpeechStopped) -> None:
        self._caller_speaking = False
        self._speech.break_quiet(self._now_ms)
        self._speech.await_answer(self._now_ms)
        if self._turn_detection("create_response"):
            self._generation.expect_server(self._now_ms)

    def _on_committed(self, _: server.InputAudioBufferCommitted) -> None:
        self._caller_speaking = False
        if not self._turn_detection("create_response"):
            self._generation.owe(Owed("turn"))

    def _turn_detection(self, field: str) -> bool:
        settings = self.plan.session.get("audio", {}).get("input", {}).get("turn_detection", {})
        return settings is not None and bool(settings.get(field, True))

    def _on_transcription_delta(self, event: server.InputTranscriptionDelta) -> None:
        words = self._partial[event.item_id] = self._partial.get(event.item_id, "") + event.delta
        self._outbox.tell(CallerSpeaking(event.item_id, words))

    def _on_transcription_completed(self, event: server.InputTranscriptionCompleted) -> None:
        partial = self._partial.pop(event.item_id, "")
        if event.transcript or partial:
            self._outbox.tell(CallerSaid(event.item_id, event.transcript))

    def _on_transcription_failed(self, event: server.InputTranscriptionFailed) -> None:
        self._partial.pop(event.item_id, None)
        message = str(event.error.get("message") or "the caller's words could not be transcribed")
        self._outbox.tell(ErrorReported("transcription_failed", message))

    # -- the model ---------------------------------------------------------------------------------------

    def _on_response_created(self, event: server.ResponseCreated) -> None:
        if is_placeholder(event.response):
            self._placeholders.note_created(event.response)
            return
        active = self._generation.note_created(event.response, self._now_ms)
        if active.silenced:
            # asked for before the caller took the floor, created after: it must not be heard
            self._speech.silence(active.response_id)
            self._outbox.send(client.ResponseCancel(active.response_id))

    def _on_response_done(self, event: server.ResponseDone) -> None:
        response = event.response
        self.usage.add(response.get("usage"))
        self._speech.forget_response(str(response.get("id")))
        if is_placeholder(response):
            self._placeholders.note_done(response)
            return
        done = self._generation.note_done(response, self._now_ms)
        if done is None:
            return
        status = str(response.get("status"))
        if status == "failed":
            self._report_failure(response)
        self._tools.take_calls(done, status, self._now_ms)

    def _report_failure(self, response: JsonObject) -> None:
        error = (response.get("status_details") or {}).get("error") or {}
        code = str(error.get("code") or error.get("type") or "response_failed")
        message = str(error.get("message") or "the model could not answer")
        self._outbox.tell(ErrorReported(code, message, client.ResponseCreate.type))
        if code in FATAL_CODES:
            self._end("error")

    def _on_words(
        self, event: server.ResponseOutputAudioTranscriptDelta | server.ResponseOutputTextDelta
    ) -> None:
        self._note_progress(event.response_id, spoke=True)
        self._placeholders.note_words(event.response_id, event.delta)
        self._speech.add_words(event.response_id, event.item_id, event.delta, self._now_ms)

    def _on_sound(self, event: server.ResponseOutputAudioDelta) -> None:
        self._note_progress(event.response_id, spoke=True)
        if self._speech.add_sound(event.response_id, event.item_id, event.delta, self._now_ms):
            self._placeholders.note_first_sound(event.response_id)

    def _on_output_item_done(self, event: server.ResponseOutputItemDone) -> None:
        self._note_progress(event.response_id, spoke=False)
        active = self._generation.active
        if event.item.get("type") == "message":
            self._speech.complete_item(str(event.item.get("id")))
        elif event.item.get("type") == "function_call" and active and active.response_id == event.response_id:
            active.calls.append(event.item)

    def _on_progress(self, event: server.ResponseFunctionCallArgumentsDelta) -> None:
        self._note_progress(event.response_id, spoke=False)

    def _note_progress(self, response_id: str, *, spoke: bool) -> None:
        active = self._generation.active
        if active is not None and active.response_id == response_id:
            active.last_event_ms = self._now_ms
            active.spoke |= spoke

    def _on_item_added(self, event: server.ConversationItemAdded) -> None:
        if event.item.get("type") == "function_call_output":
            self._generation.note_in_context(str(event.item.get("call_id")))

    def _on_nothing(self, _: Any) -> None:
        """Say on purpose that an event needs no answer."""

    # -- tools and the operator --------------------------------------------------------------------------

    def _on_tool_finished(self, event: ToolFinished) -> None:
        self._placeholders.withdraw(event.outcome.call_id)
        if self._tools.finish(event.outcome) and not self._caller_speaking:
            active = self._generation.active
            if active is not None and not active.silenced:
                self._outbox.send(client.ResponseCancel(active.response_id))
            self._interrupt()

    def _on_say_requested(self, event: SayRequested) -> None:
        if event.text.strip():
            self._generation.owe(Owed("say", say_exactly(event.text)))

    def _on_hang_up_requested(self, event: HangUpRequested) -> None:
        if self._ending is None:
            self._ending = (event.reason, self._now_ms + GOODBYE_LIMIT_MS)

    def _on_stop_requested(self, event: StopRequested) -> None:
        self._end(event.reason)


_HANDLERS: Mapping[type, Callable[[Conversation, Any], None]] = {
    LinkUp: Conversation._on_link_up,
    LinkDown: Conversation._on_link_down,
    CallerAudio: Conversation._on_caller_audio,
    CallerText: Conversation._on_caller_text,
    CallerImage: Conversation._on_caller_image,
    CallerPlayed: Conversation._on_caller_played,
    CallerDigit: Conversation._on_caller_digit,
    CallerLeft: Conversation._on_caller_left,
    ToolFinished: Conversation._on_tool_finished,
    SayRequested: Conversation._on_say_requested,
    HangUpRequested: Conversation._on_hang_up_requested,
    StopRequested: Conversation._on_stop_requested,
    Wake: Conversation._on_nothing,
    server.Error: Conversation._on_error,
    server.SessionUpdated: Conversation._on_session_updated,
    server.ConversationItemAdded: Conversation._on_item_added,
    server.InputAudioBufferSpeechStarted: Conversation._on_speech_started,
    server.InputAudioBufferSpeechStopped: Conversation._on_speech_stopped,
    server.InputAudioBufferCommitted: Conversation._on_committed,
    server.InputTranscriptionDelta: Conversation._on_transcription_delta,
    server.InputTranscriptionCompleted: Conversation._on_transcription_completed,
    server.InputTranscriptionFailed: Conversation._on_transcription_failed,
    server.ResponseCreated: Conversation._on_response_created,
    server.ResponseDone: Conversation._on_response_done,
    server.ResponseOutputAudioTranscriptDelta: Conversation._on_words,
    server.ResponseOutputTextDelta: Conversation._on_words,
    server.ResponseOutputAudioDelta: Conversation._on_sound,
    server.ResponseOutputItemDone: Conversation._on_output_item_done,
    server.ResponseFunctionCallArgumentsDelta: Conversation._on_progress,
}
"""What each input does. Events of the wire that are not here need no answer."""
