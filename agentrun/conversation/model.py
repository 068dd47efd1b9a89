"""What the model does: responses, words, sound, function calls; and what comes of the tools."""

from __future__ import annotations

from agentrun.conversation.generation import Active
from agentrun.conversation.inputs import ToolFinished, ToolProgressed
from agentrun.conversation.placeholders import is_placeholder
from agentrun.conversation.reading import read_object, read_text
from agentrun.conversation.reports import ErrorReported
from agentrun.conversation.session import FATAL_CODES
from agentrun.conversation.state import CallState
from agentrun.wire import server
from agentrun.wire.client import ResponseCancel, ResponseCreate
from agentrun.wire.json import JsonObject


def on_response_created(state: CallState, event: server.ResponseCreated) -> None:
    """A response began. One that is not wanted any more is stopped before its first word."""
    if is_placeholder(event.response):
        state.placeholders.note_created(event.response)
        return
    if state.generation.active is not None:  # its end was lost: the server runs one at a time
        give_up(state, state.generation.active)
    active = state.generation.note_created(event.response, state.now_ms)
    if active.silenced:
        state.outbox.send(ResponseCancel(active.response_id))
    else:
        state.speech.begin(active.response_id)


def on_response_done(state: CallState, event: server.ResponseDone) -> None:
    """A response ended: start its function calls, and report a failure."""
    response = event.response
    state.usage.add(response.get("usage"))
    state.speech.finish(read_text(response, "id"))
    if is_placeholder(response):
        state.placeholders.note_done(response)
        return
    done = state.generation.note_done(response, state.now_ms)
    if done is None:
        return
    status = read_text(response, "status")
    state.tools.take_calls(done, status, state.now_ms)
    if status == "failed":
        _report_failure(state, response)


def _report_failure(state: CallState, response: JsonObject) -> None:
    error = read_object(read_object(response, "status_details"), "error")
    code = read_text(error, "code") or read_text(error, "type") or "response_failed"
    message = read_text(error, "message") or "the model could not answer"
    state.outbox.tell(ErrorReported(code, message, ResponseCreate.type))
    if code in FATAL_CODES:
        state.over = state.over or "error"


def give_up(state: CallState, active: Active) -> None:
    """Count a response as ended although its end was not announced; its function calls never run."""
    state.speech.finish(active.response_id)
    state.tools.take_calls(active, "cancelled", state.now_ms)


def on_transcript(state: CallState, event: server.ResponseOutputAudioTranscriptDelta) -> None:
    """Take words that are to be heard."""
    _add_words(state, event.response_id, event.item_id, event.delta, spoken=True)


def on_text(state: CallState, event: server.ResponseOutputTextDelta) -> None:
    """Take words that are to be read."""
    _add_words(state, event.response_id, event.item_id, event.delta, spoken=False)


def _add_words(state: CallState, response_id: str, item_id: str, words: str, *, spoken: bool) -> None:
    state.generation.note_progress(response_id, state.now_ms, spoke=True)
    if state.generation.active is not None and state.generation.active.response_id == response_id:
        state.consent.note_spoken()
    state.placeholders.note_words(response_id, words)
    state.speech.add_words(response_id, item_id, words, state.now_ms, spoken=spoken)


def on_sound(state: CallState, event: server.ResponseOutputAudioDelta) -> None:
    """Take speech and play it."""
    state.generation.note_progress(event.response_id, state.now_ms, spoke=True)
    if state.speech.add_sound(event.response_id, event.item_id, event.delta, state.now_ms):
        state.placeholders.note_first_sound(event.response_id)


def on_output_item_done(state: CallState, event: server.ResponseOutputItemDone) -> None:
    """A message is complete, or a function call is; calls start when their response is done."""
    state.generation.note_progress(event.response_id, state.now_ms)
    active = state.generation.active
    kind = event.item.get("type")
    state.hosted.take_item(event.item, state.now_ms)
    if kind == "message":
        state.speech.complete_item(read_text(event.item, "id"))
    elif kind == "function_call" and active is not None and active.response_id == event.response_id:
        active.calls.append(event.item)
    elif kind == "function_call":  # of a response that was given up: it needs an answer all the same
        stray = Active(event.response_id, [], state.now_ms, calls=[event.item])
        state.tools.take_calls(stray, "cancelled", state.now_ms)


def on_item_done(state: CallState, event: server.ConversationItemDone) -> None:
    """An item of the conversation is final."""
    state.hosted.take_item(event.item, state.now_ms)


def on_output_item_added(state: CallState, event: server.ResponseOutputItemAdded) -> None:
    """The model begins an item."""
    state.hosted.take_item(event.item, state.now_ms)


def on_hosted_arguments(state: CallState, event: server.ResponseMcpCallArgumentsDone) -> None:
    """The model has written the arguments of a call that the provider makes."""
    state.generation.note_progress(event.response_id, state.now_ms)
    state.hosted.note_arguments(event.item_id, event.arguments)


def on_hosted_running(state: CallState, event: server.ResponseMcpCallInProgress) -> None:
    """The provider calls an MCP server."""
    state.hosted.note_running(event.item_id, state.now_ms)


def on_hosted_ended(
    state: CallState, event: server.ResponseMcpCallCompleted | server.ResponseMcpCallFailed
) -> None:
    """A call of the provider ended; its item follows."""
    state.hosted.note_ended(event.item_id)


def on_unlisted(state: CallState, event: server.McpListToolsFailed) -> None:
    """The provider could not list the tools of an MCP server."""
    state.hosted.note_unlisted(event.item_id)


def on_tool_progressed(state: CallState, event: ToolProgressed) -> None:
    """Keep how far a tool is, for the next placeholder."""
    state.tools.note_progress(event.call_id, event.text)


def on_arguments(state: CallState, event: server.ResponseFunctionCallArgumentsDelta) -> None:
    """The model is still writing the arguments of a function call."""
    state.generation.note_progress(event.response_id, state.now_ms)


def on_item_added(state: CallState, event: server.ConversationItemAdded) -> None:
    """Something stands in the conversation, so that a response that begins from now on knows it."""
    state.hosted.take_item(event.item, state.now_ms)
    key = "call_id" if event.item.get("type") == "function_call_output" else "id"
    state.generation.note_in_context(read_text(event.item, key))


def on_tool_finished(state: CallState, event: ToolFinished) -> None:
    """Give the model the result; tell it over what is being said if the file wants that."""
    if state.tools.finish(event.outcome) and not state.caller.speaking:
        state.take_floor(cancel=True)
