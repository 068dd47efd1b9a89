"""Several wishes in one utterance: "Where is A1001, and cancel A1002".

A text is cut only where what follows is clearly a wish of its own: it names an action, asks a question or
wants to be put through, and it means another tool, or the same one with another value ("turn on the kitchen
light and turn off the hall light"). Everything else belongs to the wish before it.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from itertools import islice

from agentrun.engine.responders.rehearsal.actions import find_actions, find_said_actions, is_handoff
from agentrun.engine.responders.rehearsal.choice import THRESHOLD, Choice, choose_tool
from agentrun.engine.responders.rehearsal.filling import fill_tool, is_correction
from agentrun.engine.responders.rehearsal.instructions import is_question
from agentrun.engine.responders.rehearsal.lexicon import ACTIONS
from agentrun.engine.responders.rehearsal.slots import Tool
from agentrun.engine.responders.rehearsal.words import read_words

_SEAM = re.compile(
    r"[.;!?]\s+(?:(?:and|also|then|plus)\s+)?"
    r"|,?\s+(?:and then|and also|and|then|also|plus)\s+(?:also\s+|please\s+)?|,\s+"
    r"|(?<=[가-힣]고)[,.]?\s+|(?<=[가-힣]랑)\s+|\s*그리고\s+",
    re.I,
)
_MOST_WISHES, _MOST_SEAMS = 4, 12
_LONGEST = 400
"""Characters; a longer text is a story, and not a list of wishes."""
_VERBAL = frozenset({*ACTIONS, "lookup", "create"})
_VERBS_TEXT = "turn set play tell show give check find look get put make read let send start stop"
_VERBS = frozenset(_VERBS_TEXT.split())
_KO_ORDER = re.compile(r"(?:주세요|줘요?|주실래요|주시겠어요|싶어요|할게요|할래요|까요|나요)[.?!]*$")


@dataclass(frozen=True, slots=True)
class Wish:
    """A stretch of a text, and the tool that it means where its words alone do not tell."""

    text: str
    tool: Tool | None = None


def split_wishes(text: str, tools: tuple[Tool, ...], now: datetime.datetime) -> list[Wish]:
    """Return the stretches of a text that each hold one wish, at least one; the first may hold none."""
    wishes: list[Wish] = []
    start, meant = 0, None
    for seam in islice(_SEAM.finditer(text), _MOST_SEAMS if len(text) <= _LONGEST else 0):
        before, clause = text[start : seam.start()].strip(" ,.;"), _find_clause(text, seam.end())
        if not before or len(wishes) + 1 == _MOST_WISHES:
            continue
        current, chosen = choose_tool(before, tools), _find_wish(clause, tools)
        tool = meant or (current.tool if current else None)
        own = chosen is not None and chosen.tool is not tool
        if chosen and own and _shares_verb(before, clause, chosen.tool, now):
            tool = meant = chosen.tool
            own = False
        elif not own and (tool is None or not _differs(before, clause, tool, now, named=chosen is not None)):
            continue
        wishes.append(Wish(before, meant))
        start, meant = seam.end(), None if own else tool
    return [*wishes, Wish(text[start:].strip(), meant)]


def _find_clause(text: str, start: int) -> str:
    """Return the text from a seam to the next one."""
    following = _SEAM.search(text, start)
    return text[start : following.start() if following else len(text)]


def _find_wish(clause: str, tools: tuple[Tool, ...]) -> Choice | None:
    """Return the tool that a clause clearly asks for by itself."""
    chosen = choose_tool(clause, tools)
    if chosen is None or chosen.score < THRESHOLD or is_correction(clause):
        return None
    actions, said = find_actions(chosen.tool), find_said_actions(clause)
    if is_handoff(chosen.tool):
        return chosen if "escalate" in said else None
    if actions:
        return chosen if (actions & said) - {"report"} else None
    return chosen if is_question(clause) or _is_order(clause, chosen.tool) else None


def _is_order(clause: str, tool: Tool) -> bool:
    """Whether a clause tells somebody to do something: it begins with a verb, or ends as Korean orders do."""
    first = next(iter(clause.lower().removeprefix("please ").split()), "")
    words = read_words(first)
    verbs = bool(words) and bool(words[0].concepts & _VERBAL)
    return first in _VERBS or first == tool.words.split(" ", 1)[0] or verbs or bool(_KO_ORDER.search(clause))


def _shares_verb(before: str, clause: str, tool: Tool, now: datetime.datetime) -> bool:
    """Whether the verb at the end is meant for both: 내일은 염색이랑 모레는 커트 예약해 주세요."""
    return not find_said_actions(before) and _differs(before, clause, tool, now, named=False)


def _differs(before: str, clause: str, tool: Tool, now: datetime.datetime, *, named: bool) -> bool:
    """Whether two clauses give slots of a tool different values: one where it is named again, else two.

    "Turn on the kitchen light and turn on the hall light", but also "yoga on Monday and pilates on Tuesday".
    """
    if is_correction(clause):
        return False
    first, second = fill_tool(tool, before, now), fill_tool(tool, clause, now)
    different = [key for key in first.keys() & second.keys() if first[key] != second[key]]
    return len(different) >= (1 if named else 2)
