"""Tokens of a call, summed over its responses."""

from __future__ import annotations

import copy

from agentrun.wire.json import JsonObject, JsonValue


class Usage:
    """Adds up `response.done.usage` objects of any shape: numbers add, objects merge, the rest is no use."""

    def __init__(self) -> None:
        self._total: JsonObject = {}

    def add(self, usage: JsonValue) -> None:
        """Add the usage of one response; None (a response that never ran) adds nothing."""
        if isinstance(usage, dict):
            _add_into(self._total, usage)

    def total(self) -> JsonObject:
        """Return the sums so far."""
        return copy.deepcopy(self._total)


def _add_into(total: JsonObject, usage: JsonObject) -> None:
    for key, value in usage.items():
        if isinstance(value, dict):
            inner = total.setdefault(key, {})
            if isinstance(inner, dict):
                _add_into(inner, value)
        elif _is_number(value) and _is_number(total.get(key, 0)):
            total[key] = total.get(key, 0) + value


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
