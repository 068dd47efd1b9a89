"""The nearest known word to one that is not known."""

from __future__ import annotations

from collections.abc import Iterable


def suggest(word: str, known: Iterable[str]) -> str:
    """Return `did you mean …` for the nearest known word, or a list of all of them if none is near."""
    import difflib  # only here: most files have no slip

    choices = list(known)
    near = difflib.get_close_matches(word, choices, 1, 0.6)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"known here: {', '.join(f'`{choice}`' for choice in choices)}" if choices else ""
