"""A rehearsal as a person reads it: who said what, which tools ran, how long it took."""

from __future__ import annotations

import json
from collections.abc import Mapping

from agentrun.wire.json import JsonObject, JsonValue

_LONGEST_RESULT = 300
_STYLES: Mapping[str, str] = {"agent": "1;36", "you": "1", "tool": "33", "note": "2", "error": "31"}
_WIDTH = 6


def render_event(event: JsonObject, *, color: bool, echo: bool) -> str | None:
    """Return the line for one event, or None if a person need not see it.

    Args:
        event: as made by `simulate.events`.
        color: whether the terminal shows colours.
        echo: whether the caller's own words are shown (on a terminal they are there already).

    """
    match event["event"]:
        case "agent.said":
            return _line("agent", event["text"] + _unheard(event), color)
        case "caller.said":
            return _line("you", event["text"], color) if echo else None
        case "tool.called":
            return _line("tool", f"{event['tool']}({_arguments(event['arguments'])})", color)
        case "placeholder.said":
            return _line("agent", f"{event['text']}  (while {event['tool']} runs)", color)
        case "tool.returned":
            return _line("tool", f"{event['tool']} → {_outcome(event)}{_duration(event)}", color)
        case "error":
            hint = f"\nhint: {event['hint']}" if event.get("hint") else ""
            return _line("error", f"{event['message']}{hint}", color)
        case "call.ended":
            return _line("note", f"the call ended: {event['reason'].replace('_', ' ')}", color)
        case _:
            return None


def _line(who: str, text: str, color: bool) -> str:
    label = f"{who:>{_WIDTH}}"
    if color:
        label = f"\x1b[{_STYLES[who]}m{label}\x1b[0m"
    indented = _printable(text).replace("\n", "\n" + " " * (_WIDTH + 2))
    return f"{label}  {indented}"


def _printable(text: str) -> str:
    """Escape control characters, so that nobody's words can move the cursor or recolour the terminal."""
    return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text)


def _unheard(event: JsonObject) -> str:
    return "" if event["heard"] == event["text"] else f"  (heard: {event['heard']!r})"


def _duration(event: JsonObject) -> str:
    return f"  ({event['duration_ms']} ms)" if event.get("duration_ms") else ""


def _arguments(arguments: JsonValue) -> str:
    if not isinstance(arguments, dict):
        return str(arguments)
    return ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in arguments.items())


def _outcome(event: JsonObject) -> str:
    if event["outcome"] != "ok":
        return f"{event['outcome']}: {event.get('message') or event.get('result')}"
    text = json.dumps(event["result"], ensure_ascii=False)
    return f"ok {text}" if len(text) <= _LONGEST_RESULT else f"ok {text[:_LONGEST_RESULT]} …"
