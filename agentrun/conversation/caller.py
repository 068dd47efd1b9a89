"""What the caller does, and what the server hears of it."""

from __future__ import annotations

from agentrun.conversation.generation import SERVER_OWES_MS, Owed
from agentrun.conversation.inputs import (
    CallerAudio,
    CallerDigit,
    CallerImage,
    CallerLeft,
    CallerPlayed,
    CallerText,
)
from agentrun.conversation.reading import read_text
from agentrun.conversation.reports import CallerSaid, CallerSpeaking, ErrorReported
from agentrun.conversation.state import CallState, Phase
from agentrun.wire import server
from agentrun.wire.client import ConversationItemCreate
from agentrun.wire.json import JsonObject

DIGIT_PAUSE_MS = 1_500
"""A pause after a key ends the group of keys."""


def on_audio(state: CallState, event: CallerAudio) -> None:
    """Pass speech on, unless the agent may not be interrupted now."""
    if state.phase in (Phase.CONFIGURING, Phase.LIVE) and not state.shielded:
        state.outbox.send_audio(event.audio)


def on_turn(state: CallState, event: CallerText | CallerImage) -> None:
    """Hold a typed turn; it is taken in the same step, unless the agent may not be interrupted now."""
    if isinstance(event, CallerImage) or event.text.strip():
        state.caller.held.append(event)


def on_played(state: CallState, event: CallerPlayed) -> None:
    """Note how much the caller has heard."""
    state.speech.acknowledge(event.item_id, event.ms, state.now_ms)


def on_digit(state: CallState, event: CallerDigit) -> None:
    """Collect keys; they become one turn after a pause."""
    state.caller.keys += event.digit
    state.caller.keys_end_ms = state.now_ms + DIGIT_PAUSE_MS


def on_left(state: CallState, event: CallerLeft) -> None:
    """The caller is gone, and so is the call."""
    state.over = state.over or event.reason


def take_held_turns(state: CallState) -> None:
    """Take the turns that were typed, and the group of keys that a pause has ended."""
    caller = state.caller
    if caller.keys_end_ms is not None and state.now_ms >= caller.keys_end_ms:
        caller.held.append(CallerText(f"[The caller pressed: {' '.join(caller.keys)}]"))
        caller.keys, caller.keys_end_ms = "", None
    if state.shielded:
        return
    held, caller.held = caller.held, []
    for turn in held:
        if isinstance(turn, CallerText):
            _take_turn(state, turn.text)
        else:
            _create_item(state, {"type": "input_image", "image_url": turn.image_url})


def _take_turn(state: CallState, text: str) -> None:
    """Take the floor as speech does; here nobody else cancels the old response."""
    state.ending = None
    state.take_floor(cancel=True)
    state.tools.interrupt(state.now_ms)
    item_id = _create_item(state, {"type": "input_text", "text": text})
    state.outbox.tell(CallerSaid(item_id, text))
    state.consent.note_turn()
    state.speech.await_answer(state.now_ms)
    state.generation.owe(Owed("turn", needs=frozenset({item_id})))


def _create_item(state: CallState, part: JsonObject) -> str:
    state.caller.items += 1
    item_id = f"caller_{state.caller.items}"
    item = {"id": item_id, "type": "message", "role": "user", "content": [part]}
    state.outbox.send(ConversationItemCreate(item))
    return item_id


def on_speech_started(state: CallState, event: server.InputAudioBufferSpeechStarted) -> None:
    """The caller speaks: they have the floor. The server itself cancels the response that it interrupts."""
    state.caller.speaking = True
    if state.transcribes:
        # shown now, so that the turn stands where it was spoken, however late its words are known
        state.caller.partial[event.item_id] = ""
        state.outbox.tell(CallerSpeaking(event.item_id, ""))
    state.ending = None
    if state.detection.interrupts:
        state.take_floor(cancel=False)
        state.tools.interrupt(state.now_ms)
        return
    state.placeholders.interrupt()
    if state.speech.is_aside_sounding(state.now_ms):
        state.speech.interrupt(state.now_ms)


def on_speech_stopped(state: CallState, _: server.InputAudioBufferSpeechStopped) -> None:
    """The caller stopped: it is the agent's turn, and mostly the server begins it by itself."""
    state.caller.speaking = False
    state.speech.await_answer(state.now_ms)
    if state.detection.creates_responses:
        state.generation.expect_server(state.now_ms)


def on_committed(state: CallState, _: server.InputAudioBufferCommitted) -> None:
    """What the caller said is a turn, which must be answered: by the server, or else by our asking."""
    state.caller.speaking = False
    state.consent.note_turn()
    patience_ms = 0
    if state.detection.creates_responses:
        state.generation.expect_server(state.now_ms)
        patience_ms = SERVER_OWES_MS
    state.generation.owe(Owed("turn", not_before_ms=state.now_ms + patience_ms))


def on_transcription_delta(state: CallState, event: server.InputTranscriptionDelta) -> None:
    """Show the caller's words as they are recognised."""
    partial = state.caller.partial
    words = partial[event.item_id] = partial.get(event.item_id, "") + event.delta
    state.outbox.tell(CallerSpeaking(event.item_id, words))


def on_transcription_completed(state: CallState, event: server.InputTranscriptionCompleted) -> None:
    """Report what the caller said; an empty transcript only settles a turn that was announced before."""
    announced = state.caller.partial.pop(event.item_id, None) is not None
    if event.transcript or announced:
        state.outbox.tell(CallerSaid(event.item_id, event.transcript))


def on_transcription_failed(state: CallState, event: server.InputTranscriptionFailed) -> None:
    """The model heard the caller all the same; only the transcript is missing."""
    if state.caller.partial.pop(event.item_id, None) is not None:
        state.outbox.tell(CallerSaid(event.item_id, ""))
    message = read_text(event.error, "message") or "the caller's words could not be transcribed"
    state.outbox.tell(ErrorReported("transcription_failed", message))
