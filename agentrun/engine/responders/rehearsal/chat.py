"""What is said without a tool: greetings, small talk, facts of the instructions, help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agentrun.engine.responders.rehearsal.actions import find_negated_actions
from agentrun.engine.responders.rehearsal.dialogue import Event, Said, find_pending
from agentrun.engine.responders.rehearsal.instructions import find_fact, find_greeting, find_role, is_question
from agentrun.engine.responders.rehearsal.language import Language
from agentrun.engine.responders.rehearsal.orders import find_echo, find_ruled_words
from agentrun.engine.responders.rehearsal.request import Setting
from agentrun.engine.responders.rehearsal.smalltalk import find_aside
from agentrun.engine.responders.rehearsal.words import read_words

_MOST_POLITE_WORDS = 3


@dataclass(frozen=True, slots=True)
class Chat:
    """What can be said to a caller, given the conversation so far."""

    events: Sequence[Event]
    language: Language
    setting: Setting

    def greet(self) -> str:
        """Open the call, with the greeting or the role of the instructions."""
        instructions = self.setting.instructions
        return find_greeting(instructions) or self.language.greet(find_role(instructions))

    def answer(self, text: str, question: str | None) -> str:
        """Answer words that lead to no tool.

        Args:
            text: what the caller said.
            question: what an open request waits for, if there is one; it is asked again.

        """
        words = self._find_words(text)
        if find_pending(self.events):
            waiting = self.language.phrase("waiting")
            return waiting if words is None else f"{words} {waiting}"
        if question is not None:
            return self._come_back(text, words, question)
        if words is None and find_negated_actions(text):
            return self.language.phrase("dropped")
        return words if words is not None else self._refuse(text)

    def _come_back(self, text: str, words: str | None, question: str) -> str:
        match find_aside(text):
            case "wait":
                return self.language.phrase("take_your_time")
            case "repeat":
                return words or question
            case "thanks" | "agree" | "refuse" | "hello":
                return question
        if words is None and is_question(text) and self.language.code != "other":
            words = self.language.phrase("cannot")
        return question if words is None else f"{words} {question}"

    def _find_words(self, text: str) -> str | None:
        """Return an answer to small talk or from the instructions."""
        ordered = find_ruled_words(text, self.setting.instructions) or find_echo(text)
        if ordered is not None:
            return ordered
        aside = find_aside(text)
        match aside:
            case "who":
                return self.language.describe_self(find_role(self.setting.instructions))
            case "help":
                return self._offer_help()
            case "human":
                return f"{self.language.phrase('human')} {self._offer_help()}"
            case "repeat":
                last = next((e.text for e in reversed(self.events) if isinstance(e, Said)), None)
                return last or self.language.phrase("nothing_said")
        fact = find_fact(text, self.setting.instructions) if is_question(text) else None
        if fact is not None:
            return fact[0]
        match aside:
            case None:
                return None
            case "hello" | "thanks" if len(read_words(text)) > _MOST_POLITE_WORDS:
                return None  # a greeting before something that was not understood
            case "wait" | "agree" | "refuse" | "drop":
                return self.language.phrase("alright")
            case _:
                return self.language.phrase(aside)

    def _refuse(self, text: str) -> str:
        """Say kindly that this cannot be done, and what can be; the same help is not offered twice."""
        knows = self.language.code != "other" and len(read_words(text)) > 1
        sorry = f"{self.language.phrase('cannot')} " if knows else ""
        offered = self._offer_help()
        repeats = any(isinstance(event, Said) and offered in event.text for event in self.events)
        return sorry + (self.language.phrase("rephrase") if repeats else offered)

    def _offer_help(self) -> str:
        return self.language.describe_help(self.setting.tools)
