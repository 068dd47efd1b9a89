"""Dropping what the API does not know from a client's event, where the operator has allowed it."""

from __future__ import annotations

import copy
import re

from agentrun.wire.json import JsonObject, JsonValue

MOST_DROPPED = 64
"""How many members of one event are dropped before it is refused after all."""

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def drop_member(payload: JsonObject, path: str) -> JsonObject | None:
    """Return an event without one member, or None where no such member is found.

    Args:
        payload: the event; it stays as it is.
        path: as the service names parameters, such as `session.tools[0].strict`.

    """
    steps = [int(index) if index else name for name, index in _STEP.findall(path)]
    shown = copy.deepcopy(payload)
    holder: JsonValue = shown
    try:
        for step in steps[:-1]:
            holder = holder[step]
        del holder[steps[-1]]
    except (KeyError, IndexError, TypeError):
        return None
    return shown
