"""The conversation as a responder sees it: who said what, which tools were called, what came of them.

Items come from any client, so nothing about their shape is taken for granted: what cannot be read is left
out. Only the newest part of a long conversation is read; what was said an hour ago is not what the caller
means by "it".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeAlias

from agentrun.wire.json import JsonObject, JsonValue

_NEWEST_ITEMS = 120
_LONGEST_TEXT = 2000


@dataclass(frozen=True, slots=True)
class Heard:
    """The caller spoke; `text` is empty where nothing could be understood, a guess where `unsure`."""

    text: str
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """The agent spoke."""

    text: str


@dataclass(frozen=True, slots=True)
class Called:
    """The agent called a tool."""

    call_id: str
    name: str
    arguments: JsonObject


@dataclass(frozen=True, slots=True)
class Answered:
    """A tool answered; `name` is empty where the call is no longer in the conversation."""

    call_id: str
    name: str
    output: str


Event: TypeAlias = Heard | Said | Called | Answered


def read_dialogue(items: Sequence[JsonObject], unsure: AbstractSet[str] = frozenset()) -> tuple[Event, ...]:
    """Return the events of a conversation, oldest first.

    Args:
        items: as they stand on the wire.
        unsure: ids of those that were heard unsurely.

    """
    events: list[Event] = []
    names: dict[str, str] = {}
    for item in items[-_NEWEST_ITEMS:]:
        event = _read_item(item, names)
        if isinstance(event, Heard) and _text(item.get("id")) in unsure:
            event = Heard(event.text, unsure=True)
        if isinstance(event, Called):
            names[event.call_id] = event.name
        if event is not None:
            events.append(event)
    return tuple(events)


def read_notes(items: Sequence[JsonObject]) -> str:
    """Return what system messages inside the conversation say: more instructions, in effect."""
    notes = (_read_content(item) for item in items if isinstance(item, dict) and item.get("role") == "system")
    return "\n".join(note for note in notes if note)


def read_newest_note(items: Sequence[JsonObject]) -> str:
    """Return the system message that ends a conversation, such as an order for the next response; or ""."""
    newest = items[-1] if items else None
    return _read_content(newest) if isinstance(newest, dict) and newest.get("role") == "system" else ""


def find_pending(events: Sequence[Event]) -> list[Called]:
    """Return the calls that have no answer yet."""
    answered = {event.call_id for event in events if isinstance(event, Answered)}
    return [event for event in events if isinstance(event, Called) and event.call_id not in answered]


def find_untold(events: Sequence[Event]) -> list[Answered]:
    """Return the answers of tools that came after the agent last spoke."""
    untold: list[Answered] = []
    for event in reversed(events):
        if isinstance(event, Said):
            break
        if isinstance(event, Answered):
            untold.insert(0, event)
    return untold


def is_failure(output: str) -> bool:
    """Whether the answer of a tool says, in agentrun's own envelope, that it did not work."""
    try:
        answer = json.loads(output)
    except (ValueError, RecursionError):
        return False
    return isinstance(answer, dict) and answer.get("outcome") in ("failed", "refused")


def _read_item(item: JsonValue, names: dict[str, str]) -> Event | None:
    if not isinstance(item, dict):
        return None
    match item.get("type"):
        case "message" if item.get("role") == "user":
            return Heard(_read_content(item))
        case "message" if item.get("role") == "assistant":
            text = _read_content(item)
            return Said(text) if text else None
        case "function_call":
            return Called(_text(item.get("call_id")), _text(item.get("name")), _read_arguments(item))
        case "function_call_output":
            call_id = _text(item.get("call_id"))
            return Answered(call_id, names.get(call_id, ""), _read_output(item.get("output")))
    return None


def _read_content(item: JsonObject) -> str:
    content = item.get("content")
    if isinstance(content, str):
        return content.strip()[:_LONGEST_TEXT]
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    texts = (_text(part.get("text")) or _text(part.get("transcript")) for part in parts)
    return " ".join(text.strip() for text in texts if text.strip())[:_LONGEST_TEXT]


def _read_arguments(item: JsonObject) -> JsonObject:
    try:
        arguments = json.loads(_text(item.get("arguments")))
    except (ValueError, RecursionError):
        return {}
    return arguments if isinstance(arguments, dict) else {}


def _read_output(output: JsonValue) -> str:
    if isinstance(output, list):
        return " ".join(_text(part.get("text")) for part in output if isinstance(part, dict)).strip()
    return _text(output)


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""
