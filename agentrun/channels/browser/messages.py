"""The browser channel's vocabulary: what a page may send, and how a report looks on the wire.

Binary messages are PCM16, 24 kHz, mono, little-endian, both ways; text messages are JSON objects with a
`type`. Keys that are not known are ignored, so that both sides can grow; known keys are checked strictly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, assert_never

from agentrun.conversation import reports
from agentrun.conversation.inputs import (
    CallerAudio,
    CallerDigit,
    CallerImage,
    CallerInput,
    CallerLeft,
    CallerPlayed,
    CallerText,
)
from agentrun.errors import AgentrunError
from agentrun.wire.json import JsonObject, JsonValue

MAX_AUDIO_BYTES = 96_000  # two seconds; pages send 20 to 100 ms
MAX_TEXT_CHARS = 10_000
MAX_VARIABLES_CHARS = 32_000
MAX_IMAGE_CHARS = 8_000_000
MAX_PLAYED_MS = 24 * 60 * 60_000
MAX_ID_CHARS = 256

_IMAGE = re.compile(r"data:image/[a-z0-9.+-]+;base64,[A-Za-z0-9+/=]+")


class RefusedMessage(AgentrunError):
    """The page sent something that the channel does not take; the call goes on.

    Attributes:
        code: short, stable word for programs.

    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Start:
    """The page's first message: begin the call with these variables."""

    variables: Mapping[str, JsonValue] = field(default_factory=dict)


PageMessage: TypeAlias = Start | CallerInput


def parse_message(data: str | bytes) -> PageMessage:
    """Read one message of the page.

    Raises:
        RefusedMessage: it is not one of the channel's messages, or too large.

    """
    if isinstance(data, bytes):
        return _parse_audio(data)
    message = _parse_object(data)
    match message.get("type"):
        case "start":
            return Start(_variables(message))
        case "text":
            return CallerText(_text(message))
        case "played":
            return CallerPlayed(_item_id(message), _played_ms(message))
        case "dtmf":
            return CallerDigit(_digit(message))
        case "image":
            return CallerImage(_image_url(message))
        case "hang_up":
            return CallerLeft()
        case None:
            raise RefusedMessage("missing_type", "a message needs a `type`")
        case kind:
            raise RefusedMessage("unknown_type", f"no message has the type {_quote(kind)}")


def _parse_audio(data: bytes) -> CallerAudio:
    if len(data) % 2:
        raise RefusedMessage(
            "odd_audio", f"audio is PCM16, two bytes for each sample; {len(data)} bytes is an odd number"
        )
    if len(data) > MAX_AUDIO_BYTES:
        raise RefusedMessage(
            "audio_too_large",
            f"a piece of audio has at most {MAX_AUDIO_BYTES} bytes, this one has {len(data)}",
        )
    return CallerAudio(data)


def _parse_object(data: str) -> JsonObject:
    if len(data) > MAX_IMAGE_CHARS + 1000:
        raise RefusedMessage("message_too_large", f"the message has {len(data)} characters")
    try:
        message = json.loads(data, parse_constant=_refuse_constant)
        if "\\ud" in data.lower():  # half of a surrogate pair cannot be written as UTF-8 by anybody after us
            json.dumps(message, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise RefusedMessage("invalid_json", "a text message is one JSON object") from None
    if not isinstance(message, dict):
        raise RefusedMessage("invalid_json", "a text message is one JSON object, not another JSON value")
    return message


def _refuse_constant(name: str) -> JsonValue:
    raise ValueError(f"{name} is not JSON")


def _variables(message: JsonObject) -> JsonObject:
    variables = message.get("variables", {})
    if not isinstance(variables, dict):
        raise RefusedMessage("invalid_variables", "`variables` is an object of names and values")
    if len(json.dumps(variables)) > MAX_VARIABLES_CHARS:
        raise RefusedMessage(
            "variables_too_large", f"`variables` has more than {MAX_VARIABLES_CHARS} characters"
        )
    return variables


def _text(message: JsonObject) -> str:
    text = message.get("text")
    if not isinstance(text, str) or not text.strip():
        raise RefusedMessage("invalid_text", "`text` is a string that is not empty")
    if len(text) > MAX_TEXT_CHARS:
        raise RefusedMessage(
            "text_too_long", f"`text` has at most {MAX_TEXT_CHARS} characters, found {len(text)}"
        )
    return text


def _item_id(message: JsonObject) -> str:
    item_id = message.get("item_id")
    if not isinstance(item_id, str) or not 0 < len(item_id) <= MAX_ID_CHARS:
        raise RefusedMessage("invalid_item_id", "`item_id` is the id that came with the audio")
    return item_id


def _played_ms(message: JsonObject) -> int:
    ms = message.get("ms")
    if type(ms) is not int or not 0 <= ms <= MAX_PLAYED_MS:  # `true` is an int, too
        raise RefusedMessage("invalid_ms", "`ms` is a whole number of milliseconds, 0 or more")
    return ms


def _digit(message: JsonObject) -> str:
    digit = message.get("digit")
    if not isinstance(digit, str) or len(digit) != 1 or digit not in "0123456789*#ABCD":
        raise RefusedMessage("invalid_digit", "`digit` is one of 0 to 9, *, # and A to D")
    return digit


def _image_url(message: JsonObject) -> str:
    url = message.get("image_url")
    if not isinstance(url, str) or len(url) > MAX_IMAGE_CHARS or not _IMAGE.fullmatch(url):
        raise RefusedMessage(
            "invalid_image",
            f"`image_url` is a `data:image/…;base64,` URI of at most {MAX_IMAGE_CHARS} characters",
        )
    return url


def _quote(value: JsonValue) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return f"`{text[:40]}…`" if len(text) > 40 else f"`{text}`"


def render_report(report: reports.Report) -> JsonObject:
    """Return the message that tells a page about `report`."""
    match report:
        case reports.CallStarted():
            return {"type": "started", "call": report.call, "agent": report.agent}
        case reports.AgentSpeaking():
            return _transcript("agent", report.item_id, report.text, final=False)
        case reports.AgentSaid():
            final = _transcript("agent", report.item_id, report.text, final=True)
            return final | {"heard": report.heard}
        case reports.CallerSpeaking():
            return _transcript("caller", report.item_id, report.text, final=False)
        case reports.CallerSaid():
            return _transcript("caller", report.item_id, report.text, final=True)
        case reports.FirstSound():
            return {"type": "timing", "item_id": report.item_id, "first_sound_ms": report.after_ms}
        case reports.CallerInterrupted():
            return {"type": "interrupted", "item_id": report.item_id, "heard_ms": report.heard_ms}
        case reports.ErrorReported():
            return render_error(report.code, report.message, report.hint)
        case reports.LinkLost():
            return render_error("link_lost", report.message)
        case reports.CallEnded():
            return {"type": "ended", "reason": report.reason, "usage": report.usage}
        case reports.ToolCalled() | reports.PlaceholderSaid() | reports.ToolReturned():
            return _render_tool(report)
    assert_never(report)


def render_error(code: str, message: str, hint: str = "") -> JsonObject:
    """Return an `error` message; `hint` is the remedy and is left out where there is none."""
    error: JsonObject = {"type": "error", "code": code, "message": message}
    return error | {"hint": hint} if hint else error


def _transcript(role: str, item_id: str, text: str, *, final: bool) -> JsonObject:
    return {"type": "transcript", "role": role, "item_id": item_id, "text": text, "final": final}


def _render_tool(report: reports.ToolCalled | reports.PlaceholderSaid | reports.ToolReturned) -> JsonObject:
    head: JsonObject = {"type": "tool", "call_id": report.call_id, "tool": report.tool}
    match report:
        case reports.ToolCalled():
            return head | {"state": "called", "arguments": report.arguments}
        case reports.PlaceholderSaid():
            return head | {"state": "placeholder", "text": report.text}
        case reports.ToolReturned():
            return head | {
                "state": "returned",
                "outcome": report.outcome,
                "result": report.result,
                "message": report.message,
                "duration_ms": report.duration_ms,
                "late": report.late,
            }
