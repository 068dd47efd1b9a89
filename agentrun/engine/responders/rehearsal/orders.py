"""What the agent is ordered to say: by a response's own instructions, a note in the conversation, a rule.

Rules stand in the session's instructions: `If the caller asks about refunds, say exactly: "…"`,
`Whatever the caller says, answer "…"`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from agentrun.engine.responders.rehearsal.dialogue import read_dialogue, read_newest_note
from agentrun.engine.responders.rehearsal.instructions import (
    find_described_words,
    find_exact_words,
    find_greeting,
    find_role,
    is_goodbye_order,
    is_greeting_order,
)
from agentrun.engine.responders.rehearsal.speaking import pick_language
from agentrun.engine.responders.rehearsal.words import read_words
from agentrun.engine.seams import Prompt

_ORDER_LENGTH = 400
_QUOTE = r"[\"“「](?P<{0}>[^\"”」\n]{{1,300}})[\"”」]"
_RULE = re.compile(
    r"\b(?:if|when|whenever|in case)\s+(?P<when>[^\n\"“]{3,160}?),?\s*"
    r"(?:then\s+)?(?:you\s+(?:must\s+|should\s+)?)?(?:always\s+|just\s+|only\s+)?"
    r"(?:say|answer|reply|respond|tell (?:them|him|her|the caller))\b[^\"“\n.]{0,60}"
    + _QUOTE.format("en")
    + r"|(?P<ko_when>[^\n.\"“]{2,80}?면)[^\n\"“.]{0,20}"
    + _QUOTE.format("ko")
    + r"\s?(?:라고|이라고)\s?(?:만\s?)?(?:말|답|대답|안내)",
    re.I,
)
_ALWAYS = re.compile(
    r"\b(?:whatever (?:the caller|they|the user|is|you)[^\n\"“,]{0,60},?|always|only ever|to everything)\s*"
    r"(?:just\s+)?(?:say|answer|reply|respond)(?:s|ing)?\b(?!\s+(?:that|hello|goodbye))[^\"“\n.]{0,40}"
    + _QUOTE.format("en")
    + r"(?!\s*(?:when|if|at|before|after)\b)",
    re.I,
)
_ASKING = re.compile(r"^(?:ask|want|say|mention|speak|talk|need|tell|request|call|customer|말|묻|물|질문)")
_EXACTLY = re.compile(r"\b(?:exactly|word for word|verbatim)\b|그대로|똑같이", re.I)
_FITS = 0.5


def find_ordered_words(prompt: Prompt) -> str | None:
    """Return the words that this very response is ordered to say, or None if there is no such order."""
    if prompt.instructed:
        words = _say_as_instructed(prompt)
        if words is not None:
            return words
    note = read_newest_note(prompt.items)
    return (find_exact_words(note) or find_described_words(note)) if note else None


def _say_as_instructed(prompt: Prompt) -> str | None:
    """Return the words that the response's own instructions describe, or None if they describe none."""
    instructions = prompt.instructions
    exact = find_exact_words(instructions)
    if exact is not None:
        return exact
    short = len(instructions) < _ORDER_LENGTH
    if short and (is_greeting_order(instructions) or is_goodbye_order(instructions)):
        language = pick_language(read_dialogue(prompt.items), instructions, (), prompt.language)
        if is_goodbye_order(instructions):
            return language.phrase("goodbye")
        return find_greeting(instructions) or language.greet(find_role(instructions))
    described = find_described_words(instructions)
    if described is None and short and prompt.tool_choice == "none" and not prompt.items:
        # words in between, not a beginning
        return pick_language((), instructions, (), prompt.language).phrase("preamble")
    return described


def find_ruled_words(text: str, instructions: str) -> str | None:
    """Return what a rule of the session's instructions has the agent say to an utterance, or None."""
    said = {term for word in read_words(text) for term in word.terms}
    for when, words in _read_rules(instructions):
        terms = [term for term in when if term & said]
        if len(terms) > _FITS * len(when) or (not when and words):
            return words
    return None


def find_echo(text: str) -> str | None:
    """Return what a caller asks to be said word for word ("say exactly: hello"), or None."""
    return find_exact_words(text) if _EXACTLY.search(text) else None


@lru_cache(maxsize=64)
def _read_rules(instructions: str) -> tuple[tuple[tuple[frozenset[str], ...], str], ...]:
    """Return the rules as the terms of their conditions (none: always) and the words to say."""
    whole = find_exact_words(instructions)
    if whole is not None and "\n\n" not in instructions:
        return (((), whole),)
    rules = []
    for match in _RULE.finditer(instructions):
        when = [
            word.terms
            for word in read_words(match["when"] or match["ko_when"])
            if not _ASKING.search(word.stem) and not is_person(word.text)
        ]
        words = (match["en"] or match["ko"]).strip()
        if when:
            rules.append((tuple(when), words))
    always = _ALWAYS.search(instructions)
    return (*rules, *([((), always["en"].strip())] if always else []))


def is_person(word: str) -> bool:
    """Whether a word of a rule only names who speaks."""
    return word.lower() in (
        "caller",
        "callers",
        "someone",
        "somebody",
        "anyone",
        "user",
        "고객",
        "손님",
        "누가",
    )
