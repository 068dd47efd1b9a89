"""Words, stems and concepts of a text: what is left of a sentence when only its meaning matters.

A *term* is a stem (`order`) or a concept of the lexicon (`*order`). Stemming is light on purpose: it has to
bring "cancelled" and "cancel" together, not to be right about English or Korean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from agentrun.engine.responders.rehearsal.lexicon import ACTIONS, EN_STOP_WORDS, KO_STOP_WORDS, TOPICS

_TOKEN = re.compile(r"[가-힣]+|(?:(?![가-힣])[^\W_])+(?:['’](?:(?![가-힣])[^\W_])+)*")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\-./]+")
_HANGUL = re.compile(r"[가-힣]")
_IRREGULAR = {
    "sent": "send", "lost": "lost", "paid": "pay", "bought": "buy", "broke": "broken",
    "said": "say", "made": "make",
    "found": "find", "people": "person", "children": "child", "news": "news", "this": "this",
    "wrong": "wrong",
    "does": "do", "goes": "go", "during": "during", "morning": "morning", "evening": "evening",
    "nothing": "nothing",
    "something": "something", "bring": "bring", "spring": "spring", "string": "string", "thing": "thing",
    "king": "king", "ring": "ring", "sing": "sing", "need": "need", "speed": "speed", "bed": "bed",
    "red": "red",
    "billing": "bill", "bus": "bus", "missing": "missing",
}  # fmt: skip
_PARTICLES = sorted(
    [
        "은",
        "는",
        "이",
        "가",
        "을",
        "를",
        "에",
        "에서",
        "에게",
        "한테",
        "의",
        "도",
        "만",
        "로",
        "으로",
        "와",
        "과",
        "랑",
        "이랑",
        "부터",
        "까지",
        "께",
        "요",
        "이요",
        "예요",
        "이에요",
        "입니다",
        "인데요",
        "이고",
        "하고",
        "해",
        "해요",
        "하세요",
        "해주세요",
        "해줘",
        "해줘요",
        "합니다",
        "하는",
        "하려고",
        "하려고요",
        "할게요",
        "할래요",
        "할까요",
        "하나요",
        "되나요",
        "돼요",
        "됐어요",
        "했어요",
        "하고싶어요",
        "주세요",
        "줘",
        "줘요",
        "할",
        "된",
        "한",
        "인가요",
        "나요",
        "까요",
        "습니다",
        "어요",
        "아요",
        "네요",
        "있나요",
        "있어요",
        "죠",
        "이죠",
        "라고",
        "이라고",
        "들",
    ],
    key=len,
    reverse=True,
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text: its stem, its concepts, and where it stands."""

    text: str
    stem: str
    concepts: frozenset[str]
    start: int
    end: int

    @property
    def terms(self) -> frozenset[str]:
        """The stem and the concepts, concepts with a star in front."""
        return frozenset({self.stem, *(f"*{concept}" for concept in self.concepts)})


def is_korean(text: str) -> bool:
    """Whether a text contains Hangul."""
    return _HANGUL.search(text) is not None


def split_name(name: str) -> str:
    """Return a snake_case or camelCase name as words (`lookupOrder_by-id` → `lookup order by id`)."""
    return " ".join(part.lower() for part in _CAMEL.split(name) if part)


def read_words(text: str) -> tuple[Word, ...]:
    """Return the words of a text that carry meaning, in order."""
    return tuple(_iter_words(text))


def read_tokens(text: str) -> list[tuple[str, int, int]]:
    """Return every token with its span; Hangul and other letters are separate tokens even side by side."""
    return [(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(text)]


@lru_cache(maxsize=4096)
def stem_word(word: str) -> str:
    """Return the stem of a lower-case word."""
    return _stem_korean(word) if _HANGUL.search(word) else _stem_english(word)


@lru_cache(maxsize=4096)
def find_concepts(word: str) -> frozenset[str]:
    """Return the concepts that a lower-case word belongs to."""
    if not _HANGUL.search(word):
        return _ENGLISH.get(stem_word(word), frozenset())
    stem = _stem_korean(word)
    hits = (
        concept
        for entry, concept in _KOREAN
        if (entry in word if len(entry) > 1 else _is_headed(stem, entry))
    )
    return frozenset(hits)


def _is_headed(stem: str, entry: str) -> bool:
    return stem == entry or (entry in "켜꺼끄끊찾켤끌" and stem.startswith(entry))


def _iter_words(text: str) -> Iterator[Word]:
    for token, start, end in read_tokens(text):
        lower = token.lower().replace("’", "'")
        if lower in EN_STOP_WORDS or lower in KO_STOP_WORDS or (len(lower) == 1 and lower.isascii()):
            continue
        yield Word(token, stem_word(lower), find_concepts(lower), start, end)


def _stem_english(word: str) -> str:
    word = word.removesuffix("'s").replace("'", "")
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        word = word[:-2] if word.endswith(("sses", "shes", "ches", "xes")) else word[:-1]
    for suffix in ("ing", "ed"):
        if word.endswith(suffix) and len(word) > len(suffix) + 2:
            word = _undouble(word[: -len(suffix)])
            break
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


def _undouble(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "se" else word


def _stem_korean(word: str) -> str:
    for _ in range(2):
        for particle in _PARTICLES:
            if word.endswith(particle) and len(word) - len(particle) >= (2 if len(particle) == 1 else 1):
                word = word[: -len(particle)]
                break
    return word[:2] if len(word) > 3 else word


def _index_english() -> dict[str, frozenset[str]]:
    index: dict[str, set[str]] = {}
    for concept, words in {**ACTIONS, **TOPICS}.items():
        for word in words.split():
            if word.isascii():
                index.setdefault(_stem_english(word), set()).add(concept)
    for concept in ACTIONS.keys() & TOPICS.keys():
        raise AssertionError(f"`{concept}` is listed twice")
    return {stem: frozenset(concepts) for stem, concepts in index.items()}


_ENGLISH = _index_english()
_KOREAN = tuple(
    (word, concept)
    for concept, words in {**ACTIONS, **TOPICS}.items()
    for word in words.split()
    if not word.isascii()
)
