"""Frames that no healthy session would send."""

from __future__ import annotations

import json

from agentrun.engine.faults.rules import SendError, SendMalformed, SendUnknown
from agentrun.engine.ids import Ids
from agentrun.wire.json import JsonObject

EXPIRED_REASON = "Your session hit the maximum duration of 60 minutes."

_MESSAGES = {
    "account_deactivated": "This account has been deactivated.",
    "billing_hard_limit_reached": "The billing hard limit of this account has been reached.",
    "inference_rate_limit_exceeded": "Rate limit reached for this model. Please try again later.",
    "insufficient_quota": "You exceeded your current quota, please check your plan and billing details.",
    "invalid_api_key": "Incorrect API key provided.",
    "rate_limit_exceeded": "Rate limit reached. Please try again later.",
    "server_error": "The server had an error while processing your request. Sorry about that!",
    "session_expired": EXPIRED_REASON,
}
_OURS = frozenset({"server_error"})


def word_error(code: str) -> str:
    """Return what the service says with a code."""
    return _MESSAGES.get(code, f"A fault of code '{code}' was asked for.")


def find_error_type(code: str) -> str:
    """Return the `type` of an error."""
    return "server_error" if code in _OURS else "invalid_request_error"


def render_frame(
    action: SendError | SendMalformed | SendUnknown, ids: Ids, client_event_id: str | None = None
) -> str:
    """Return the frame that an action sends.

    Args:
        action: what to send.
        ids: source of its event id.
        client_event_id: of the event of the client at which the fault happens.

    """
    match action:
        case SendError():
            return render_error(action.code, action.message, ids, client_event_id)
        case SendUnknown():
            return json.dumps({"type": action.type, "event_id": ids.make("event"), "weather": "fog"})
    return '{"type": "response.output_text.delta", "delta": '


def render_error(code: str, message: str | None, ids: Ids, client_event_id: str | None = None) -> str:
    """Return the frame of an `error` event."""
    error: JsonObject = {
        "type": find_error_type(code),
        "code": code,
        "message": message or word_error(code),
        "param": None,
        "event_id": client_event_id,
    }
    return json.dumps({"type": "error", "event_id": ids.make("event"), "error": error})


def read_frame(frame: str | bytes) -> tuple[str, str | None]:
    """Return the type and the id of an event; empty and None where there is none."""
    try:
        event = json.loads(frame)
    except (ValueError, RecursionError):
        return "", None
    if not isinstance(event, dict):
        return "", None
    kind, event_id = event.get("type"), event.get("event_id")
    return kind if isinstance(kind, str) else "", event_id if isinstance(event_id, str) else None
