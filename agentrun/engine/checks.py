"""Checks of what a client sends, put together like tables and worded like the service's own errors.

A check takes a value and the dotted path that leads to it, and raises `RemoteProtocolError` with the code
and the path. The first problem is the one that is reported, as the service does it.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn, TypeAlias

from agentrun.errors import RemoteProtocolError
from agentrun.wire.json import JsonValue

Check: TypeAlias = Callable[[JsonValue, str], None]

_TYPE_WORDS: Mapping[type, str] = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a decimal",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


def refuse(message: str, code: str, param: str | None) -> NoReturn:
    """Refuse what the client asked for."""
    raise RemoteProtocolError(message, code=code, param=param)


def refuse_missing(path: str) -> NoReturn:
    """Refuse because a required parameter is not there."""
    refuse(f"Missing required parameter: '{path}'.", "missing_required_parameter", path)


def refuse_type(path: str, expected: str, value: JsonValue) -> NoReturn:
    """Refuse because of the JSON type."""
    found = _TYPE_WORDS.get(type(value), "something else")
    message = f"Invalid type for '{path}': expected {expected}, but got {found} instead."
    refuse(message, "invalid_type", path)


def refuse_choice(path: str, value: JsonValue, supported: Sequence[object]) -> NoReturn:
    """Refuse because the value is none of the supported ones."""
    shown = ", ".join(f"'{option}'" for option in supported)
    refuse(f"Invalid value: '{value}'. Supported values are: {shown}.", "invalid_value", path)


def check_text(value: JsonValue, path: str) -> None:
    """Accept a string."""
    if not isinstance(value, str):
        refuse_type(path, "a string", value)


def check_flag(value: JsonValue, path: str) -> None:
    """Accept true and false."""
    if not isinstance(value, bool):
        refuse_type(path, "a boolean", value)


def check_object(value: JsonValue, path: str) -> None:
    """Accept any object."""
    if not isinstance(value, dict):
        refuse_type(path, "an object", value)


def check_base64(value: JsonValue, path: str) -> None:
    """Accept base64."""
    check_text(value, path)
    try:
        binascii.a2b_base64(value, strict_mode=True) if value else b""
    except ValueError:
        refuse(f"Invalid '{path}': it is not valid base64.", "invalid_value", path)


def check_number(low: float, high: float, *, whole: bool = False) -> Check:
    """Accept a number (an integer if `whole`) between two bounds, both included."""
    kinds: tuple[type, ...] = (int,) if whole else (int, float)
    noun = "integer" if whole else "decimal"

    def check(value: JsonValue, path: str) -> None:
        if not isinstance(value, (int, float)) or not isinstance(value, kinds) or isinstance(value, bool):
            refuse_type(path, _TYPE_WORDS[kinds[-1]], value)
        if not low <= value <= high:
            sign, bound, side = (">=", low, "below minimum") if value < low else ("<=", high, "above maximum")
            message = (
                f"Invalid '{path}': {noun} {side} value. Expected a value {sign} {bound}, but got {value}."
            )
            refuse(message, "invalid_value", path)

    return check


def check_choice(*supported: str | int) -> Check:
    """Accept one of a few values."""

    def check(value: JsonValue, path: str) -> None:
        if isinstance(value, bool) or value not in supported:
            refuse_choice(path, value, supported)

    return check


def check_pattern(pattern: str) -> Check:
    """Accept a string that matches as a whole."""

    def check(value: JsonValue, path: str) -> None:
        check_text(value, path)
        if not re.fullmatch(pattern, value):
            message = f"Invalid '{path}': string does not match pattern '{pattern}'."
            refuse(message, "invalid_value", path)

    return check


def check_list(check_entry: Check, *, least: int = 0, most: int | None = None) -> Check:
    """Accept an array of between `least` and `most` entries."""

    def check(value: JsonValue, path: str) -> None:
        if not isinstance(value, list):
            refuse_type(path, "an array", value)
        if len(value) < least or (most is not None and len(value) > most):
            wanted = f"{least}" if least == most else f"{least} to {most if most is not None else 'any'}"
            message = f"Invalid '{path}': expected an array of {wanted} entries, but got {len(value)}."
            refuse(message, "invalid_value", path)
        for index, entry in enumerate(value):
            check_entry(entry, f"{path}[{index}]")

    return check


def check_map(check_entry: Check, *, most: int, key_length: int) -> Check:
    """Accept an object of at most `most` entries whose keys the client chooses."""

    def check(value: JsonValue, path: str) -> None:
        check_object(value, path)
        if len(value) > most:
            refuse(f"Invalid '{path}': expected at most {most} properties.", "invalid_value", path)
        for key, entry in value.items():
            if len(key) > key_length:
                message = f"Invalid '{path}': keys must be at most {key_length} characters long."
                refuse(message, "invalid_value", path)
            check_entry(entry, f"{path}.{key}")

    return check


def check_length(most: int) -> Check:
    """Accept a string of at most `most` characters."""

    def check(value: JsonValue, path: str) -> None:
        check_text(value, path)
        if len(value) > most:
            refuse(f"Invalid '{path}': expected at most {most} characters.", "invalid_value", path)

    return check


def check_nullable(check_value: Check) -> Check:
    """Accept null too."""

    def check(value: JsonValue, path: str) -> None:
        if value is not None:
            check_value(value, path)

    return check


def check_either(words: Sequence[str], check_other: Check) -> Check:
    """Accept one of a few words, or what another check accepts where it is not a string."""

    def check(value: JsonValue, path: str) -> None:
        if not isinstance(value, str):
            check_other(value, path)
        elif value not in words:
            refuse_choice(path, value, words)

    return check


def check_shape(fields: Mapping[str, Check], required: Sequence[str] = ()) -> Check:
    """Accept an object that has the required members and no unknown ones."""

    def check(value: JsonValue, path: str) -> None:
        check_object(value, path)
        for key in required:
            if key not in value:
                refuse_missing(f"{path}.{key}")
        for key, member in value.items():
            if key not in fields:
                refuse(f"Unknown parameter: '{path}.{key}'.", "unknown_parameter", f"{path}.{key}")
            fields[key](member, f"{path}.{key}")

    return check


def check_tagged(tag: str, shapes: Mapping[str, Check]) -> Check:
    """Accept an object whose member `tag` says which of the shapes it must have."""

    def check(value: JsonValue, path: str) -> None:
        check_object(value, path)
        if tag not in value:
            refuse_missing(f"{path}.{tag}")
        name = value[tag]
        shape = shapes.get(name) if isinstance(name, str) else None
        if shape is None:
            refuse_choice(f"{path}.{tag}", name, tuple(shapes))
        shape(value, path)

    return check
