"""What a tool does to the world, and what a caller asks to be done.

A tool's own words say whether it acts: the verb of its name (`cancel_order`), else the verbs of its
description. A tool that acts is treated with more care than one that only looks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from agentrun.engine.responders.rehearsal.lexicon import ACTIONS
from agentrun.engine.responders.rehearsal.slots import Tool
from agentrun.engine.responders.rehearsal.words import Word, read_words

_ABOUT_AN_ORDER = frozenset({"*lookup", "*price", "*number", "history", "detail", "info", "information"})
_LOOKING_TEXT = """
get list find show read check search lookup look fetch tell view query track retrieve describe count is has
"""
_LOOKING = frozenset(_LOOKING_TEXT.split())
_SCHEDULE = re.compile(r"\b(?:the|a|my|your|class|bus|train|this|next) schedule\b|^\W*schedule\W*$", re.I)
_CLOSING = re.compile(
    r"\b(?:close|terminate|end) (?:the |my |an |this )?(?:\w+ )?"
    r"(?:accounts?|contracts?|memberships?|polic(?:y|ies)|subscriptions?)\b"
    r"|(?:계좌|계정|계약)을?를? ?(?:해지|닫)",
    re.I,
)
_NEGATED = re.compile(
    r"\b(?:don't|do not|dont|never|no need to|rather than|instead of|without|not(?: to)?)\s+((?:\w+\s*){1,3})"
    r"|((?:(?:예약|주문|진료|배송|결제)\s)?[가-힣]+)지는?\s?(?:말|마|않)|([가-힣]+)\s?말고",
    re.I,
)
_ASKS_ABOUT = re.compile(r"^\W*(?:what|when|which|do i have|is my|tell me)\b|언제|몇 ?시|무슨|어떤", re.I)
_BOOKED_BEFORE = re.compile(
    r"예약(?:이|은|을|도|해)?\s?(?:있|했|한\s|돼\s?있|되어\s?있|놓|놨|둔|뒀)|예약(?:이|은)?\s?언제"
    r"|\b(?:have|had|got|made|there(?:'s| is)) (?:an? |the )?(?:appointment|reservation|booking)s?\b",
    re.I,
)
_PRINTED = re.compile(r"\b(?:an?|the|my|your|this|that|these|which|what|\w+ed) books?\b|\bbooks\b", re.I)
_HANG_UP = re.compile(
    r"\b(?:hang ?up|end(?:s|ing)? (?:the |this )?(?:phone )?call|finish(?:es)? the call)\b"
    r"|전화를? ?(?:끊|종료)|통화를? ?(?:끊|종료)",
    re.I,
)
_HAND_OVER_NAME = re.compile(
    r"^(?:hand ?off|hand over|escalate|transfer to|transfer call|transfer agents?|forward call|route to"
    r"|connect to|connect caller|put through|switch to \w+ agent)\b"
    r"|^(?:transfer|connect|forward|redirect|route) .*\b(?:agent|human|person|operator|desk|team)\b",
    re.I,
)
_HAND_OVER_TEXT = re.compile(
    r"\bhand(?:s|ed|ing)?[ -]?(?:off|over)\b"
    r"|\b(?:transfer|connect|forward|put|switch|redirect|escalate)(?:s|ring|ing)? (?:the |this |a )?"
    r"(?:call|caller|user|customer|conversation|guest|patient)\b"
    r"|(?:상담원|상담사|직원|담당자|부서|담당)[^.]{0,12}(?:연결|넘기|넘겨|돌려|바꿔)",
    re.I,
)
_PUT_THROUGH = re.compile(
    r"\b(?:put|connect|transfer|pass|switch) me\b|\b(?:speak|talk) (?:to|with)\b|연결해|바꿔 ?(?:주|줘)",
    re.I,
)


def find_said_actions(said: str) -> frozenset[str]:
    """Return what a text asks to be done, as actions of the lexicon."""
    return pick_said_actions(read_words(said), said)


def pick_said_actions(words: Sequence[Word], said: str) -> frozenset[str]:
    """Return the actions that are asked for; "my appointment" names a thing where something else is asked.

    Args:
        words: of the text, perhaps without what it rules out.
        said: the text.

    """
    concepts = {concept for word in words for concept in word.concepts}
    actions = concepts & ACTIONS.keys()
    if _CLOSING.search(said):
        actions = actions | {"cancel"}
    if _PUT_THROUGH.search(said):
        actions = (actions - {"send"}) | {"escalate"}
    if any(pattern.search(said) for pattern in (_BOOKED_BEFORE, _PRINTED, _SCHEDULE)):
        return frozenset(actions - {"book"})
    if "book" in actions and (
        len(actions) > 1 or concepts & {"lookup", "available"} or _ASKS_ABOUT.search(said)
    ):
        actions = actions - {"book"} if not _says_to_book(words) else actions
    return frozenset(actions)


def is_hang_up(tool: Tool) -> bool:
    """Whether a tool ends the call."""
    return bool(_HANG_UP.search(tool.words) or (_HANG_UP.search(tool.description) and not tool.slots))


@lru_cache(maxsize=512)
def is_handoff(tool: Tool) -> bool:
    """Whether a tool hands the caller over to somebody else: an agent, a department, a person."""
    if any(slot.kind == "number" for slot in tool.slots):  # money is transferred as well
        return False
    return bool(_HAND_OVER_NAME.search(tool.words) or _HAND_OVER_TEXT.search(tool.description))


@lru_cache(maxsize=512)
def find_actions(tool: Tool) -> frozenset[str]:
    """Return what a tool does to the world, as actions of the lexicon; a tool that only looks has none."""
    if is_handoff(tool):
        return frozenset({"escalate"})
    words = read_words(tool.words)
    if tool.words.split(" ", 1)[0] in _LOOKING or (
        words and ("lookup" in words[0].concepts or is_about(words))
    ):
        return frozenset()
    if _CLOSING.search(tool.words):
        return frozenset({"cancel"})
    verb = words[0].concepts & ACTIONS.keys() if words else frozenset()
    named = verb or find_text_actions(tool.words)
    speaks = bool(words) and words[0].stem.isascii()
    return named if named or speaks else find_text_actions(first_sentence(tool.description))


def is_about(words: Sequence[Word]) -> bool:
    """Whether a name means what is known of a thing ("ticket status"), not what is done to it."""
    tells = len(words) > 1 and bool(words[-1].terms & _ABOUT_AN_ORDER)
    return tells and not words[0].concepts & {"change", "create"}


@lru_cache(maxsize=512)
def is_setter(tool: Tool) -> bool:
    """Whether a tool makes something, so that a question about what there is does not mean it."""
    words = read_words(tool.words)
    if not words or words[0].text.endswith("ing"):  # such as "opening hours"
        return False
    orders = words[0].stem == "order" and len(words) > 1 and not words[1].terms & _ABOUT_AN_ORDER
    return orders or "create" in words[0].concepts


@lru_cache(maxsize=1024)
def find_text_actions(text: str) -> frozenset[str]:
    """Return the actions that the words of a text stand for."""
    return frozenset(concept for word in read_words(text) for concept in word.concepts) & ACTIONS.keys()


def find_negated_actions(said: str) -> frozenset[str]:
    """Return the actions that a text rules out."""
    negated = (group for match in _NEGATED.finditer(said) for group in match.groups() if group)
    return frozenset().union(*(find_text_actions(group) for group in negated))


def leave_out_negated(said: str) -> str:
    """Return a text without the actions that it rules out; "has not arrived" rules nothing out."""
    return _NEGATED.sub(lambda match: " " if find_text_actions(match[0]) else match[0], said)


def first_sentence(text: str) -> str:
    """Return the first sentence or line of a description."""
    return re.split(r"(?<=[.!?])\s|\n", text, maxsplit=1)[0]


def _says_to_book(words: Sequence[Word]) -> bool:
    return any(word.stem in ("book", "reserv", "schedul", "arrang") for word in words)
