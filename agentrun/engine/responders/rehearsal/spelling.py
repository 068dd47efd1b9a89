"""Codes as people say them: "a one zero zero one", "A-1001", "a thousand one", 에이 천일.

There is no single right way to write down a spoken code, so every stretch of words is written in a few
plausible ways, and the schema's pattern decides which of them is a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import product

from agentrun.engine.responders.rehearsal.dates import Found
from agentrun.engine.responders.rehearsal.numbers import DIGIT_WORDS, SINO_DIGITS, read_cardinal, read_korean
from agentrun.engine.responders.rehearsal.words import read_tokens

_LONGEST_WINDOW = 14
_LONGEST_CODE = 40
_NEWEST_TOKENS = 60
_REPEATED_GROUP = re.compile(r"\((?:[^()\\]|\\.)*[+*{](?:[^()\\]|\\.)*\)[+*{]|\\\d")
_ALPHABET_TEXT = """
alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike november oscar papa
quebec romeo sierra tango uniform victor whiskey whisky xray yankee zulu
"""
_ALPHABET = {word: word[0].upper() for word in _ALPHABET_TEXT.split()}
_AS_IN = re.compile(
    r"\b([A-Za-z])(?: as in|,? for|,? like) [A-Za-z]{2,}\b[,.]?(?=\s|$)"
    r"|\b([A-Za-z]),? ([A-Za-z]{3,}),?(?= (?:\d|zero|one|two|three|four|five|six|seven|eight|nine|oh)\b)"
)
_SIGN = rf"(?:[A-Za-z]|\d|{'|'.join(DIGIT_WORDS)}|double|triple|dash)"
_SPELT_COMMA = re.compile(rf"(\b{_SIGN}),(?= {_SIGN}\b)", re.I)
_REPEATS = {"double": 2, "triple": 3}
_PLAIN_WORD = re.compile(r"(?<![\w-])[A-Za-z]{2,}(?![\w-])")
_SPELLING_WORDS = frozenset([*DIGIT_WORDS, *_REPEATS, "dash", "hyphen", "minus", "hundred", "thousand"])
_KO_LETTERS = {
    "에이": "A", "비": "B", "씨": "C", "시": "C", "디": "D", "이": "E", "에프": "F", "지": "G",
    "에이치": "H", "아이": "I",
    "제이": "J", "케이": "K", "엘": "L", "엠": "M", "엔": "N", "오": "O", "피": "P", "큐": "Q",
    "알": "R", "에스": "S",
    "티": "T", "유": "U", "브이": "V", "더블유": "W", "엑스": "X", "와이": "Y", "제트": "Z", "지트": "Z",
}  # fmt: skip
_LETTER = "|".join(sorted(_KO_LETTERS, key=len, reverse=True))
_KO_SPELLED = re.compile(rf"((?:{_LETTER})*?)([영공일이삼사오육륙칠팔구십백천만]*)")
_KO_ENDINGS = re.compile(
    r"(?:번|호)?(?:이에요|예요|이요|요|입니다|이고요|인데요|이랑|은요|는요|으로|로|은|는|이|가|을|를|의"
    r"|에|도|과|와|랑)?$"
)


def compile_pattern(pattern: str) -> re.Pattern[str] | None:
    """Return a schema's pattern, or None where it is not ours to run (not Python, or it may run for ever)."""
    if len(pattern) > 200 or _REPEATED_GROUP.search(pattern):
        return None
    try:
        return re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return None


def find_codes(text: str, pattern: re.Pattern[str], *, loose: bool = False) -> list[Found[str]]:
    """Return the stretches of a text that can be written so that the whole of it matches, left to right.

    Args:
        text: what was said.
        pattern: of a code.
        loose: whether the pattern is a guess, which a plain word beside a number would fit too: then only
            what is said letter by letter and digit by digit is a code ("order A1001" has one, A1001).

    """
    plain = _SPELT_COMMA.sub(r"\1 ", _AS_IN.sub(_keep_letter, text))
    return list(_find_codes(_PLAIN_WORD.sub(_leave_out, plain) if loose else plain, pattern))


def _leave_out(word: re.Match[str]) -> str:
    """Put stops in the place of a word that spells nothing: no code reaches across them."""
    lower = word[0].lower()
    spells = lower in _ALPHABET or lower in _SPELLING_WORDS or read_cardinal([lower], 0) is not None
    return word[0] if spells or word[0].isupper() else "." * len(word[0])


def _keep_letter(explained: re.Match[str]) -> str:
    """Keep the letter of "A as in Alpha" at its place; all other text stays where it is."""
    if explained[2] and _ALPHABET.get(explained[3].lower()) != explained[2].upper():
        return explained[0]
    return (explained[1] or explained[2]).ljust(len(explained[0]))


@lru_cache(maxsize=1024)
def _find_codes(text: str, pattern: re.Pattern[str]) -> tuple[Found[str], ...]:
    """Cached, because each answer reads the conversation from its beginning."""
    tokens = read_tokens(text)[-_NEWEST_TOKENS:]
    found, first = [], 0
    while first < len(tokens):
        hit = _find_at(text, tokens, first, pattern)
        if hit is None:
            first += 1
            continue
        code, after = hit
        found.append(Found(code, tokens[first][1], tokens[after - 1][2]))
        first = after
    return tuple(found)


def _find_at(
    text: str, tokens: list[tuple[str, int, int]], first: int, pattern: re.Pattern[str]
) -> tuple[str, int] | None:
    for after in range(min(len(tokens), first + _LONGEST_WINDOW), first, -1):
        said = text[tokens[first][1] : tokens[after - 1][2]]
        if re.search(r"[.?!,;]\s", said):
            continue
        words = [token for token, _, _ in tokens[first:after]]
        for code in _write_ways(said, words):
            if len(code) <= _LONGEST_CODE and pattern.fullmatch(code):
                return code, after
    return None


def _write_ways(said: str, words: list[str]) -> Iterator[str]:
    for plain in (said, *_join_ways(words)):
        for separator in ("",) if plain == said else ("", "-", " "):
            code = plain if isinstance(plain, str) else separator.join(plain)
            yield from dict.fromkeys((code, code.upper(), code.lower()))


def _join_ways(words: list[str]) -> Iterator[list[str]]:
    yield words
    for spelled in product(*(_spell_ways(word) for word in _expand_repeats(words)[:_LONGEST_WINDOW])):
        yield [part for part in spelled if part]
    counted = _count_words([word.lower() for word in words])
    if counted is not None:
        yield counted


def _spell_ways(word: str) -> list[str]:
    """Return how one word may be written inside a code; at most two ways, and one for most words."""
    lower = word.lower()
    if lower in DIGIT_WORDS:
        return [DIGIT_WORDS[lower]]
    if lower in _ALPHABET:
        return [_ALPHABET[lower]]
    if lower in ("dash", "hyphen", "minus"):
        return ["-"]
    if "가" <= word[0] <= "힣":
        return _spell_korean(word)
    return [word]


def _spell_korean(word: str) -> list[str]:
    stripped = _KO_ENDINGS.sub("", word)
    for part in (word, stripped):
        if part and all(char in SINO_DIGITS for char in part):
            return [_write_digits(part)]
    match = _KO_SPELLED.fullmatch(word) or _KO_SPELLED.fullmatch(stripped)
    if match is None or not match[0]:
        return [stripped] if stripped else ["", word]
    letters = "".join(_KO_LETTERS[name] for name in re.findall(_LETTER, match[1]))
    if all(char in SINO_DIGITS for char in match[2]):
        return [letters + _write_digits(match[2])]
    number = read_korean(match[2])
    return [letters + str(number)] if number is not None else [word]


def _write_digits(hangul: str) -> str:
    return "".join(str(SINO_DIGITS[char]) for char in hangul)


def _expand_repeats(words: list[str]) -> list[str]:
    """Write "double seven" as "seven seven"."""
    expanded: list[str] = []
    repeat = 1
    for word in words:
        if word.lower() in _REPEATS:
            repeat = _REPEATS[word.lower()]
        else:
            expanded += [word] * repeat
            repeat = 1
    return expanded


def _count_words(words: list[str]) -> list[str] | None:
    """Write cardinals as numbers ("a thousand one" → `a1001`: the "a" of a code is a letter), or None."""
    parts, index, counted = [], 0, False
    while index < len(words):
        is_letter = words[index] in ("a", "an") and index == 0
        number = None if is_letter else _read_count(words, index)
        if number is None:
            parts.append(words[index])
            index += 1
        else:
            parts.append(str(number[0]))
            index, counted = number[1], True
    return parts if counted else None


def _read_count(words: list[str], index: int) -> tuple[int, int] | None:
    if words[index] not in ("hundred", "thousand"):
        return read_cardinal(words, index)
    number = read_cardinal(["one", *words[index:]], 0)  # the "a" before it was taken as a letter
    return (number[0], index + number[1] - 1) if number else None
