"""English words as they are said in Korean: 필라테스 is `pilates`.

Both are reduced to the consonants that survive the way into the other script; the same few consonants in the
same order are the same word, if it is long enough.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache

_INITIALS = ("k", "k", "n", "t", "t", "l", "m", "p", "p", "s", "s", "", "s", "s", "s", "k", "t", "p", "")
_VOWELS = (
    "a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we", "wi", "yu",
    "eu", "ui", "i",
)  # fmt: skip
_FINALS = (
    "", "k", "k", "k", "n", "n", "n", "t", "l", "l", "l", "l", "l", "l", "l", "l", "m", "p", "p", "t", "t",
    "n", "t", "t", "k", "t", "p", "",
)  # fmt: skip
_SPELLINGS = (
    (r"ph", "p"), (r"th|sh|ch|tch", "s"), (r"ck", "k"), (r"c(?=[eiy])", "s"), (r"[cgq]", "k"), (r"x", "ks"),
    (r"ng", "n"), (r"r(?=[^aeiouy]|$)", ""), (r"r", "l"), (r"f", "p"), (r"[bv]", "p"), (r"d", "t"),
    (r"[zj]", "s"), (r"[aeiouwyh]", ""), (r"(.)\1+", r"\1"),
)  # fmt: skip
_LEAST, _ALIKE = 3, 0.8


def is_loanword(korean: str, english: str) -> bool:
    """Whether a Korean word is an English one, by its sound."""
    if _romanise(korean) == english.lower():
        return True
    said, written = _reduce_korean(korean), _reduce_english(english.lower())
    if min(len(said), len(written)) < _LEAST or said[0] != written[0]:
        return False
    return said == written or (
        min(len(said), len(written)) > _LEAST and SequenceMatcher(None, said, written).ratio() >= _ALIKE
    )


def _split(syllable: str) -> tuple[int, int, int]:
    code = ord(syllable) - ord("가")
    return code // 588, code % 588 // 28, code % 28


@lru_cache(maxsize=1024)
def _romanise(word: str) -> str:
    parts = (_split(char) for char in word if "가" <= char <= "힣")
    # between vowels ㄱ sounds like the g of "yoga"
    return "".join(
        ("g" if first == 0 else _INITIALS[first]) + _VOWELS[vowel] + _FINALS[last]
        for first, vowel, last in parts
    )


@lru_cache(maxsize=1024)
def _reduce_korean(word: str) -> str:
    parts = (_split(char) for char in word if "가" <= char <= "힣")
    return re.sub(r"(.)\1+", r"\1", "".join(_INITIALS[first] + _FINALS[last] for first, _, last in parts))


@lru_cache(maxsize=1024)
def _reduce_english(word: str) -> str:
    for pattern, sound in _SPELLINGS:
        word = re.sub(pattern, sound, word)
    return word
