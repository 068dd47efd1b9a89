"""Numbers, spelled letters, dates and times: how they are spoken, and how they are written.

A caller who says "ay one thousand one" means `A1001`. The recogniser cannot know that afterwards, so the
grammar marks such words: `_a`, `_one`, `_thousand` are parts of something that is written without spaces,
`%three`, `%thirty`, `%pm` are parts of a time of day. `write_out` puts them together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import groupby

from agentrun.engine.speech.grammar import Many, Node, Rule, any_of, maybe, seq, split_phrases, split_words

LETTERS = "abcdefghijklmnopqrstuvwxyz"
_UNITS = split_words("one two three four five six seven eight nine")
_TEENS = split_words("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
_TENS = split_words("twenty thirty forty fifty sixty seventy eighty ninety")
_ORDINALS = split_words(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_MONTHS = split_words("january february march april may june july august september october november december")
WEEKDAYS = split_words("monday tuesday wednesday thursday friday saturday sunday")
_CAPITALISED = frozenset((*_MONTHS, *WEEKDAYS)) - {"may", "march"}

_VALUES: dict[str, int] = {
    "zero": 0,
    "oh": 0,
    **{word: value for value, word in enumerate((*_UNITS, *_TEENS), start=1)},
    **{word: 10 * value for value, word in enumerate(_TENS, start=2)},
}
_ORDINAL_VALUES = {**{word: value for value, word in enumerate(_ORDINALS, start=1)}, "thirtieth": 30}
_SCALES = {"hundred": 100, "thousand": 1000}
_SEPARATORS = {"dash": "-", "hyphen": "-", "dot": ".", "slash": "/"}


def _marked(*words: str) -> Node:
    return any_of(*(f"_{word}" for word in words))


DIGIT = Rule("digit", _marked("zero", "oh", *_UNITS))
_UNIT = Rule("unit", _marked(*_UNITS))
_TO_99 = Rule("to99", any_of(_marked(*_TEENS), seq(_marked(*_TENS), maybe(_UNIT))))
_UNDER_100 = Rule("under100", any_of(_UNIT, _TO_99))
_TAIL_100 = maybe(seq(maybe("_and"), _UNDER_100))
_TO_999 = Rule("to999", seq(_UNIT, "_hundred", _TAIL_100))
_TAIL_1000 = maybe(seq(maybe("_and"), any_of(_UNDER_100, _TO_999)))
_PAIR = Rule("pair", any_of(_TO_99, seq("_oh", _UNIT)))


def speak_digits(length: int) -> Node:
    """Return the ways to say a number of that many digits: one by one, in pairs, or as a number."""
    one_by_one = seq(*[DIGIT] * length)
    whole: dict[int, list[Node]] = {
        2: [_TO_99],
        3: [_TO_999, seq(_UNIT, _PAIR)],
        4: [seq(_UNIT, "_thousand", _TAIL_1000), seq(_TO_99, _PAIR), seq(_TO_99, "_hundred")],
        5: [seq(_TO_99, "_thousand", _TAIL_1000)],
        6: [seq(_TO_999, "_thousand", _TAIL_1000), seq(_TO_99, _PAIR, _PAIR)],
    }
    return Rule(f"digits{length}", any_of(one_by_one, *whole.get(length, [])))


def speak_digits_between(shortest: int, longest: int | None) -> Node:
    """Return the ways to say a number of `shortest` to `longest` digits; None is any length."""
    if longest is None or longest - shortest > 4:
        return Rule("digits", Many(DIGIT))
    return any_of(*(speak_digits(length) for length in range(max(1, shortest), longest + 1)))


QUANTITY = Rule("quantity", any_of("_zero", _UNDER_100, _TO_999))
_DAY = any_of(_marked(*_ORDINALS, "thirtieth"), seq("_twenty", _marked(*_ORDINALS[:9])), "_thirty _first")
_DAY_NUMBER = any_of(_UNDER_100)
DATE = Rule(
    "date",
    any_of(
        *split_phrases("today | tomorrow | tonight | the day after tomorrow | next week | this week"),
        seq(maybe(any_of("next", "this", "on")), any_of(*WEEKDAYS)),
        seq(any_of(*_MONTHS), maybe("the"), any_of(_DAY, _DAY_NUMBER)),
        seq("the", _DAY, maybe(maybe("of"), any_of(*_MONTHS))),
    ),
)
_HOUR = any_of(*(f"%{word}" for word in (*_UNITS, *_TEENS[:3])))
_MINUTES = any_of(
    *(f"%{word}" for word in ("ten", "fifteen", "twenty", "thirty", "forty", "fifty")),
    *(f"%{ten} %five" for ten in ("twenty", "thirty", "forty", "fifty")),
    "%oh %five",
)
_HALF_OF_DAY = any_of("%a.m.", "%p.m.", "in the morning", "in the afternoon", "in the evening")
TIME = Rule(
    "time",
    any_of(
        seq(_HOUR, maybe(any_of("o'clock", _MINUTES)), maybe(_HALF_OF_DAY)),
        seq(any_of("%half", "%quarter"), "%past", _HOUR, maybe(_HALF_OF_DAY)),
        seq("%quarter %to", _HOUR, maybe(_HALF_OF_DAY)),
        *split_phrases("noon | midday | midnight | in the morning | in the afternoon | in the evening"),
    ),
)


def spell(text: str) -> Node:
    """Return the ways to say a code such as `A1001` or `XL`: letters one by one, runs of digits."""
    parts: list[Node] = []
    for run in re.findall(r"\d+|[a-z]|[-./]", text.lower()):
        if run.isdigit():
            parts.append(_spell_number(run))
        elif run.isalpha():
            parts.append(f"_{run}")
        else:
            parts.append(maybe(_marked(*(word for word, mark in _SEPARATORS.items() if mark == run))))
    return seq(*parts)


def _spell_number(digits: str) -> Node:
    one_by_one = seq(
        *(_marked("zero", "oh") if digit == "0" else f"_{_UNITS[int(digit) - 1]}" for digit in digits)
    )
    if digits.startswith("0") or len(digits) > 6:
        return one_by_one
    return any_of(one_by_one, seq(*(f"_{word}" for word in name_number(int(digits)))))


def name_number(number: int) -> list[str]:
    """Return the words of a number below a million, without "and"."""
    if number >= 1000:
        return [
            *name_number(number // 1000),
            "thousand",
            *(name_number(number % 1000) if number % 1000 else []),
        ]
    if number >= 100:
        return [_UNITS[number // 100 - 1], "hundred", *(name_number(number % 100) if number % 100 else [])]
    if number >= 20:
        return [_TENS[number // 10 - 2], *([_UNITS[number % 10 - 1]] if number % 10 else [])]
    return [("zero", *_UNITS, *_TEENS)[number]]


def write_out(words: Sequence[str], fit: Callable[[str], str] = lambda code: code) -> str:
    """Write recognised words as a caller would type them.

    Args:
        words: as they stand in the grammar.
        fit: brings a code such as `AB1234` into the form that the agent expects, such as `AB-1234`.

    """
    parts: list[str] = []
    for mark, group in groupby(words, key=lambda word: word[0] if word[0] in "_%" else ""):
        bare = [word.removeprefix(mark) for word in group]
        if mark == "_":
            parts.append(fit(_write_code(bare)))
        elif mark == "%":
            parts.append(_write_time(bare))
        else:
            parts.extend(word.capitalize() if word in _CAPITALISED else word for word in bare)
    return " ".join(part for part in parts if part)


def _write_code(words: Sequence[str]) -> str:
    pieces: list[str] = []
    for is_number, group in groupby(
        words, key=lambda word: word in _VALUES or word in _SCALES or word == "and"
    ):
        run = list(group)
        pieces.append(_write_number(run) if is_number else "".join(map(_write_symbol, run)))
    text = "".join(pieces)
    if match := re.fullmatch(r"(\d*)#(\d+)", text):  # twenty + third
        return _write_ordinal(int(match[1] or 0) + int(match[2]))
    return text.replace("#", "")


def _write_symbol(word: str) -> str:
    if word in _ORDINAL_VALUES:
        return f"#{_ORDINAL_VALUES[word]}"
    return _SEPARATORS.get(word, word.upper())


def _write_number(words: Sequence[str]) -> str:
    if not any(word in _SCALES for word in words):
        return _join_digits([word for word in words if word != "and"])
    total = current = 0
    for word in words:
        if word in _VALUES:
            current += _VALUES[word]
        elif word == "hundred":
            current = max(current, 1) * 100
        elif word == "thousand":
            total, current = total + max(current, 1) * 1000, 0
    return str(total + current)


def _join_digits(words: Sequence[str]) -> str:
    digits: list[str] = []
    after_ten = False
    for word in words:
        value = _VALUES[word]
        if after_ten and 0 < value < 10:
            digits[-1] = str(int(digits[-1]) + value)
        else:
            digits.append(str(value))
        after_ten = word in _TENS
    return "".join(digits)


def _write_ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number not in (11, 12, 13) else 0, "th")
    return f"{number}{ending}"


def _write_time(words: Sequence[str]) -> str:
    half_of_day = next((f" {word.replace('.', '')}" for word in words if word in ("a.m.", "p.m.")), "")
    numbers = [_VALUES[word] for word in words if word in _VALUES]
    hour, minutes = (numbers[0] if numbers else 12), sum(numbers[1:])
    if "past" in words:
        minutes = 30 if "half" in words else 15
    elif "to" in words:
        hour, minutes = (hour - 2) % 12 + 1, 45
    return f"{hour}:{minutes:02}{half_of_day}" if minutes or not half_of_day else f"{hour}{half_of_day}"
