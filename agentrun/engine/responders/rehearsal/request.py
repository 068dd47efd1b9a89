"""One thing that the caller wants: a tool, and the values given for it so far.

A request is open until its tool is called or the caller drops it. What it waits for follows from its values
alone, in this order: a value that is missing, a yes where the tool has to be read back, a yes to values that
were heard unsurely.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from itertools import pairwise

from agentrun.engine.responders.rehearsal.checking import is_valid
from agentrun.engine.responders.rehearsal.choices import find_named_choices
from agentrun.engine.responders.rehearsal.confirming import needs_confirmation
from agentrun.engine.responders.rehearsal.extracting import find_code, read_yes_no
from agentrun.engine.responders.rehearsal.filling import (
    fill_tool,
    find_missing,
    finish_arguments,
    is_correction,
)
from agentrun.engine.responders.rehearsal.kinds import Kind
from agentrun.engine.responders.rehearsal.slots import Slot, Tool
from agentrun.engine.responders.rehearsal.steps import Ask, Confirm, Go, Question, Verify
from agentrun.engine.responders.rehearsal.words import read_words
from agentrun.wire.json import JsonObject, JsonValue

OWN_WORDS: AbstractSet[Kind] = frozenset({"gist", "phrase", "name", "place"})
"""Kinds of values that any words may be."""
IDENTIFYING: AbstractSet[Kind] = frozenset(
    {"code", "email", "phone", "uuid", "name", "account", "date", "moment"}
)
"""Kinds of values that are easily misheard and must not be guessed; 월요일 and 화요일 sound alike."""
_MOST_ALIKE = 3
_WRONG = re.compile(
    r"\b(?:wrong|incorrect|not right|change|different|other)\b|틀렸|틀린|바꿔|바꿀|다른", re.I
)
_JOINED = re.compile(
    r"[\s,]*(?:and|plus|as well as|하고|이랑|랑|과|와)?[\s,]*(?:the|for|in|on|of)?(?: the)?\s*", re.I
)
_SWAPPED = re.compile(r"\b(?:to|into|for|instead of|not|with)\s*$|(?:에서|말고|대신)\s*$", re.I)


@dataclass(frozen=True, slots=True)
class Setting:
    """What stays the same throughout a conversation.

    Attributes:
        tools: what is offered, without the tools that end the call.
        instructions: those of the session, and the notes inside the conversation.
        now: for words such as "tomorrow".

    """

    tools: tuple[Tool, ...]
    instructions: str
    now: datetime.datetime

    def find_tool(self, name: str) -> Tool | None:
        """Return a tool by its name."""
        return next((tool for tool in self.tools if tool.name == name), None)


@dataclass(slots=True)
class Request:
    """A tool that the caller wants.

    Attributes:
        values: its arguments so far.
        doubtful: names of values that were heard unsurely.
        agreed: whether the caller has said yes to these values.
        question: what was asked last, if anything was.
        misheard: whether the caller gave something that looked like a value and was none.

    """

    tool: Tool
    values: JsonObject
    doubtful: set[str] = field(default_factory=set)
    agreed: bool = False
    question: Question | None = None
    misheard: bool = False

    @property
    def focus(self) -> str:
        """Name of the slot that was asked for last."""
        return self.question.slot.name if isinstance(self.question, Ask) else ""

    @property
    def awaits_yes(self) -> bool:
        """Whether the last question can be answered with yes or no."""
        return isinstance(self.question, Confirm | Verify)

    def advance(self, setting: Setting, *, again: bool = False) -> Question | Go:
        """Return what comes next, and remember it where it is a question.

        Args:
            setting: for what the instructions demand.
            again: whether the caller has just said something that did not help.

        """
        step = self._find_next(setting)
        if isinstance(step, Go):
            return step
        if isinstance(step, Ask) and (self.misheard or (again and self.focus == step.slot.name)):
            step, self.misheard = replace(step, again=True), False
        self.question = step
        return step

    def _find_next(self, setting: Setting) -> Question | Go:
        tool = self.tool
        missing = find_missing(tool.slots, self.values)
        if missing is not None:
            return Ask(missing, False, tool)
        arguments = finish_arguments(tool.slots, self.values)
        if not self.agreed and needs_confirmation(tool, setting.instructions):
            return Confirm(tool, arguments)
        unsure = {key: value for key, value in arguments.items() if key in self.doubtful}
        return Verify(tool, unsure) if unsure and not self.agreed else Go(tool, arguments)

    def read(self, text: str, now: datetime.datetime) -> JsonObject:
        """Return the values that an utterance gives, as an answer to the last question."""
        return fill_tool(self.tool, text, now, self.focus)

    def merge(self, given: JsonObject, text: str, *, unsure: bool) -> bool:
        """Take new values over and return whether anything changed.

        The caller's own words count only where they were asked for or correct something.
        """
        kinds = {slot.name: slot.kind for slot in self.tool.slots}
        before = dict(self.values)
        corrects = is_correction(text)
        elsewhere = corrects and any(
            key in before and key != self.focus and value != before[key] for key, value in given.items()
        )
        for key, value in given.items():
            own = kinds[key] in OWN_WORDS
            if own and (
                (key in before and key != self.focus and not corrects) or (key not in before and elsewhere)
            ):
                continue
            self.values[key] = value
        changed = {key for key, value in self.values.items() if before.get(key) != value}
        self.note_doubt(changed, unsure=unsure)
        if changed:
            self.agreed = False
        return bool(changed)

    def note_doubt(self, keys: AbstractSet[str], *, unsure: bool) -> None:
        """Remember which of these values were heard unsurely."""
        identifying = {slot.name for slot in self.tool.slots if slot.kind in IDENTIFYING}
        self.doubtful = self.doubtful | (keys & identifying) if unsure else self.doubtful - keys

    def settle(self, text: str) -> bool | None:
        """Take a yes or a no to the last question; return it, or None if the text is neither.

        A no to values that were heard unsurely, or one that says which value is wrong, takes that value out.
        """
        answer = read_yes_no(text)
        if answer:
            self.agreed, self.doubtful = True, set()
        wrong = self._find_wrong(text) if not answer else set()
        for key in wrong:
            self.values.pop(key, None)
        return None if wrong else answer

    def _find_wrong(self, text: str) -> set[str]:
        if isinstance(self.question, Verify) and read_yes_no(text) is False:
            return set(self.question.values)
        if not _WRONG.search(text):
            return set()
        said = {term for word in read_words(text) for term in word.terms}
        named = {slot.name for slot in self.tool.slots if said & _name_terms(slot)}
        return {name for name in named if name in self.values}


def _name_terms(slot: Slot) -> set[str]:
    return {term for word in read_words(slot.words) for term in word.terms}


def spread_values(request: Request, text: str) -> list[Request]:
    """Make one request of each of several values ("where are A1001 and A1002", "in January and March")."""
    for kind in ("code", "choice"):
        slots = [slot for slot in request.tool.slots if slot.kind == kind and slot.name in request.values]
        if len(slots) != 1 or not slots[0].required or is_correction(text):
            continue
        found = _find_alike(slots[0], text)
        if len(found) > 1 and request.values[slots[0].name] in found:
            return [
                replace(
                    request, values=request.values | {slots[0].name: value}, doubtful=set(request.doubtful)
                )
                for value in found[:_MOST_ALIKE]
            ]
    return [request]


def _find_alike(slot: Slot, text: str) -> list[JsonValue]:
    """Return the different values for one slot that stand side by side in a text."""
    if slot.kind == "code":
        hits = find_code(text, slot)
        joined = not any(_SWAPPED.search(text[: hit.start]) for hit in hits[1:])
    else:
        hits = find_named_choices(text, slot)
        between = [text[left.end : right.start] for left, right in pairwise(hits)]
        joined = all(_JOINED.fullmatch(part) for part in between)
    values = [hit.value for hit in hits if is_valid(hit.value, slot.schema)]
    return list({str(value): value for value in values}.values()) if joined else []
