"""The link, the session on it, its errors, and what the operator and the tools ask of the call."""

from __future__ import annotations

from agentrun.conversation.echo import find_dropped_fields
from agentrun.conversation.generation import Owed, say_exactly
from agentrun.conversation.inputs import (
    HangUpRequested,
    LinkDown,
    LinkUp,
    SayRequested,
    StopRequested,
    ToolsOffered,
)
from agentrun.conversation.reading import read_text
from agentrun.conversation.reports import CallStarted, ErrorReported, LinkLost
from agentrun.conversation.state import CallState, Ending, Phase
from agentrun.wire import client, server
from agentrun.wire.json import JsonObject

GOODBYE_LIMIT_MS = 15_000
"""How long a hang-up waits for the goodbye to be heard."""

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


def on_link_up(state: CallState, _: LinkUp) -> None:
    """Set up the session; `session.created` need not be waited for."""
    if state.phase is Phase.CONNECTING:
        state.phase = Phase.CONFIGURING
        state.configured_by_ms = state.now_ms + state.stall_ms
        _update_session(state, _render_session(state))


def on_link_down(state: CallState, event: LinkDown) -> None:
    """Without the model there is no call."""
    code = "link_failed"
    if state.phase is not Phase.CONNECTING:  # what never was cannot be lost
        code = "link_lost"
        state.outbox.tell(LinkLost(event.code, event.message))
    state.outbox.tell(ErrorReported(code, event.message, hint=event.hint))
    state.over = state.over or code


def on_session_updated(state: CallState, event: server.SessionUpdated) -> None:
    """Compare the session with what we wanted; the first time it is set up, and the call begins."""
    wanted = state.updates.pop(next(iter(state.updates), ""), {})
    for path in find_dropped_fields(wanted, event.session):
        message = f"the model did not take over `session.{path}`"
        state.outbox.tell(ErrorReported("field_not_applied", message, client.SessionUpdate.type))
    if state.phase is not Phase.CONFIGURING:
        return
    state.phase = Phase.LIVE
    state.outbox.tell(CallStarted(state.call, state.plan.agent))
    greeting = state.plan.greeting
    if greeting is not None:
        words = greeting.instructions if greeting.say is None else say_exactly(greeting.say)
        state.generation.owe(Owed("greeting", words))


def on_tools_offered(state: CallState, event: ToolsOffered) -> None:
    """Tools of MCP servers came, changed or went: the model is told, from its next response on."""
    if event.tools == state.tools.offered:
        return
    state.tools.offered = event.tools
    if state.phase in (Phase.CONFIGURING, Phase.LIVE):
        session = _render_session(state)
        changed: JsonObject = {
            key: session[key] for key in ("type", "tools", "tool_choice") if key in session
        }
        _update_session(state, changed)


def _update_session(state: CallState, session: JsonObject) -> None:
    state.updates[state.outbox.send(client.SessionUpdate(session))] = session


def _render_session(state: CallState) -> JsonObject:
    """Return the session of the plan with the tools that were offered since.

    A choice of a tool that has not come yet would be refused; it waits until the tool is there.
    """
    if not state.plan.mcp_servers:
        return state.plan.session
    offered = [tool.declare() for tool in state.tools.offered]
    session = {**state.plan.session, "tools": [*state.plan.session.get("tools", []), *offered]}
    choice = session.get("tool_choice")
    names = [tool.get("name") for tool in session["tools"]]
    missing = isinstance(choice, dict) and choice.get("type") == "function" and choice["name"] not in names
    if missing or (choice == "required" and not names):
        session["tool_choice"] = "auto"
    return session


def on_error(state: CallState, event: server.Error) -> None:
    """Find out what was refused; report it unless it is part of the protocol's normal races."""
    error = event.error
    code = read_text(error, "code") or read_text(error, "type") or "error"
    cause = state.outbox.cause_of(read_text(error, "event_id"))
    state.updates.pop(read_text(error, "event_id"), None)
    if isinstance(cause, client.ResponseCreate) and cause.event_id is not None:
        occupied = code == "conversation_already_has_active_response"
        state.placeholders.note_refused(cause.event_id)
        if state.generation.note_refused(cause.event_id, state.now_ms, occupied=occupied):
            return  # the server was faster with a response of its own; ours waits for its end
    if isinstance(cause, client.ResponseCancel) and code == "response_cancel_not_active":
        return  # it had ended by itself in the meantime
    message = read_text(error, "message") or "the model reported an error"
    state.outbox.tell(ErrorReported(code, message, cause.type if cause else None))
    unusable = isinstance(cause, client.SessionUpdate) and state.phase is Phase.CONFIGURING
    if unusable or code in FATAL_CODES:
        state.over = state.over or "error"


def on_say_requested(state: CallState, event: SayRequested) -> None:
    """Owe the caller these words."""
    if event.text.strip():
        state.generation.owe(Owed("say", say_exactly(event.text)))


def on_hang_up_requested(state: CallState, event: HangUpRequested) -> None:
    """End the call after the last words. A caller who is speaking has something to say: they are heard."""
    if state.ending is None and not state.caller.speaking:
        state.ending = Ending(event.reason, state.now_ms + GOODBYE_LIMIT_MS)


def on_stop_requested(state: CallState, event: StopRequested) -> None:
    """End the call now."""
    state.over = state.over or event.reason
