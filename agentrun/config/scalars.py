"""The YAML 1.2 core schema: which plain words are null, booleans and numbers, and all others are text.

Source: https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite

_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBERS_START = frozenset("+-.0123456789")
_NUMBERS_HOLD = "+-.0123456789abcdefABCDEFox"
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_LOST_DIGITS = re.compile(r"\+[0-9]+|-?0[0-9]+")
LONGEST_NUMBER = 40
"""Digits of the longest whole number; Python refuses to parse very long ones."""
LONGEST_PLAIN = 400
"""From this length on a plain scalar is a text or too long; no expression is tried on it."""


def resolve_plain(text: str) -> str | int | float | bool | None:
    """Return the value of a plain scalar.

    Raises:
        ValueError: a number with too many digits, or one that JSON cannot carry (infinite, or not a number).

    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBERS_START:
        return text
    if len(text) > LONGEST_PLAIN:
        return _refuse_long_number(text)
    if _INT.fullmatch(text):
        return _read_int(text)
    if _FLOAT.fullmatch(text):
        return _read_float(text)
    return text


def loses_digits(text: str) -> bool:
    """Return whether reading the text as a number drops a plus sign or leading zeros."""
    if text[:1] not in ("+", "-", "0") or not _LOST_DIGITS.fullmatch(text):
        return False
    return text.lstrip("-") != "0"


def _refuse_long_number(text: str) -> str:
    if text.strip(_NUMBERS_HOLD) or not text.lstrip("+-.")[:1].isdigit():
        return text
    raise ValueError("this number is too long")


def _read_float(text: str) -> float:
    value = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    if not isfinite(value):
        raise ValueError("JSON cannot carry this number: it is infinite, too large, or not a number")
    return value


def _read_int(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ValueError("this number is too long")
    if text[:2] in ("0o", "0x"):
        return int(text[2:], 8 if text[1] == "o" else 16)
    return int(text)
