"""Which tool the caller's words ask for.

Words of the caller are looked up in the words of each tool: its name counts most, then the first sentence of
its description, the sentences of the instructions that name it, then its parameters. Words that many tools
share count less. Two rules keep the caller safe: a tool that *does* something (cancels, books, pays) is
hardly ever chosen unless that action was named, and never if it was named in order to rule it out ("don't
cancel it").
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from agentrun.engine.responders.rehearsal.actions import (
    find_actions,
    find_negated_actions,
    find_said_actions,
    first_sentence,
    is_about,
    is_handoff,
    is_hang_up,
    is_setter,
    leave_out_negated,
    pick_said_actions,
)
from agentrun.engine.responders.rehearsal.lexicon import WEAK_CONCEPTS
from agentrun.engine.responders.rehearsal.slots import Slot, Tool
from agentrun.engine.responders.rehearsal.spelling import find_codes
from agentrun.engine.responders.rehearsal.words import Word, read_words

THRESHOLD = 2.0
"""About one word of a tool's name, or two of its description."""

MENTION = 1.3
"""Enough where only one tool comes into question."""

_NAME, _FIRST_SENTENCE, _HINT, _REST, _SLOT, _OPTION, _SLOT_TEXT = 3.0, 1.6, 1.4, 0.9, 1.0, 1.6, 0.6
_CONCEPT, _WEAK_CONCEPT, _WEAK_STEM = 0.85, 0.4, 0.6
_UNNAMED_ACTION, _OTHER_ACTION, _NOT_ASKED, _STATE_ASKED = 0.35, 0.5, 0.6, 0.2
_CODE_BONUS, _OTHER_TROUBLE = 1.0, 0.3
_LOOK_ASKED, _POSSIBILITY_ASKED, _ABOUT_WANTED = 1.2, 1.5, 0.6
_ASKS_STATE = re.compile(
    r"^\W*(?:is|are|was|were|did|has|does|which|how (?:much|many))\b|^\W*what\b(?! about)|얼마|어떤", re.I
)
_WANTS = re.compile(
    r"\b(?:i|we)(?:'d| would)? (?:need|want|like)(?! to (?:know|check|see|find))\b"
    r"|\b(?:i|we)(?:'ll| will|'d| would) (?:take|have|go (?:for|with))\b|\bgive me\b"
    r"|\bcan (?:i|we) (?:get|have)\b|싶(?!은지)|원해|원합|받으려|보려고|가려고|받을게|갈게",
    re.I,
)
_MAY_BE_FREE = re.compile(r"\bcan\b|수 ?있|되나|될까", re.I)
_ASKS_WHAT_IS_FREE = re.compile(r"\b(?:do you have|have you got|got any|is there|are there)\b", re.I)
_IS_POSSIBLE = re.compile(r"수 ?있")
_TROUBLE = re.compile(
    r"\b(?:not|isn'?t|won'?t|doesn'?t|don'?t|can'?t|cannot|stopped|no longer) "
    r"(?:work|working|works|start|starting|connect|connecting|load|loading|charge|charging)\b"
    r"|\b(?:there is|there's|have|got) no (?=power|water|gas|electricity|internet|signal|connection)"
    r"|\b(?:is|are|went|gone) (?:down|dead|out)\b"
    r"|(?:작동|연결|접속)이?\s?(?:안|되지)|안\s?(?:돼요|되네요|켜져|나와)|먹통|(?:끊겼|나갔)(?:어요|습니다)",
    re.I,
)
_MONEY_BACK = re.compile(r"\bmoney back\b|돈(?:을)? 돌려", re.I)
_PICK_UP = re.compile(r"\bpick (?:it |them |this |(?:my|the|a) \w+ )?up\b", re.I)
_MY_NEW = re.compile(r"\bmy new (?=[\w -]{3,20} is\b)", re.I)
_POSSIBLE = re.compile(
    r"^\W*is (?:it|there) (?:possible|a way|any way|a chance|any chance)(?: for \w+)? to\b", re.I
)
_IN_OTHER_WORDS = (
    (_POSSIBLE, "please "),
    (_MY_NEW, "change my new "),
    (_TROUBLE, " problem "),
    (_MONEY_BACK, " refund "),
    (_PICK_UP, " book a pickup "),
)
"""What is said without the word for it: "my new address is …", "pick it up"."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A tool, and how much speaks for it."""

    tool: Tool
    score: float


@dataclass(frozen=True, slots=True)
class _Index:
    """What the tools of an agent say about themselves: weights by tool and term, and how rare a term is."""

    profiles: Mapping[Tool, Mapping[str, float]]
    rarity: Mapping[str, float]


@lru_cache(maxsize=2048)
def rank_tools(said: str, tools: tuple[Tool, ...]) -> tuple[Choice, ...]:
    """Return the tools with their scores, best first; tools that end the call are not among them.

    Cached, because each answer reads the conversation from its beginning.
    """
    index = _index_tools(tools)
    negated = find_negated_actions(said)
    for pattern, plain in _IN_OTHER_WORDS:
        said = pattern.sub(plain, said)
    words = read_words(leave_out_negated(said))
    actions = pick_said_actions(words, said)
    distinct = list({word.stem: word for word in words}.values())
    ranked = []
    for tool, profile in index.profiles.items():
        score = sum(_score_word(word, profile, index.rarity) for word in distinct)
        if score:
            score += _CODE_BONUS if _says_code(said, tool) else 0
            score *= _fit_action(tool, actions, said) * _fit_availability(tool, words, said)
            score *= _fit_trouble(tool, distinct)
        ranked.append(Choice(tool, 0.0 if find_actions(tool) & negated else score))
    return tuple(sorted(ranked, key=lambda choice: -choice.score))


def choose_tool(said: str, tools: tuple[Tool, ...]) -> Choice | None:
    """Return the best tool if enough speaks for it.

    Less is enough for one that stands out, if it only looks or does just what the caller asks to be done.
    """
    ranked = [choice for choice in rank_tools(said, tools) if choice.score > 0]
    if not ranked:
        return None
    best, second = ranked[0], ranked[1].score if len(ranked) > 1 else 0.0
    actions = find_actions(best.tool)
    asked = not actions or actions & find_said_actions(said) or _WANTS.search(said)
    stands_out = best.score >= MENTION and best.score >= second * 1.2 and asked
    return best if best.score >= THRESHOLD or stands_out else None


def _fit_action(tool: Tool, said: frozenset[str], text: str) -> float:
    own = find_actions(tool)
    if is_handoff(tool):
        return 1.3 if own & said else 1.0  # a matter is enough to be put through
    if _ASKS_STATE.search(text):
        return _STATE_ASKED if own or is_setter(tool) else _LOOK_ASKED
    if own & said:
        return 1.3
    if _WANTS.search(text) and is_about(read_words(tool.words)):
        return _ABOUT_WANTED
    if own & {"book", "buy"} and not said and _WANTS.search(text):
        return 1.3
    factor = _UNNAMED_ACTION if own - {"report", "switch", "play", "buy"} else 1.0
    return factor * (_OTHER_ACTION if said - {"escalate", "switch", "buy"} else 1.0)


def _fit_availability(tool: Tool, words: Sequence[Word], said: str) -> float:
    """Return less than 1 for a tool that finds what is free where the caller does not ask for that."""
    offers = any("available" in word.concepts for word in read_words(tool.words))
    if offers and _IS_POSSIBLE.search(said):
        return _POSSIBILITY_ASKED
    if offers and _ASKS_WHAT_IS_FREE.search(said):
        return _LOOK_ASKED
    asks = any("available" in word.concepts for word in words) or _MAY_BE_FREE.search(said)
    return _NOT_ASKED if offers and not asks else 1.0


def _fit_trouble(tool: Tool, words: Sequence[Word]) -> float:
    """Return less than 1 for a tool that reports one thing (an outage) where trouble with another is told."""
    if find_actions(tool) != {"report"}:
        return 1.0
    things = [word for word in read_words(tool.words) if not word.concepts & {"report", "create"}]
    named = any(word.terms & thing.terms for word in words for thing in things)
    return 1.0 if named or not things else _OTHER_TROUBLE


def _score_word(word: Word, profile: Mapping[str, float], rarity: Mapping[str, float]) -> float:
    weak = bool(word.concepts) and word.concepts <= WEAK_CONCEPTS
    return max(
        (profile[term] * _term_factor(term, weak) * rarity[term] for term in word.terms if term in profile),
        default=0.0,
    )


def _term_factor(term: str, weak: bool) -> float:
    if not term.startswith("*"):
        return _WEAK_STEM if weak else 1.0
    return _WEAK_CONCEPT if term[1:] in WEAK_CONCEPTS else _CONCEPT


@lru_cache(maxsize=64)
def _index_tools(tools: tuple[Tool, ...]) -> _Index:
    profiles = {tool: _weigh_tool(tool) for tool in tools if not is_hang_up(tool)}
    holders = Counter(term for profile in profiles.values() for term in profile)
    return _Index(profiles, {term: _rarity(count) for term, count in holders.items()})


def _rarity(holders: int) -> float:
    """Return 1 for a term of one tool, less for a term of many."""
    return 1.0 if holders < 2 else 1 / (1 + 0.5 * math.log(holders))


def _says_code(said: str, tool: Tool) -> bool:
    patterns = (slot.pattern for slot in tool.slots if slot.kind == "code" and slot.required)
    return any(pattern is not None and find_codes(said, pattern) for pattern in patterns)


def _weigh_tool(tool: Tool) -> dict[str, float]:
    weights: dict[str, float] = {}
    for text, weight in _iter_texts(tool):
        for term in {term for word in read_words(text) for term in word.terms}:
            weights[term] = max(weights.get(term, 0.0), weight)
    return weights


def _iter_texts(tool: Tool) -> Iterator[tuple[str, float]]:
    first = first_sentence(tool.description)
    yield tool.words, _NAME
    yield first, _FIRST_SENTENCE if re.search("[a-z]", tool.words) else _NAME
    yield tool.description[len(first) :], _REST
    yield tool.hint, _HINT
    for slot in tool.slots:
        yield from _iter_slot_texts(slot)


def _iter_slot_texts(slot: Slot) -> Iterator[tuple[str, float]]:
    yield slot.words, _SLOT
    yield slot.description, _SLOT_TEXT
    options = slot.options or (slot.slots[0].options if slot.kind == "list" and slot.slots else [])
    for option in options[:50]:
        yield str(option).replace("_", " "), _OPTION
