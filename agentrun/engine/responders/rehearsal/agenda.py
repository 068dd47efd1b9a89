"""Calls that are agreed and not yet made.

A client that wants one call at a time gets the second when the first is answered. A response can also be cut
off before any call of it was made: then a word such as "hello?" goes on with them, and anything else drops
them, because nobody knows whether they are still wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from agentrun.engine.responders.rehearsal.dialogue import Called
from agentrun.engine.responders.rehearsal.smalltalk import find_aside
from agentrun.engine.responders.rehearsal.steps import Go

_GOES_ON = ("hello", "agree", "thanks")


@dataclass(slots=True)
class Agenda:
    """What is to be called, in order.

    Attributes:
        due: agreed and not yet made.

    """

    due: list[Go] = field(default_factory=list)
    _begun: bool = False
    _spoken_since: bool = False

    def agree(self, calls: Sequence[Go]) -> None:
        """Add calls that the newest utterance leads to."""
        if calls:
            self.due, self._begun, self._spoken_since = [*self.due, *calls], False, False

    def drop(self) -> None:
        """Forget all of it."""
        self.due = []

    def note_words(self) -> None:
        """The agent said something."""
        self._spoken_since = True

    def note_call(self, call: Called) -> bool:
        """A call was made; return whether it was one of these."""
        self._begun, self._spoken_since = True, False
        alike = [go for go in self.due if go.tool.name == call.name]
        made = next((go for go in alike if go.arguments == call.arguments), alike[0] if alike else None)
        self.due = [go for go in self.due if go is not made]
        return made is not None

    def hear(self, text: str) -> tuple[Go, ...]:
        """The caller said something; return the calls that were cut off, if it is but a word in between."""
        if self._begun and not self._spoken_since:
            return ()  # in the midst of them
        if self._spoken_since or find_aside(text) not in _GOES_ON:
            self.due = []
        return tuple(self.due)
