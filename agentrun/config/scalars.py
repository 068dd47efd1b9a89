"""The YAML 1.2 core schema: which plain words are null, booleans and numbers, and all others are text.

Source: https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import re
from math import isfinite

_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
LONGEST_NUMBER = 40
"""Digits of the longest whole number; Python refuses to parse very long ones."""


def resolve_plain(text: str) -> str | int | float | bool | None:
    """Return the value of a plain scalar.

    Raises:
        ValueError: a number with too many digits, or one that JSON cannot carry (infinite, or not a number).

    """
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _INT.fullmatch(text):
        return _read_int(text)
    if _FLOAT.fullmatch(text):
        return _read_float(text)
    return text


def loses_digits(text: str) -> bool:
    """Return whether reading the text as a number drops a plus sign or leading zeros."""
    digits = text.lstrip("-")
    return bool(re.fullmatch(r"\+[0-9]+|-?0[0-9]+", text)) and digits != "0"


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
