"""From a frame of the client to an event, and what must never get further.

Python's JSON parser takes a little more than can be written again: lone surrogates, numbers beyond every
float, nesting deeper than the stack. Each would break a session later, when an item is echoed, so it is
refused at the door.
"""

from __future__ import annotations

import json

from agentrun.errors import RemoteProtocolError
from agentrun.wire import ClientEvent, client, decode_json, parse_client_event
from agentrun.wire.json import JsonObject, JsonValue

MAX_DEPTH = 100


def parse_frame(frame: str) -> ClientEvent:
    """Return the event of a frame.

    Raises:
        RemoteProtocolError: it is not one, with the service's code and the path of the parameter.

    """
    return parse_payload(decode_json(frame))


def parse_payload(payload: JsonObject) -> ClientEvent:
    """Return the event of a frame that is JSON already; raises as `parse_frame` does."""
    event = parse_client_event(payload)
    if not isinstance(event, client.InputAudioBufferAppend):  # large, and holds nothing but base64
        check_writable(payload)
    return event


def check_writable(payload: JsonObject) -> None:
    """Refuse JSON that could not be written again.

    Raises:
        RemoteProtocolError: it is nested too deep, or holds what JSON cannot carry.

    """
    if _is_deeper(payload, MAX_DEPTH):
        message = f"The JSON is nested more than {MAX_DEPTH} levels deep."
        raise RemoteProtocolError(message, code="invalid_event")
    try:
        json.dumps(payload, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except ValueError as error:
        message = f"The JSON holds text or numbers that JSON cannot carry: {error}"
        raise RemoteProtocolError(message, code="invalid_event") from error


def _is_deeper(value: JsonValue, most: int) -> bool:
    level: list[JsonValue] = [value]
    for _ in range(most):
        inner: list[JsonValue] = []
        for node in level:
            if isinstance(node, dict):
                inner.extend(node.values())
            elif isinstance(node, list):
                inner.extend(node)
        if not inner:
            return False
        level = inner
    return True
