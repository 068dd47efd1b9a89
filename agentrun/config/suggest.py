"""The nearest known word to one that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 100  # a longer word is no slip of the pen, and comparing takes the square of its length


def find_near(word: str, known: Iterable[str], least: float = 0.6) -> list[str]:
    """Return the known word that is nearest, or nothing if none is near.

    Args:
        word: what was written.
        known: what could be meant.
        least: how alike both must be, from 0 to 1.

    """
    return get_close_matches(word, list(known), 1, least) if len(word) <= _LONGEST else []


def suggest(word: str, known: Iterable[str]) -> str:
    """Return `did you mean …` for the nearest known word, or a list of all of them if none is near."""
    choices = list(known)
    near = find_near(word, choices)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"known here: {', '.join(f'`{choice}`' for choice in choices)}" if choices else ""
