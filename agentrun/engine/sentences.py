"""Where a voice may begin while the words still come: at the ends of sentences."""

from __future__ import annotations

import re

LONGEST_CHARS = 300
"""A sentence without an end is cut between two words before this."""

_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？]+[”’」』)]*|\n")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:Mr|Mrs|Ms|Dr|Prof|St|No|Nr|vs|etc|e\.g|i\.e|approx|[A-Z]|\d{1,3})\.$", re.IGNORECASE
)


def find_sentence_end(text: str, start: int) -> int | None:
    """Return where the first sentence from `start` ends, with the blanks after it; None if it has no end yet.

    A full stop at the very end of the text may be the one of `3.14`, so it takes a blank to end a sentence.
    Where the stop belongs to an abbreviation or a number of a list, the sentence goes on.
    """
    for found in _END.finditer(text, start):
        said = text[start : found.end()]
        if said.strip() and not _ABBREVIATION.search(said):
            return _skip_blanks(text, found.end())
    if len(text) - start <= LONGEST_CHARS:
        return None
    cut = text.rfind(" ", start, start + LONGEST_CHARS)
    return cut + 1 if cut > start else start + LONGEST_CHARS


def _skip_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
