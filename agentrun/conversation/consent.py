"""What the caller has agreed to: calls that need their consent, each asked for by voice and run once.

The first time the model makes such a call it is not run, and the model is told to ask the caller. It may make
the call again once the agent has spoken *and then* the caller has had a turn. The consent is for these very
arguments, for one run, and it grows old: what the caller said a few turns later meant something else. What
the caller said is the model's to understand; that nothing runs before they could say no is certain.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass

from agentrun.wire.json import render_canonical

LONGEST_TURNS = 3
"""For so many turns of the caller after the question a consent is good."""
_MOST_OPEN = 32

ASK_FIRST = (
    "Not run yet: the caller must agree first. Tell the caller exactly what would be done, with these"
    " arguments, and ask. If they agree, make the same call again with the very same arguments."
)


@dataclass(slots=True)
class _Question:
    """A call that the caller must agree to; `spoken` once the agent has said something since."""

    spoken: bool = False
    turns: int = 0


class Consent:
    """The open questions of one call."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[str, str], _Question] = OrderedDict()

    def take(self, tool: str, arguments: str) -> bool:
        """Whether the caller may have agreed to this; it is used up. If not, the question is open now."""
        key = (tool, _normalise(arguments))
        question = self._open.pop(key, None)
        if question is not None and 1 <= question.turns <= LONGEST_TURNS:
            return True
        # a call that is repeated before the caller had a turn is the same question still
        self._open[key] = question if question is not None and not question.turns else _Question()
        if len(self._open) > _MOST_OPEN:
            self._open.popitem(last=False)
        return False

    def note_spoken(self) -> None:
        """The agent says something to the caller."""
        for question in self._open.values():
            question.spoken = True

    def note_turn(self) -> None:
        """The caller had a turn."""
        for question in self._open.values():
            question.turns += question.spoken


def _normalise(arguments: str) -> str:
    """Return the same text for the same arguments, however they are written."""
    try:
        return render_canonical(json.loads(arguments or "{}"))
    except (ValueError, RecursionError):
        return arguments
