"""The seam of the languages: what has to be said differently in each.

`detect_language` picks one by the caller's own words. Callers whose language has no module of its own hear as
few words of ours as possible: the words of the instructions, of the tools and of their results.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from agentrun.engine.responders.rehearsal.slots import Slot, Tool
from agentrun.wire.json import JsonObject, JsonValue

_OTHER_WORDS = frozenset(
    [
        "ich",
        "nicht",
        "und",
        "der",
        "die",
        "das",
        "ist",
        "wo",
        "meine",
        "mein",
        "bitte",
        "für",
        "wie",
        "je",
        "suis",
        "est",
        "le",
        "la",
        "les",
        "où",
        "mon",
        "ma",
        "une",
        "merci",
        "bonjour",
        "el",
        "los",
        "dónde",
        "está",
        "mi",
        "una",
        "por",
        "favor",
        "hola",
        "gracias",
        "il",
        "mio",
        "dov'è",
        "ciao",
        "grazie",
        "per",
        "onde",
        "minha",
        "está",
        "obrigado",
        "het",
        "een",
        "waar",
        "mijn",
    ]
)
_ENGLISH_WORDS = frozenset(
    [
        "i",
        "the",
        "is",
        "my",
        "where",
        "a",
        "an",
        "to",
        "and",
        "you",
        "what",
        "can",
        "please",
        "do",
        "it",
        "of",
        "for",
        "on",
        "in",
        "hello",
        "hi",
        "yes",
        "no",
        "me",
        "want",
        "need",
        "thanks",
        "with",
        "are",
        "i'd",
        "i'm",
        "cancel",
        "order",
        "book",
        "when",
        "how",
    ]
)


class Language(Protocol):
    """One language; every method returns something that can be spoken."""

    code: str

    def greet(self, role: str | None) -> str:
        """Open the call."""
        ...

    def ask(self, slot: Slot, *, again: bool) -> str:
        """Ask for a missing value; `again` if the answer was not understood."""
        ...

    def confirm(self, tool: Tool, arguments: JsonObject) -> str:
        """Say what is about to be done, and ask for a yes."""
        ...

    def verify(self, values: Sequence[str]) -> str:
        """Ask whether values that were heard unsurely are right."""
        ...

    def phrase(self, name: str) -> str:
        """Return a fixed phrase, see `english.PHRASES` for the names."""
        ...

    def describe_help(self, tools: Sequence[Tool]) -> str:
        """Say what the agent can do."""
        ...

    def describe_self(self, role: str | None) -> str:
        """Say who the agent is."""
        ...

    def tell_failure(self, message: str) -> str:
        """Say that something did not work, and why."""
        ...

    def tell_found(self, count: int) -> str:
        """Introduce several results."""
        ...

    def tell_pairs(self, pairs: Sequence[tuple[str, JsonValue]], subject: str | None) -> str:
        """Say keys and values (dates and times not yet spoken) as one sentence."""
        ...

    def join(self, parts: Sequence[str]) -> str:
        """Join with commas and an "and"."""
        ...

    def say_value(self, key: str, value: JsonValue) -> str:
        """Say one value."""
        ...


def detect_language(texts: Sequence[str], default: str | None = "en") -> str | None:
    """Return `en`, `ko` or `other` for what a caller said (newest last), or for instructions.

    Args:
        texts: looked at from the last one on, until one of them tells.
        default: returned where none does; also the language of words that could be of any.

    """
    for text in reversed(texts):
        if re.search("[가-힣]", text):
            return "ko"
        words = re.findall(r"\b[^\W\d_]+(?:'[^\W\d_]+)?\b", text.lower())
        if not words:
            continue
        if sum(not word.isascii() for word in words) * 2 > len(words):
            return "other"
        foreign = sum(word in _OTHER_WORDS for word in words)
        english = sum(word in _ENGLISH_WORDS for word in words)
        if foreign != english:
            return "other" if foreign > english else "en"
        if len(words) > 3:
            return "en" if default in (None, "ko") else default
    return default
