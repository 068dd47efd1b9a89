"""What came of a tool call, and the one JSON shape in which the model reads it.

A tool call ends in exactly one of five ways:

* `ok`: it ran and answered.
* `failed`: it did not do what was asked, and it is certain that it did not.
* `unknown`: it may or may not have taken effect (no answer in time, a server error after a write).
  Most double bookings are an `unknown` that somebody reported as `failed`, so the two never mix.
* `cancelled`: it was stopped before it could have an effect.
* `refused`: it was never started (a limit, a call that is ending).

The envelope that goes to the model as the `output` of its `function_call_output`:

    {"outcome": "ok", "tool": "lookup_order", "result": {"status": "shipped"}}
    {"outcome": "failed", "tool": "lookup_order", "error": {"code": "invalid_arguments", "message": "…"}}

`result` may also stand beside `error`, for example the body of an HTTP answer. A result that was too long
is a text, and `cut` says how much of it is missing. A `note` says something of the answer itself, for example
that it is the answer of an earlier call.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import math
import pathlib
import re
import uuid
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal, TypeAlias

from agentrun.wire.json import JsonObject, JsonValue

OutcomeName: TypeAlias = Literal["ok", "failed", "unknown", "cancelled", "refused"]

DEFAULT_MAX_BYTES = 16 * 1024
MOST_CHARACTERS = 2**20
"""What a tool may return. The model reads far less, and converting more would hold up other calls."""
_LEAST_BYTES = 256  # room for the envelope itself
_LONGEST_MESSAGE = 1000
_DEEPEST = 64

_DEFAULT_MESSAGES: Mapping[OutcomeName, str] = {
    "ok": "",
    "failed": "The tool did not work.",
    "unknown": "The tool did not confirm what it did.",
    "cancelled": "The tool was stopped before it did anything.",
    "refused": "The tool was not started.",
}
_UNKNOWN_ADVICE = (
    " It is not known whether it took effect. Do not tell the caller that it worked or that it failed;"
    " say that you could not confirm it, and do not repeat it unless the caller asks you to check."
)

# Control characters (except tab and line feed), characters that are invisible or turn the reading direction
# (a way to hide instructions in a tool's answer), and lone surrogates, which no UTF-8 text can carry.
# The joiners U+200C and U+200D stay: Persian and emoji need them.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """How one tool call ended.

    Attributes:
        call_id: the model's id of the call.
        tool: the name by which the model called it.
        result: plain JSON; None if there is nothing to tell.
        message: one sentence for the model when the outcome is not `ok`; no stack, no secret.
        duration_ms: from the start of the tool to its outcome.
        code: short, stable word for programs (`invalid_arguments`, `http_404`); empty when `ok`.
        note: a sentence for the model about the answer itself, whatever the outcome; empty if there is none.

    """

    call_id: str
    tool: str
    outcome: OutcomeName
    result: JsonValue = None
    message: str = ""
    duration_ms: int = 0
    code: str = ""
    note: str = ""


def render_output(outcome: ToolOutcome, max_bytes: int = DEFAULT_MAX_BYTES) -> str:
    """Return the envelope that the model reads, as JSON text of at most `max_bytes` bytes of UTF-8.

    Never raises: values that are not JSON are described instead. A bound below 256 bytes counts as 256;
    a note has room beside it.
    """
    max_bytes = max(max_bytes, _LEAST_BYTES + len(outcome.note.encode()))
    result = describe_json(outcome.result)
    message = _message(outcome)
    text = _dump(_envelope(outcome, result, message))
    if _fits(text, max_bytes):
        return text
    whole = result if isinstance(result, str) else _dump(result)

    def with_result(length: int) -> str:
        envelope = _envelope(outcome, whole[:length], message)
        return _dump(envelope | {"cut": f"only the first {length} of {len(whole)} characters are shown"})

    def with_message(length: int) -> str:
        return _dump(_envelope(outcome, None, message[:length] + " …"))

    if outcome.result is not None and _fits(with_result(0), max_bytes):
        return _longest(with_result, min(len(whole), max_bytes), max_bytes)  # a character is a byte at least
    return _longest(with_message, len(message), max_bytes)


def to_json(value: object) -> JsonValue:
    """Turn what a tool returned into plain JSON.

    Dates, enums, dataclasses, named tuples, sets, decimals and models with `model_dump` have a natural
    form; NaN and infinity become null; texts lose control characters.

    Raises:
        TypeError: a value has no JSON form; the message names its type.
        ValueError: the value contains itself, is nested more than 64 levels deep, or has more than
            `MOST_CHARACTERS` of text.

    """
    return _Conversion(_refuse, MOST_CHARACTERS + 2).convert(value, ())  # a text has its quotes


def describe_json(value: object) -> JsonValue:
    """Like `to_json`, but never raises: what has no JSON form becomes a short text in brackets."""
    return _Conversion(lambda _value, reason: f"({reason})", None).convert(value, ())


def clean_text(text: str) -> str:
    """Remove control, invisible and direction characters; lone surrogates become U+FFFD."""
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub("", text))


def _message(outcome: ToolOutcome) -> str:
    message = clean_text(outcome.message) or _DEFAULT_MESSAGES[outcome.outcome]
    if len(message) > _LONGEST_MESSAGE:
        message = message[:_LONGEST_MESSAGE] + " …"
    return message + _UNKNOWN_ADVICE if outcome.outcome == "unknown" else message


def _envelope(outcome: ToolOutcome, result: JsonValue, message: str) -> JsonObject:
    head = {"outcome": outcome.outcome, "tool": clean_text(outcome.tool)[:64]}
    head |= {"note": clean_text(outcome.note)} if outcome.note else {}
    if outcome.outcome == "ok":
        return head | {"result": result}
    error = {"code": clean_text(outcome.code)[:64] or outcome.outcome, "message": message}
    return head | {"error": error} | ({} if result is None else {"result": result})


def _dump(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _fits(text: str, max_bytes: int) -> bool:
    return len(text.encode()) <= max_bytes


def _longest(build: Callable[[int], str], most: int, max_bytes: int) -> str:
    """Return `build(n)` for about the largest n whose text fits (its length grows with n)."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _fits(build(middle), max_bytes) else (low, middle - 1)
    return build(low)


def _refuse(value: object, reason: str) -> JsonValue:
    if isinstance(value, (Mapping, list, tuple, AbstractSet)):
        raise ValueError(reason)
    raise TypeError(reason)


_Foreign: TypeAlias = Callable[[object, str], JsonValue]


class _Conversion:
    """One value on its way to JSON.

    Args:
        foreign: what becomes of a value without a JSON form; may raise.
        left: how many characters it may still have, about; None for any number.

    """

    def __init__(self, foreign: _Foreign, left: int | None) -> None:
        self._foreign = foreign
        self._left = left

    def convert(self, value: object, parents: tuple[int, ...]) -> JsonValue:
        """Return the JSON form of a value inside these containers (their `id`s)."""
        match value:
            case enum.Enum():
                return self.convert(value.value, parents)
            case None | bool():
                return self._count(2, value)
            case int():  # Python refuses to print integers of more than 4300 digits
                whole = value.bit_length() <= 1024
                return self._count(2, value) if whole else self._foreign(value, "an integer beyond 1024 bits")
            case float():
                return self._count(2, value if math.isfinite(value) else None)
            case str():
                self._count(len(value) + 2, None)  # before the work, not after it
                return clean_text(value)
            case decimal.Decimal():
                return self._count(2, float(value) if value.is_finite() else None)
            case datetime.date() | datetime.time():
                return value.isoformat()
            case datetime.timedelta():
                return value.total_seconds()
            case uuid.UUID() | pathlib.PurePath():
                return clean_text(str(value))
            case bytes() | bytearray():
                self._count(len(value) + 2, None)
                return _convert_bytes(bytes(value), self._foreign)
        if id(value) in parents:
            return self._foreign(value, "a value that contains itself")
        if len(parents) >= _DEEPEST:
            return self._foreign(value, f"nested more than {_DEEPEST} levels deep")
        self._count(2, None)
        return self._convert_container(value, (*parents, id(value)))

    def _convert_container(self, value: object, parents: tuple[int, ...]) -> JsonValue:
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        elif isinstance(value, tuple) and hasattr(value, "_asdict"):
            value = value._asdict()
        elif callable(dump := getattr(value, "model_dump", None)) and not isinstance(value, type):
            value = dump(mode="json")
        match value:
            case Mapping():
                return {
                    self.convert(str(key), parents): self.convert(item, parents)
                    for key, item in value.items()
                }
            case list() | tuple():
                return [self.convert(item, parents) for item in value]
            case AbstractSet():  # sorted, so that the same set always gives the same text
                return sorted((self.convert(item, parents) for item in value), key=_dump)
        return self._foreign(value, f"a value of type {type(value).__name__}")

    def _count(self, characters: int, value: JsonValue) -> JsonValue:
        if self._left is not None:
            self._left -= characters
            if self._left < 0:
                raise ValueError(f"it has more than {MOST_CHARACTERS} characters")
        return value


def _convert_bytes(value: bytes, foreign: _Foreign) -> JsonValue:
    try:
        return clean_text(value.decode())
    except UnicodeDecodeError:
        return foreign(value, f"{len(value)} bytes that are not text")
