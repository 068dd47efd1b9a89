"""Several wishes in one utterance: "Where is A1001, and cancel A1002".

A text is cut only where what follows is clearly a wish of its own: it names an action, asks a question or
wants to be put through, and it means another tool, or the same one with another value ("turn on the kitchen
light and turn off the hall light"). Everything else belongs to the wish before it.
"""

from __future__ import annotations

import datetime
import re

from agentrun.engine.responders.rehearsal.actions import find_actions, find_said_actions, is_handoff
from agentrun.engine.responders.rehearsal.choice import THRESHOLD, Choice, choose_tool
from agentrun.engine.responders.rehearsal.filling import fill_tool, is_correction
from agentrun.engine.responders.rehearsal.instructions import is_question
from agentrun.engine.responders.rehearsal.slots import Tool
from agentrun.engine.responders.rehearsal.words import read_words

_SEAM = re.compile(
    r"[.;!?]\s+(?:(?:and|also|then|plus)\s+)?"
    r"|,?\s+(?:and then|and also|and|then|also|plus)\s+(?:also\s+|please\s+)?|,\s+"
    r"|(?<=[가-힣]고)[,.]?\s+|\s*그리고\s+",
    re.I,
)
_MOST_WISHES = 4
_LOOKS = frozenset({"lookup", "price", "available"})


def split_wishes(text: str, tools: tuple[Tool, ...], now: datetime.datetime) -> list[str]:
    """Return the stretches of a text that each hold one wish, at least one; the first may hold none."""
    starts, wish_start, current = [0], 0, None
    for seam in _SEAM.finditer(text):
        if len(starts) == _MOST_WISHES:
            break
        clause = _find_clause(text, seam.end())
        before = text[wish_start : seam.start()]
        chosen = _find_wish(clause, tools)
        if chosen is None or not read_words(before):
            continue
        current = choose_tool(before, tools)
        if (
            current is not None
            and current.tool is chosen.tool
            and not _differs(before, clause, chosen.tool, now)
        ):
            continue
        starts.append(seam.end())
        wish_start = seam.end()
    ends = [*starts[1:], len(text)]
    return [text[start:end].strip(" ,;") for start, end in zip(starts, ends, strict=True)]


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
    looks = any(word.concepts & _LOOKS for word in read_words(clause))
    return chosen if looks or is_question(clause) else None


def _differs(before: str, clause: str, tool: Tool, now: datetime.datetime) -> bool:
    """Whether two clauses give one slot of a tool different values."""
    first, second = fill_tool(tool, before, now), fill_tool(tool, clause, now)
    return any(second[key] != value for key, value in first.items() if key in second)
