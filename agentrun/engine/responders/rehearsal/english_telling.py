"""From keys and values to English sentences.

A result begins with what it is about ("Order A1001"), and every other pair becomes a clause. A clause that
begins with "it is" is said of the subject; the first clause of many is a sentence of its own.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from agentrun.engine.responders.rehearsal.saying import say_number, say_text
from agentrun.engine.responders.rehearsal.words import is_korean, split_name, stem_word
from agentrun.wire.json import JsonValue

Pair: TypeAlias = tuple[str, JsonValue]

_KEYS: Mapping[str, str] = {
    "eta": "estimated arrival", "qty": "quantity", "id": "number", "addr": "address",
    "tel": "phone number", "desc": "description",
}  # fmt: skip
_UNITS: Mapping[str, str] = {
    "c": "degrees", "celsius": "degrees", "f": "degrees Fahrenheit", "kmh": "kilometres an hour",
    "mph": "miles an hour", "km": "kilometres", "percent": "percent", "pct": "percent", "kg": "kilos",
    "eur": "euros", "euros": "euros", "usd": "dollars", "dollars": "dollars", "gbp": "pounds",
    "minutes": "minutes", "min": "minutes", "hours": "hours", "days": "days", "seconds": "seconds",
    "weeks": "weeks", "months": "months",
}  # fmt: skip
_STATES_TEXT = """
available active open closed paid on off valid free ready full sent lost done shipped
"""
_STATES = frozenset(_STATES_TEXT.split())
_STATUS_KEYS = frozenset({"status", "state", "conditions"})
_CONTENT_KEYS = frozenset({"content", "contents"})
_LEADING_TEXT = """
day date name title city location place product doctor room account type weekday
"""
_LEADING = frozenset(_LEADING_TEXT.split())
_DAYS, _PLACES = frozenset({"day", "date", "weekday"}), frozenset({"city", "location", "place"})
_LONGEST_LEAD = 60
_PARTICIPLE = re.compile(r"^(\w+ed) (?:on|by|at|in|for|from|to|until)\b", re.I)
_OVER = frozenset({"deliver", "cancel", "refund", "return", "complet", "close", "pay", "finish", "ship"})


def tell_pairs(pairs: Sequence[Pair], subject: str | None) -> str:
    """Say keys and values as one or two sentences about a subject, which may be the first of them."""
    opening = ""
    if subject is None and len(pairs) > 1:
        subject, opening, pairs = _lead_with(pairs)
    pairs = _leave_out_status(pairs)
    clauses = [_tell_pair(key, value) for key, value in pairs]
    if clauses and (subject or opening):
        about = re.match(r"it (?=\w)", clauses[0]) if subject else None
        head = f"{subject} " if about else opening or f"{subject}: "
        clauses[0] = head + clauses[0][about.end() if about else 0 :]
    if len(clauses) > 2:
        return f"{end(clauses[0])} {end(join(clauses[1:]))}"
    return end(join(clauses) or subject or "")


def join(parts: Sequence[str], word: str = "and") -> str:
    """Join with commas and an "and"."""
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}" if len(parts) > 1 else "".join(parts)


def say_key(key: str) -> str:
    """Say a key of a result."""
    return " ".join(_KEYS.get(word, word) for word in split_name(key).split())


def say_value(value: JsonValue) -> str:
    """Say one value."""
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return join([say_value(entry) for entry in value])
        case dict():
            return join([f"{say_key(k)} {say_value(v)}" for k, v in value.items() if v is not None])
        case str():
            return say_text(value, _say_date, _say_time, " at ")
        case float():
            return say_number(value)
    return str(value)


def end(text: str) -> str:
    """Make a sentence of a text."""
    text = text.strip()
    first = text.split(" ", 1)[0]
    text = text if "@" in first else text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _lead_with(pairs: Sequence[Pair]) -> tuple[str | None, str, Sequence[Pair]]:
    """Let a result begin with what it is about: an id with its noun ("order A1001"), a day, a name.

    Returns:
        the subject of clauses that begin with "it", the words before any other clause, and the rest.

    """
    (key, value), rest = pairs[0], pairs[1:]
    words = split_name(key).split() or [""]
    if isinstance(value, (bool, list, dict)) or len(said := say_value(value)) > _LONGEST_LEAD:
        return None, "", pairs
    if len(words) > 1 and words[-1] in ("id", "number", "no", "code"):
        return f"{' '.join(words[:-1])} {said}", "", rest
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z]{0,4}-?\d[\w-]*", value) and value == said:
        return f"{' '.join(words)} {said}", "", rest
    if not isinstance(value, str):
        return None, "", pairs
    if words[-1] in _DAYS:
        return f"on {said} it" if said[:1].isupper() else None, f"{_before_day(said)}, ", rest
    if words[-1] in _PLACES:
        return f"in {said} it", f"in {said}, ", rest
    if words[-1] in _LEADING or _names_state(*rest[0]):
        return said, "", rest
    return None, "", pairs


def _before_day(said: str) -> str:
    return f"on {said}" if said[:1].isupper() else f"for {said}"


def _names_state(key: str, value: JsonValue) -> bool:
    """Whether a pair says that something is, or is not, in a state ("cancelled": true)."""
    words = split_name(key).split()
    state = bool(words) and (words[-1] in _STATES or words[-1].endswith("ed"))
    return isinstance(value, bool) and (state or key.startswith(("is_", "has_")))


def _leave_out_status(pairs: Sequence[Pair]) -> Sequence[Pair]:
    """Leave out a status that another value says again and better ("delivered on Wednesday")."""
    texts = [value.lower() for _, value in pairs if isinstance(value, str)]
    told = [
        (key, value)
        for key, value in pairs
        if not (
            key in _STATUS_KEYS
            and isinstance(value, str)
            and any(text.startswith(f"{value.lower()} ") for text in texts)
        )
    ]
    return told or pairs


def _tell_pair(key: str, value: JsonValue) -> str:
    name = say_key(key)
    if is_korean(name):
        return f"{name}: {say_value(value)}"
    if isinstance(value, bool):
        return _tell_flag(key, name, value)
    if isinstance(value, (int, float)):
        return _tell_number(name, value)
    if isinstance(value, str):
        return _tell_text(key, name, value)
    plural = isinstance(value, list) and len(value) > 1
    return f"the {name} {'are' if plural or _is_plural(name) else 'is'} {say_value(value)}"


def _tell_flag(key: str, name: str, value: bool) -> str:
    name = name.removeprefix("is ").removeprefix("has ")
    if not _names_state(key, value):
        return f"{name}: {'yes' if value else 'no'}"
    *rest, state = name.split()
    return f"{'the ' + ' '.join(rest) if rest else 'it'} is {'' if value else 'not '}{state}"


def _tell_number(name: str, value: float) -> str:
    *rest, last = name.split() or [""]
    unit = _UNITS.get(last, "") if rest else ""
    if last in ("cents", "pence") and rest:
        return f"the {' '.join(rest)} is {value / 100:.2f}"
    said = say_value(value)
    if last in ("left", "remaining") and rest and rest[-1] in _UNITS:
        return f"there {'is' if value == 1 else 'are'} {said} {name}"
    if unit and rest[-1] in ("in", "for", "after"):
        return f"it {'' if rest[0].endswith('s') else 'is '}{' '.join(rest)} {said} {unit}"
    return f"the {' '.join(rest)} is {said} {unit}" if unit else f"the {name} is {said}"


def _tell_text(key: str, name: str, value: str) -> str:
    said = say_value(value)
    words = split_name(key).split()
    participle = _PARTICIPLE.match(value)
    if participle and stem_word(words[-1]).startswith(stem_word(participle[1].lower())[:6]):
        over = stem_word(participle[1].lower()) in _OVER
        return f"it {'was' if over else 'is'} {said}"
    if words and words[-1] in _STATUS_KEYS:
        return f"it is {said}" if words[-1] in ("status", "state") else f"the {name} are {said}"
    if words and words[0] == "due":
        return f"it is due {'on ' if said != value else ''}{said}"
    if words and words[-1] in _CONTENT_KEYS:
        return f"it contains {said}"
    if value.lower() in _STATES:
        return f"it is {said}"
    if name.endswith((" at", " on", " by", " from", " until", " to")):
        name = f"{name[:-3]} on" if name.endswith(" at") and said[:1].isalpha() and said != value else name
        return f"{'it was ' if words[0].endswith('ed') else ''}{name} {said}"
    return f"the {name} {'are' if _is_plural(name) else 'is'} {said}"


def _is_plural(name: str) -> bool:
    return name.endswith("s") and not name.endswith(("ss", "us", "is"))


def _say_date(date: datetime.date) -> str:
    return f"{date:%A}, {date:%B} {date.day}"


def _say_time(time: datetime.time) -> str:
    minutes = f":{time.minute:02}" if time.minute else ""
    return f"{(time.hour - 1) % 12 + 1}{minutes} {'am' if time.hour < 12 else 'pm'}"
