"""Numbers as people say them, in English and Korean.

`write_digits` turns number words into digits and leaves the rest of a text alone, so that everything after it
(dates, times, amounts) needs to know digits only.
"""

from __future__ import annotations

import re

_UNITS = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    word: value * 10
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
_SCALES = {"thousand": 1000, "million": 1_000_000}
_ORDINALS = {
    word: value
    for value, word in enumerate(
        [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
            "thirteenth",
            "fourteenth",
            "fifteenth",
            "sixteenth",
            "seventeenth",
            "eighteenth",
            "nineteenth",
            "twentieth",
        ],
        start=1,
    )
} | {"thirtieth": 30}
DIGIT_WORDS = {word: str(value) for word, value in _UNITS.items() if value < 10} | {"oh": "0", "nought": "0"}

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_COUNTABLE_ONE = frozenset(
    [
        "for",
        "just",
        "only",
        "of",
        "want",
        "order",
        "get",
        "like",
        "to",
        "at",
        "have",
        "need",
        "number",
        "room",
        "and",
        "plus",
        "is",
        "it's",
        "book",
        "by",
        "from",
    ]
)

SINO_DIGITS = {"영": 0, "공": 0, "일": 1, "이": 2, "삼": 3, "사": 4, "오": 5, "육": 6, "륙": 6, "칠": 7}
SINO_DIGITS |= {"팔": 8, "구": 9}
_SINO_SCALES = {"십": 10, "백": 100, "천": 1000}
_NATIVE_UNITS = {"하나": 1, "한": 1, "둘": 2, "두": 2, "셋": 3, "세": 3, "넷": 4, "네": 4, "다섯": 5}
_NATIVE_UNITS |= {"여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9}
_NATIVE_TENS = {"열": 10, "스물": 20, "스무": 20, "서른": 30, "마흔": 40, "쉰": 50, "예순": 60, "일흔": 70}
_COUNTERS = (
    "시간|시|분간|분|명|개월|개|사람|번째|번|살|장|잔|판|박|일|주일|주|달|월|층|인분|인|세트"
    "|병|권|마리|대|도|원|달러|퍼센트|호|건|통|년"
)
_NATIVE = (
    rf"(?:{'|'.join(_NATIVE_TENS)})?(?:{'|'.join(sorted(_NATIVE_UNITS, key=len, reverse=True))})"
    rf"|{'|'.join(_NATIVE_TENS)}"
)
_NATIVE_COUNT = re.compile(rf"(?<![가-힣])({_NATIVE})(?=\s?(?:{_COUNTERS}))")
_NATIVE_ALONE = re.compile(
    r"(?<![가-힣])(하나|둘|셋|넷|다섯|여섯|일곱|여덟|아홉|열)(?=요|이요|이에요|[^가-힣]|$)"
)
_SINO_SPACE = re.compile(r"(?<=[만천백])\s+(?=[일이삼사오육륙칠팔구십백천]+(?:\s?(?:원|명|개|장)|[백천]))")
_SINO_COUNT = re.compile(rf"(?<![가-힣])([영공일이삼사오육륙칠팔구십백천만]+)(?=\s?(?:{_COUNTERS}))")
_SINO_MONTHS = {"유월": "6월", "시월": "10월"}


def write_digits(text: str) -> str:
    """Return the text with number words written as digits (`half past three` → `half past 3`)."""
    return _write_korean(_join_parts(_write_english(text)))


_POINT = re.compile(r"\b(\d+) point ((?:\d )*\d)\b", re.I)
_HALF = re.compile(r"\b(\d+) and (?:a )?(half|quarter)\b", re.I)
_HALF_OF = re.compile(r"\bhalf (?:a|an) (?=[a-z])", re.I)
_CENTS = re.compile(
    r"\b(\d+) (dollars?|euros?|pounds?|bucks)(?: and|,)? (\d{1,2})(?: (?:cents?|pence|p))?(?![\w.:])", re.I
)
_MINUS = re.compile(r"\bminus (?=\d)", re.I)


def _join_parts(text: str) -> str:
    """Write decimals as one number: "2 point 5", "2 and a half", "25 dollars and 50 cents"."""
    text = _POINT.sub(lambda match: f"{match[1]}.{match[2].replace(' ', '')}", text)
    text = _HALF.sub(lambda match: f"{match[1]}.{'5' if match[2].lower() == 'half' else '25'}", text)
    text = _CENTS.sub(lambda match: f"{match[1]}.{int(match[3]):02} {match[2]}", text)
    return _MINUS.sub("-", _HALF_OF.sub("0.5 ", text))


def read_cardinal(words: list[str], start: int) -> tuple[int, int] | None:
    """Read an English cardinal from lower-case words; return its value and the index after it."""
    total, current, index = 0, None, start
    while index < len(words):
        word = words[index]
        step = _read_step(word, current)
        following = words[index + 1] if index + 1 < len(words) else ""
        if step is not None:
            current = step
        elif word in _SCALES and (current or index == start):
            total, current = total + (current or 1) * _SCALES[word], 0
        elif word in ("a", "an") and index == start and following in ("hundred", *_SCALES):
            current = 1
        elif not (word == "and" and _joins(words, index)):
            break
        index += 1
    return None if current is None else (total + current, index)


def read_korean(text: str) -> int | None:
    """Read a Korean number written in Hangul (`천일`, `열두`, `이만 오천` without the space), or None."""
    return _read_native(text) or _read_sino(text)


def _read_step(word: str, current: int | None) -> int | None:
    """Return the number after one more word, or None if the word does not continue it."""
    if word == "hundred":
        return (current or 1) * 100 if current is None or current < 10 else None
    if word in _TENS:
        return (current or 0) + _TENS[word] if current is None or current % 100 == 0 else None
    if word not in _UNITS or (current == 0 and word == "zero"):
        return None
    value = _UNITS[word]
    if current is None or (value and current % 100 == 0):
        return (current or 0) + value
    return current + value if 0 < value < 10 and current % 10 == 0 and current % 100 >= 20 else None


def _joins(words: list[str], index: int) -> bool:
    """Whether an "and" stands inside a number, as in "two hundred and five"."""
    before = words[index - 1] if index else ""
    after = words[index + 1] if index + 1 < len(words) else ""
    return before in ("hundred", *_SCALES) and (after in _UNITS or after in _TENS)


def _write_english(text: str) -> str:
    spans = [(match.group().lower(), match.start(), match.end()) for match in _WORD.finditer(text)]
    words = [word for word, _, _ in spans]
    pieces, copied, index = [], 0, 0
    while index < len(words):
        found = _read_number_word(words, index)
        if found is None:
            index += 1
            continue
        written, after = found
        pieces += [text[copied : spans[index][1]], written]
        copied, index = spans[after - 1][2], after
    return "".join(pieces) + text[copied:]


def _read_number_word(words: list[str], index: int) -> tuple[str, int] | None:
    word = words[index]
    before = words[index - 1] if index else ""
    if word in _ORDINALS and word != "second":
        return f"{_ORDINALS[word]}th", index + 1
    if word in _TENS and index + 1 < len(words) and _ORDINALS.get(words[index + 1], 10) < 10:
        return f"{_TENS[word] + _ORDINALS[words[index + 1]]}th", index + 2
    if word == "dozen":
        return "12", index + 1
    if word == "couple" and words[index + 1 : index + 2] == ["of"]:
        return "2", index + 2
    found = read_cardinal(words, index)
    if found is None:
        return None
    after = words[index + 1] if index + 1 < len(words) else ""
    counted = before in ("", *_COUNTABLE_ONE) or before in DIGIT_WORDS or after in DIGIT_WORDS
    if found == (1, index + 1) and not counted:
        return None
    return str(found[0]), found[1]


def _write_korean(text: str) -> str:
    for name, month in _SINO_MONTHS.items():
        text = text.replace(name, month)
    text = _SINO_SPACE.sub("", text)
    text = _NATIVE_COUNT.sub(lambda match: str(_read_native(match[1]) or match[1]), text)
    text = _NATIVE_ALONE.sub(lambda match: str(_read_native(match[1]) or match[1]), text)
    return _SINO_COUNT.sub(_write_sino, text)


def _write_sino(match: re.Match[str]) -> str:
    value = _read_sino(match[1])
    return match[1] if value is None else str(value)


def _read_native(text: str) -> int | None:
    for word, tens in _NATIVE_TENS.items():
        if text.startswith(word):
            rest = text[len(word) :]
            return tens if not rest else (tens + _NATIVE_UNITS[rest] if rest in _NATIVE_UNITS else None)
    return _NATIVE_UNITS.get(text)


def _read_sino(text: str) -> int | None:
    if not text:
        return None
    total, section, digit = 0, 0, None
    for char in text:
        if char in SINO_DIGITS:
            if digit is not None:
                return None  # two digits in a row are a spelt number, not a counted one
            digit = SINO_DIGITS[char]
        elif char in _SINO_SCALES:
            section += (1 if digit is None else digit) * _SINO_SCALES[char]
            digit = None
        elif char == "만":
            total += (section + (digit or 0) or 1) * 10_000
            section, digit = 0, None
        else:
            return None
    return total + section + (digit or 0)
