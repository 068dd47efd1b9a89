"""Which tool the caller's words ask for.

Words of the caller are looked up in the words of each tool: its name counts most, then the first sentence of
its description, then its parameters. Words that many tools share count less. Two rules keep the caller safe:
a tool that *does* something (cancels, books, pays) is hardly ever chosen unless that action was named, and
never if it was named in order to rule it out ("don't cancel it").
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from agentrun.engine.responders.rehearsal.lexicon import ACTIONS, WEAK_CONCEPTS
from agentrun.engine.responders.rehearsal.slots import Slot, Tool
from agentrun.engine.responders.rehearsal.spelling import find_codes
from agentrun.engine.responders.rehearsal.words import Word, read_words

THRESHOLD = 2.0
"""About one word of a tool's name, or two of its description."""

MENTION = 1.3
"""Enough where only one tool comes into question."""

_NAME, _FIRST_SENTENCE, _REST, _SLOT, _OPTION, _SLOT_TEXT = 3.0, 1.6, 0.9, 1.0, 1.6, 0.6
_CONCEPT, _WEAK_CONCEPT, _WEAK_STEM = 0.85, 0.4, 0.6
_UNNAMED_ACTION, _OTHER_ACTION, _NOT_ASKED, _STATE_ASKED = 0.35, 0.5, 0.6, 0.2
_CODE_BONUS = 1.0
_LOOK_ASKED, _POSSIBILITY_ASKED, _ABOUT_WANTED = 1.2, 1.5, 0.6
_ABOUT_AN_ORDER = frozenset({"*lookup", "*price", "*number", "history", "detail", "info", "information"})
_NEGATED = re.compile(
    r"\b(?:don't|do not|dont|never|no need to|rather than|instead of|without|not(?: to)?)\s+((?:\w+\s*){1,3})"
    r"|([가-힣]+)지는?\s?(?:말|마|않)|([가-힣]+)\s?말고",
    re.I,
)
_ASKS_ABOUT = re.compile(r"^\W*(?:what|when|which|do i have|is my|tell me)\b|언제|몇 ?시|무슨|어떤", re.I)
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
_IS_POSSIBLE = re.compile(r"수 ?있")
_BOOKED_BEFORE = re.compile(
    r"예약(?:이|은|을|도|해)?\s?(?:있|했|한\s|돼\s?있|되어\s?있|놓|놨|둔|뒀)|예약(?:이|은)?\s?언제"
    r"|\b(?:have|had|got|made|there(?:'s| is)) (?:an? |the )?(?:appointment|reservation|booking)s?\b",
    re.I,
)
_TROUBLE = re.compile(
    r"\b(?:not|isn'?t|won'?t|doesn'?t|don'?t|can'?t|cannot|stopped|no longer) "
    r"(?:work|working|works|start|starting|connect|connecting|load|loading|charge|charging)\b"
    r"|(?:작동|연결|접속)이?\s?(?:안|되지)|안\s?(?:돼요|되네요|켜져|나와)|먹통",
    re.I,
)
_PRINTED = re.compile(r"\b(?:an?|the|my|your|this|that|these|which|what|\w+ed) books?\b|\bbooks\b", re.I)
_HANG_UP = re.compile(
    r"\b(?:hang ?up|end(?:s|ing)? (?:the |this )?(?:phone )?call|finish(?:es)? the call)\b"
    r"|전화를? ?(?:끊|종료)|통화를? ?(?:끊|종료)",
    re.I,
)
_EXPLICIT_DEMAND = re.compile(
    r"\b(?:ask|wait|get|obtain|require|need)\w*\b.{0,60}\bconfirm"
    r"|\bconfirm\w*\b.{0,40}\b(?:before|first|with the)\b"
    r"|\b(?:before|only after|unless|until|once|when)\b.{0,60}\bconfirm|\bconfirm with\b"
    r"|\b(?:wait for|get|hear) (?:a |an |the )?(?:\w+ )?yes\b|\bread (?:it |them |everything )?back\b"
    r"|\bexplicit (?:consent|approval|yes)"
    r"|확인을? ?(?:받|한 뒤|한 후|하고)|(?:정말|전에).{0,30}확인|동의를? ?받",
    re.I,
)
_GENERAL_DEMAND = re.compile(
    r"\bbefore\b.{0,120}\b(?:yes|confirm|repeat|read back|ask)|\b(?:yes|confirm|ask)\w*\b.{0,60}\bbefore\b"
    r"|전에.{0,60}(?:다시 말|확인|물어|대답|동의)",
    re.I | re.S,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A tool, and how much speaks for it."""

    tool: Tool
    score: float


def rank_tools(said: str, tools: Sequence[Tool]) -> list[Choice]:
    """Return the tools with their scores, best first; tools that end the call are not among them."""
    offered = [tool for tool in tools if not is_hang_up(tool)]
    negated = find_negated_actions(said)
    said = _TROUBLE.sub(" problem ", said)
    words = read_words(_NEGATED.sub(_leave_out_action, said))
    actions = _find_said_actions(words, said)
    profiles = {tool.name: _weigh_tool(tool) for tool in offered}
    commonness = {term: _rarity(term, profiles) for word in words for term in word.terms}
    ranked = []
    distinct = list({word.stem: word for word in words}.values())
    for tool in offered:
        base = sum(_score_word(word, profiles[tool.name], commonness) for word in distinct)
        score = (base + (_CODE_BONUS if base and _says_code(said, tool) else 0)) * _fit_action(
            tool, actions, said
        )
        score *= _fit_availability(tool, words, said)
        ranked.append(Choice(tool, 0.0 if find_actions(tool) & negated else score))
    return sorted(ranked, key=lambda choice: -choice.score)


def choose_tool(said: str, tools: Sequence[Tool]) -> Choice | None:
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


def find_said_actions(said: str) -> frozenset[str]:
    """Return what a text asks to be done, as actions of the lexicon."""
    return _find_said_actions(read_words(said), said)


def is_hang_up(tool: Tool) -> bool:
    """Whether a tool ends the call."""
    return bool(_HANG_UP.search(tool.words) or (_HANG_UP.search(tool.description) and not tool.slots))


@lru_cache(maxsize=512)
def _find_text_actions(text: str) -> frozenset[str]:
    return frozenset(concept for word in read_words(text) for concept in word.concepts) & ACTIONS.keys()


def find_actions(tool: Tool) -> frozenset[str]:
    """Return what a tool does to the world, as actions of the lexicon; a tool that only looks has none."""
    words = read_words(tool.words)
    if words and ("lookup" in words[0].concepts or _is_about(words)):
        return frozenset()
    verb = words[0].concepts & ACTIONS.keys() if words else frozenset()
    named = verb or _find_text_actions(tool.words)
    speaks = bool(words) and words[0].stem.isascii()
    return named if named or speaks else _find_text_actions(_first_sentence(tool.description))


def _is_about(words: Sequence[Word]) -> bool:
    """Whether a name means what is known of a thing ("ticket status"), not what is done to it."""
    tells = len(words) > 1 and bool(words[-1].terms & _ABOUT_AN_ORDER)
    return tells and not words[0].concepts & {"change", "create"}


def find_negated_actions(said: str) -> frozenset[str]:
    """Return the actions that a text rules out."""
    negated = (group for match in _NEGATED.finditer(said) for group in match.groups() if group)
    return frozenset().union(*(_find_text_actions(group) for group in negated))


def _leave_out_action(negated: re.Match[str]) -> str:
    """Return nothing for an action that is ruled out; "has not arrived" rules nothing out."""
    return " " if _find_text_actions(negated[0]) else negated[0]


def demands_confirmation(tool: Tool, instructions: str) -> bool:
    """Whether the tool's description or the instructions want a clear yes before the tool is used."""
    if "confirm" in tool.words.split():
        return False
    if _EXPLICIT_DEMAND.search(tool.description):
        return True
    actions = find_actions(tool)
    return any(
        _GENERAL_DEMAND.search(sentence) and actions & _find_text_actions(sentence)
        for sentence in re.split(r"(?<=[.!?])\s+|\n(?=\s*[-*#])|\n\n", instructions)
    )


def _find_said_actions(words: Sequence[Word], said: str) -> frozenset[str]:
    """Return the actions that are asked for; "my appointment" names a thing where something else is asked."""
    concepts = {concept for word in words for concept in word.concepts}
    actions = concepts & ACTIONS.keys()
    if _BOOKED_BEFORE.search(said) or _PRINTED.search(said):
        return frozenset(actions - {"book"})
    if "book" in actions and (
        len(actions) > 1 or concepts & {"lookup", "available"} or _ASKS_ABOUT.search(said)
    ):
        actions = actions - {"book"} if not _says_to_book(words) else actions
    return frozenset(actions)


def _says_to_book(words: Sequence[Word]) -> bool:
    return any(word.stem in ("book", "reserv", "schedul", "arrang") for word in words)


def _fit_action(tool: Tool, said: frozenset[str], text: str) -> float:
    own = find_actions(tool)
    if _ASKS_STATE.search(text):
        return _STATE_ASKED if own or _is_setter(tool) else _LOOK_ASKED
    if own & said:
        return 1.3
    if _WANTS.search(text) and _is_about(read_words(tool.words)):
        return _ABOUT_WANTED
    if own & {"book", "buy"} and not said and _WANTS.search(text):
        return 1.3
    factor = _UNNAMED_ACTION if own - {"report", "switch", "play", "buy"} else 1.0
    return factor * (_OTHER_ACTION if said - {"escalate", "switch", "buy"} else 1.0)


def _is_setter(tool: Tool) -> bool:
    """Whether a tool makes something, so that a question about what there is does not mean it."""
    words = read_words(tool.words)
    if not words or words[0].text.endswith("ing"):  # such as "opening hours"
        return False
    orders = words[0].stem == "order" and len(words) > 1 and not words[1].terms & _ABOUT_AN_ORDER
    return orders or "create" in words[0].concepts


def _fit_availability(tool: Tool, words: Sequence[Word], said: str) -> float:
    """Return less than 1 for a tool that finds what is free where the caller does not ask for that."""
    offers = any("available" in word.concepts for word in read_words(tool.words))
    if offers and _IS_POSSIBLE.search(said):
        return _POSSIBILITY_ASKED
    asks = any("available" in word.concepts for word in words) or _MAY_BE_FREE.search(said)
    return _NOT_ASKED if offers and not asks else 1.0


def _score_word(word: Word, profile: Mapping[str, float], rarity: Mapping[str, float]) -> float:
    weak = bool(word.concepts) and word.concepts <= WEAK_CONCEPTS
    return max(profile.get(term, 0.0) * _term_factor(term, weak) * rarity[term] for term in word.terms)


def _term_factor(term: str, weak: bool) -> float:
    if not term.startswith("*"):
        return _WEAK_STEM if weak else 1.0
    return _WEAK_CONCEPT if term[1:] in WEAK_CONCEPTS else _CONCEPT


def _rarity(term: str, profiles: Mapping[str, Mapping[str, float]]) -> float:
    """Return 1 for a term of one tool, less for a term of many."""
    holders = sum(term in profile for profile in profiles.values())
    return 1.0 if holders < 2 else 1 / (1 + 0.5 * math.log(holders))


def _says_code(said: str, tool: Tool) -> bool:
    patterns = (slot.pattern for slot in tool.slots if slot.kind == "code" and slot.required)
    return any(pattern is not None and find_codes(said, pattern) for pattern in patterns)


@lru_cache(maxsize=256)
def _weigh_text(text: str, weight: float) -> dict[str, float]:
    return {term: weight for word in read_words(text) for term in word.terms}


def _weigh_tool(tool: Tool) -> dict[str, float]:
    weights: dict[str, float] = {}
    for text, weight in _iter_texts(tool):
        for term, value in _weigh_text(text, weight).items():
            weights[term] = max(weights.get(term, 0.0), value)
    return weights


def _iter_texts(tool: Tool) -> Iterator[tuple[str, float]]:
    first = _first_sentence(tool.description)
    yield tool.words, _NAME
    yield first, _FIRST_SENTENCE if re.search("[a-z]", tool.words) else _NAME
    yield tool.description[len(first) :], _REST
    for slot in tool.slots:
        yield from _iter_slot_texts(slot)


def _iter_slot_texts(slot: Slot) -> Iterator[tuple[str, float]]:
    yield slot.words, _SLOT
    yield slot.description, _SLOT_TEXT
    options = slot.options or (slot.slots[0].options if slot.kind == "list" and slot.slots else [])
    for option in options[:50]:
        yield str(option).replace("_", " "), _OPTION


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.!?])\s|\n", text, maxsplit=1)[0]
