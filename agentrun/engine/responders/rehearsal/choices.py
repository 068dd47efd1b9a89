"""Which of a schema's options a text names: by words, descriptions, sound and meaning."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from agentrun.engine.responders.rehearsal.dates import Found, find_date
from agentrun.engine.responders.rehearsal.loanwords import is_loanword
from agentrun.engine.responders.rehearsal.slots import Slot
from agentrun.engine.responders.rehearsal.words import Word, is_korean, read_tokens, read_words, split_name
from agentrun.wire.json import JsonValue

_RELATIVE_MONTH = re.compile(r"\b(last|this|next) month\b|(지난|이번|다음)\s?달", re.I)
_MONTHS_AHEAD = {"last": -1, "this": 0, "next": 1, "지난": -1, "이번": 0, "다음": 1}
_TOO_COMMON = frozenset({"*lookup", "*create", "*number", "*name"})
_SURE = 50
_CLOSE, _SHORTEST_CLOSE = 0.84, 5
_MOST_OPTIONS = 200


def find_choices(text: str, slot: Slot, *, asked: bool = False) -> list[Found[JsonValue]]:
    """Find the options that a text names, those that were named most exactly first.

    Args:
        text: the utterance.
        slot: the choice.
        asked: whether it was asked for; then a part of a name is enough ("the paper one" for "Paper Moons").

    """
    general = frozenset(term for word in read_words(slot.words) for term in word.terms)
    words = read_words(text)
    hits = [
        (score, hit)
        for option in slot.options[:_MOST_OPTIONS]
        for name in _name_option(slot, option)
        for score, hit in _match_option(text, words, option, name, general)
    ]
    hits = hits or list(_find_close(words, slot, general)) or (list(_find_part(words, slot)) if asked else [])
    best = max((score for score, _ in hits), default=0)
    named = {str(hit.value) for score, hit in hits if score == best}
    if best < _SURE and len(named) > 1 and len({hit.start for score, hit in hits if score == best}) == 1:
        return []  # one word that fits several options alike names none of them
    return [hit for score, hit in sorted(hits, key=lambda pair: pair[1].start) if score == best]


def find_named_choices(text: str, slot: Slot) -> list[Found[JsonValue]]:
    """Find all options that a text names by their very names, in the order of the text."""
    found = [
        Found(option, *place)
        for option in slot.options[:_MOST_OPTIONS]
        for name in _name_option(slot, option)
        if (place := _find_exact(text, "".join(filter(str.isalnum, name))))
    ]
    return sorted(found, key=lambda hit: hit.start)


def find_day_choices(text: str, slot: Slot, now: datetime.datetime) -> list[Found[JsonValue]]:
    """Find the weekday or the month that is meant ("tomorrow", "last month"), where those are offered."""
    month = _RELATIVE_MONTH.search(text)
    if month:
        ahead = _MONTHS_AHEAD[(month[1] or month[2]).lower().strip()]
        meant = datetime.date(2000, (now.month - 1 + ahead) % 12 + 1, 1)
        names = (f"{meant:%B}".lower(), f"{meant:%b}".lower(), f"{meant.month}월")
        return [Found(o, month.start(), month.end()) for o in slot.options if str(o).lower() in names]
    date = find_date(text, now.date())
    if date is None:
        return []
    names = (
        f"{date.value:%A}".lower(),
        f"{date.value:%a}".lower(),
        f"{'월화수목금토일'[date.value.weekday()]}요일",
    )
    return [Found(option, date.start, date.end) for option in slot.options if str(option).lower() in names]


def _name_option(slot: Slot, option: JsonValue) -> list[str]:
    """Return the names of an option: its own, and what the schema calls it."""
    if isinstance(option, bool) or not isinstance(option, (str, int, float)):
        return []
    alias = slot.aliases.get(str(option))
    return [split_name(str(option)) or str(option).lower(), *([alias.lower()] if alias else [])]


def _find_exact(text: str, letters: str) -> tuple[int, int] | None:
    """Find neighbouring words that together are these letters; a Korean word may go on with its particle."""
    tokens = _split_tokens(text)
    for first, (_, start, _) in enumerate(tokens if letters else ()):
        written = ""
        for token, _, end in tokens[first:]:
            written += token
            if written == letters or (not letters.isascii() and written.startswith(letters)):
                return start, end
            if not letters.startswith(written):
                break
    return None


@lru_cache(maxsize=256)
def _split_tokens(text: str) -> tuple[tuple[str, int, int], ...]:
    return tuple((token.lower(), start, end) for token, start, end in read_tokens(text))


def _find_close(
    words: Sequence[Word], slot: Slot, general: frozenset[str]
) -> Iterator[tuple[int, Found[JsonValue]]]:
    """Yield options whose words are nearly said ("electric", "pilattes", 필라테스)."""
    for option in slot.options[:_MOST_OPTIONS]:
        for name in _name_option(slot, option):
            parts = read_words(name)
            hits = [
                next((word for word in words if not word.terms & general and _is_close(word, part)), None)
                for part in parts
            ]
            found = [hit for hit in hits if hit is not None]
            if found and len(found) == len(parts):
                yield 1, Found(option, min(hit.start for hit in found), max(hit.end for hit in found))


def _find_part(words: Sequence[Word], slot: Slot) -> Iterator[tuple[int, Found[JsonValue]]]:
    """Yield options by a word that no other option has."""
    parts = {
        str(option): {word.stem for name in _name_option(slot, option) for word in read_words(name)}
        for option in slot.options[:_MOST_OPTIONS]
    }
    for word in words:
        holders = [option for option in slot.options[:_MOST_OPTIONS] if word.stem in parts[str(option)]]
        if len(holders) == 1:
            yield 1, Found(holders[0], word.start, word.end)


def _is_close(said: Word, meant: Word) -> bool:
    left, right = said.text.lower(), meant.text.lower()
    if is_korean(left) and right.isascii():
        return not said.concepts and (is_loanword(said.stem, right) or is_loanword(left, right))
    if min(len(left), len(right)) < _SHORTEST_CLOSE or left[0] != right[0]:
        return False
    return (
        left.startswith(right)
        or right.startswith(left)
        or SequenceMatcher(None, left, right).ratio() >= _CLOSE
    )


def _match_option(
    text: str, words: Sequence[Word], option: JsonValue, name: str, general: frozenset[str]
) -> list[tuple[int, Found[JsonValue]]]:
    exact = _find_exact(text, "".join(filter(str.isalnum, name)))
    if exact:
        return [(100 + len(name), Found(option, *exact))]
    named = read_words(name)
    hits = [
        max(
            (w for w in words if (w.terms & part.terms) - general - _TOO_COMMON),
            key=lambda w: len(w.terms & part.terms),
            default=None,
        )
        for part in named
    ]
    if not named or hits[0] is None:
        return []
    if None in hits and not is_korean(hits[0].text):
        return []  # a Korean word often says in one what takes two in English (거실 is a living room)
    places = [hit for hit in hits if hit is not None]
    if all(hit is not None and hit.stem == part.stem for hit, part in zip(hits, named, strict=True)):
        score = _SURE
    else:
        score = sum(len(hit.terms & part.terms) for hit, part in zip(hits, named, strict=True) if hit)
    return [(score, Found(option, min(p.start for p in places), max(p.end for p in places)))]
