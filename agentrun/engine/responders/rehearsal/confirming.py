"""Which tools are read back to the caller and wait for a yes.

A mind that reads only what any client sends knows a tool that writes by its words. A tool is read back

1. if its description asks for it ("ask the caller to confirm before you use this");
2. if the instructions ask for it, in a sentence on that action ("before you cancel an order, wait for a clear
   yes") or on everything that changes something;
3. in any case if it takes something away, moves money or alters what stands, by the verb of its name:
   cancel, delete, change, move, refund, pay, transfer. A wrong booking can be cancelled; a wrong
   cancellation is hard to undo.

Instructions that waive it ("do not ask for confirmation") are followed, but for the first rule.
"""

from __future__ import annotations

import re
from functools import lru_cache

from agentrun.engine.responders.rehearsal.actions import (
    find_actions,
    find_text_actions,
    is_handoff,
    is_setter,
)
from agentrun.engine.responders.rehearsal.slots import Tool

_WEIGHTY = frozenset({"cancel", "change", "refund", "pay", "send"})
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
_ANY_WRITE = re.compile(
    r"\b(?:any|every|all|each)\b.{0,30}\b(?:chang|writ|action|modif|alter)\w*"
    r"|\b(?:chang|writ|modif|alter)\w* (?:anything|something|data)\b"
    r"|(?:변경|바꾸|수정)[^.]{0,10}(?:모든|무엇)|모든 (?:변경|작업|처리)",
    re.I,
)
_WAIVED = re.compile(
    r"\b(?:do not|don't|never|no need to|without)\s+(?:\w+ ){0,3}?(?:ask\w* (?:\w+ ){0,3}?)?confirm\w*"
    r"|확인(?:을|은)? ?(?:하지|받지|묻지) ?(?:말|마|않)|확인 ?없이",
    re.I,
)
_SENTENCES = re.compile(r"(?<=[.!?])\s+|\n(?=\s*[-*#])|\n\n")


@lru_cache(maxsize=512)
def needs_confirmation(tool: Tool, instructions: str) -> bool:
    """Whether the caller has to say yes before the tool is used."""
    if "confirm" in tool.words.split():
        return False
    if _EXPLICIT_DEMAND.search(_WAIVED.sub(" ", tool.description)):
        return True
    if is_handoff(tool) or _WAIVED.search(tool.description) or _WAIVED.search(instructions):
        return False
    actions = find_actions(tool)
    return bool(actions & _WEIGHTY) or any(
        _GENERAL_DEMAND.search(sentence) and _speaks_of(tool, sentence)
        for sentence in _SENTENCES.split(instructions)
    )


def _speaks_of(tool: Tool, sentence: str) -> bool:
    """Whether a demand is made of this tool: of what it does, or of all that changes something."""
    actions = find_actions(tool)
    if actions & find_text_actions(sentence):
        return True
    return bool(_ANY_WRITE.search(sentence)) and bool(actions or is_setter(tool))
