"""What the caller wants, followed through the conversation.

There is no state beside the conversation itself: it is walked from its beginning each time. A *request* is a
tool that the caller wants and the values given so far; it is open until the tool is called or the caller
drops it. Whether it waits for a value or for a yes follows from its values, so nothing has to be read out of
the agent's own words, and a conversation that was held by another mind can be continued.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from agentrun.engine.responders.rehearsal.checking import is_valid
from agentrun.engine.responders.rehearsal.choice import (
    MENTION,
    THRESHOLD,
    Choice,
    choose_tool,
    demands_confirmation,
    find_actions,
    find_said_actions,
    rank_tools,
)
from agentrun.engine.responders.rehearsal.dialogue import Answered, Called, Event, Heard, is_failure
from agentrun.engine.responders.rehearsal.extracting import read_yes_no
from agentrun.engine.responders.rehearsal.filling import (
    fill_tool,
    find_missing,
    finish_arguments,
    is_correction,
)
from agentrun.engine.responders.rehearsal.instructions import find_fact, is_question
from agentrun.engine.responders.rehearsal.numbers import write_digits
from agentrun.engine.responders.rehearsal.slots import Tool
from agentrun.engine.responders.rehearsal.smalltalk import find_aside
from agentrun.engine.responders.rehearsal.steps import Ask, Confirm, Drop, Go, Step
from agentrun.engine.responders.rehearsal.words import read_words
from agentrun.wire.json import JsonObject

_REMEMBERED = frozenset({"code", "email", "phone", "uuid", "name"})
_CARRIED = _REMEMBERED | {"account"}
_REVISED = frozenset(
    {
        "list",
        "code",
        "choice",
        "date",
        "time",
        "moment",
        "number",
        "email",
        "phone",
        "uuid",
        "account",
        "place",
    }
)
_FOLLOW_UP = re.compile(
    r"^\W*(?:and|what about|how about|then|or)\b|^\W*(?:그럼|그러면|그리고)|(?:은|는)요\W*$", re.I
)
_ANOTHER = re.compile(r"\b(?:another|other|different|new|else)\b|다른|새로운", re.I)
_OWN_WORDS = frozenset({"gist", "phrase", "name", "place"})
_CLEARLY = 1.2
_BARE_WORDS = 4
_BETTER_FACT = 1.75
_OWN_MATTER = re.compile(r"\b(?:my|mine|our|ours)\b|(?:^|\s)(?:제|내|우리)\s", re.I)
_LEAST_WORDS = 2
_DIGITS = re.compile(r"\d.*\d.*\d")


@dataclass(slots=True)
class _Request:
    tool: Tool
    values: JsonObject
    focus: str = ""
    confirming: bool = False


@dataclass(slots=True)
class Caller:
    """What is known of the caller's wishes after each utterance.

    Attributes:
        tools: what is offered, without the tool that ends the call.
        step: what the newest utterance leads to; None if it is no business of a tool.

    """

    tools: Sequence[Tool]
    instructions: str
    now: datetime.datetime
    step: Step | None = None
    _request: _Request | None = None
    _last: Called | None = None
    _failed: bool = False
    _suspended: _Request | None = None
    _said: list[str] = field(default_factory=list)
    _carried: JsonObject = field(default_factory=dict)

    def follow(self, events: Sequence[Event]) -> Step | None:
        """Walk through the conversation and return what its last utterance leads to."""
        for event in events:
            if isinstance(event, Heard):
                self.step = self._hear(event.text)
                if event.text:
                    self._said.append(event.text)
            elif isinstance(event, Called):
                self._note_call(event)
            elif isinstance(event, Answered) and self._last and event.call_id == self._last.call_id:
                self._failed = is_failure(event.output)
        return self.step

    @property
    def open_step(self) -> Step | None:
        """What an open request waits for, for a caller who said something else in between."""
        return self._next(self._request, again=True) if self._request else None

    def _note_call(self, call: Called) -> None:
        tool = self._find_tool(call.name)
        if tool is None:
            return
        self._last, self._failed = call, False
        kinds = {slot.name: slot.kind for slot in tool.slots}
        self._carried |= {key: value for key, value in call.arguments.items() if kinds.get(key) in _CARRIED}
        if self._request is None or self._request.tool.name == call.name:
            self._request = self._resume(call.name)

    def _resume(self, called: str) -> _Request | None:
        """Return the request that was interrupted by looking something up, with what was looked up."""
        waiting, self._suspended = self._suspended, None
        if waiting is None or waiting.tool.name == called:
            return None
        self._carry_over(waiting.tool, waiting.values)
        missing = find_missing(waiting.tool.slots, waiting.values)
        waiting.focus, waiting.confirming = missing.name if missing else "", missing is None
        return waiting

    def _hear(self, text: str) -> Step | None:
        if not text:
            return None
        return self._continue(self._request, text) if self._request else self._begin(text)

    def _begin(self, text: str) -> Step | None:
        if find_aside(text) in ("who", "help", "repeat", "how_are_you"):
            return None
        if self._failed and not is_question(text) and not find_said_actions(text):
            revised = self._revise(text)
            if revised is not None:
                return revised
        chosen = choose_tool(text, self.tools)
        is_same = chosen is not None and self._last is not None and chosen.tool.name == self._last.name
        if chosen is None or (is_same and _FOLLOW_UP.search(text)):
            return self._revise(text) or self._take_bare_value(text) or self._take_offer(text)
        return None if self._is_told(chosen, text) else self._open(chosen.tool, text)

    def _is_told(self, chosen: Choice, text: str) -> bool:
        """Whether the instructions answer a general question better than this tool would."""
        tool = chosen.tool
        if not is_question(text) or _OWN_MATTER.search(text) or find_actions(tool) & find_said_actions(text):
            return False
        fact = find_fact(text, self.instructions)
        if fact is None or chosen.score < THRESHOLD:  # little speaks for the tool
            return fact is not None and fact[1] >= 1
        missing = find_missing(tool.slots, fill_tool(tool, text, self.now))
        return fact[1] >= _BETTER_FACT and missing is not None

    def _take_bare_value(self, text: str) -> Step | None:
        """Look up a number that a caller says without a word on what it is for, if only one tool can."""
        if len(read_words(text)) > _BARE_WORDS:
            return None
        able = [tool for tool in self.tools if not find_actions(tool) and self._is_answered_by(tool, text)]
        return self._open(able[0], text) if len(able) == 1 else None

    def _take_offer(self, text: str) -> Step | None:
        """Do what was looked up, where the caller answers with a value for it ("half past seven, please")."""
        looked = self._find_tool(self._last.name) if self._last else None
        if looked is None or find_actions(looked) or len(read_words(text)) > _BARE_WORDS:
            return None
        shared = {slot.name for slot in looked.slots}
        able = [tool for tool in self.tools if find_actions(tool) and self._is_offered(tool, shared, text)]
        return self._open(able[0], text) if len(able) == 1 else None

    def _is_offered(self, tool: Tool, shared: set[str], text: str) -> bool:
        given = fill_tool(tool, text, self.now)
        kinds = {slot.name: slot.kind for slot in tool.slots}
        fits = any(kinds[key] in _REVISED and key not in shared for key in given)
        return fits and any(slot.required and slot.name in shared for slot in tool.slots)

    def _is_answered_by(self, tool: Tool, text: str) -> bool:
        required = [slot for slot in tool.slots if slot.required]
        is_key = len(required) == 1 and required[0].kind in ("code", "email", "phone", "uuid")
        return is_key and required[0].name in fill_tool(tool, text, self.now)

    def force(self, text: str, name: str | None) -> Step | None:
        """Choose a tool although little speaks for it: the client demands one."""
        ranked = [choice for choice in rank_tools(text, self.tools) if name in (None, choice.tool.name)]
        if not ranked or (name is None and len(ranked) > 1 and ranked[0].score == 0):
            return None
        return self._open(ranked[0].tool, text)

    def _open(self, tool: Tool, text: str, before: _Request | None = None) -> Step:
        values = fill_tool(tool, text, self.now)
        if before is not None:
            _share(before.tool, before.values, tool, values)
        if not _ANOTHER.search(text):
            self._remember(tool, values)
            self._carry_over(tool, values)
        self._request = _Request(tool, values)
        step = self._next(self._request, again=False)
        misheard = isinstance(step, Ask) and step.slot.kind == "code" and _DIGITS.search(write_digits(text))
        return replace(step, again=True) if isinstance(step, Ask) and misheard else step

    def _carry_over(self, tool: Tool, values: JsonObject) -> None:
        """Let what was looked up stand for what is done next ("any room on Friday?", "I'll take it")."""
        looked = self._find_tool(self._last.name) if self._last else None
        if looked is None or looked.name == tool.name or find_actions(looked) or self._last is None:
            return
        _share(looked, self._last.arguments, tool, values)

    def _remember(self, tool: Tool, values: JsonObject) -> None:
        """Take what the caller said or used before for values that keep their meaning."""
        wanted = {
            slot.name for slot in tool.slots if slot.required and slot.kind in _REMEMBERED
        } - values.keys()
        for text in reversed(self._said[-10:] if wanted else []):
            earlier = fill_tool(tool, text, self.now)
            values |= {key: earlier[key] for key in wanted if key in earlier and key not in values}
        for slot in tool.slots:
            carried = self._carried.get(slot.name) if slot.required and slot.kind in _CARRIED else None
            if carried is not None and slot.name not in values and is_valid(carried, slot.schema):
                values[slot.name] = carried

    def _continue(self, request: _Request, text: str) -> Step | None:
        aside = find_aside(text)
        answer = read_yes_no(text)
        if aside == "drop":
            return self._drop()
        given = fill_tool(request.tool, text, self.now, request.focus)
        if aside in ("goodbye", "repeat", "who", "help", "wait") or (
            aside in ("thanks", "hello", "how_are_you") and not given
        ):
            return None
        other = self._find_other(request, text, given)
        if other is not None:
            only_looks = not find_actions(other.tool) and find_actions(request.tool)
            self._suspended = request if only_looks else None
            return self._open(other.tool, text, request)
        changed = self._merge(request, given, text)
        if request.confirming and not changed:
            if answer is not None:
                return self._finish(request) if answer else self._drop()
        elif answer is False and not given:
            return self._drop()
        if not changed and is_question(text):
            return None
        return self._next(request, again=not changed)

    def _find_other(self, request: _Request, text: str, given: JsonObject) -> Choice | None:
        """Return another tool that the caller turned to, unless the words answer what was asked."""
        ranked = rank_tools(text, self.tools)
        own = next((choice.score for choice in ranked if choice.tool.name == request.tool.name), 0.0)
        best = ranked[0]
        said = find_said_actions(text)
        asked = bool(find_actions(best.tool) & said) and not find_actions(request.tool) & said
        enough = MENTION if asked else THRESHOLD * _CLEARLY
        if best.tool.name == request.tool.name or best.score < enough or best.score <= own:
            return None
        slots = {slot.name: slot for slot in request.tool.slots}
        asked = asked and (not request.focus or slots[request.focus].kind not in ("gist", "phrase"))
        answered = request.focus in given and slots[request.focus].kind not in _OWN_WORDS
        short = len(read_words(text)) < _LEAST_WORDS and not is_question(text) and not asked
        return None if answered or short else best

    def _merge(self, request: _Request, given: JsonObject, text: str) -> bool:
        """Take new values over; words of the caller's own only where they were asked for or corrected."""
        kinds = {slot.name: slot.kind for slot in request.tool.slots}
        before = dict(request.values)
        for key, value in given.items():
            fixed = (
                kinds[key] in _OWN_WORDS
                and key in before
                and key != request.focus
                and not is_correction(text)
            )
            if not fixed:
                request.values[key] = value
        return request.values != before

    def _next(self, request: _Request, *, again: bool) -> Step:
        tool = request.tool
        missing = find_missing(tool.slots, request.values)
        if missing is not None:
            asked, request.focus, request.confirming = request.focus, missing.name, False
            return Ask(missing, again and asked == missing.name, tool)
        request.focus = ""
        if demands_confirmation(tool, self.instructions):
            request.confirming = True
            return Confirm(tool, finish_arguments(tool.slots, request.values))
        return self._finish(request)

    def _finish(self, request: _Request) -> Step:
        self._request = None
        return Go(request.tool, finish_arguments(request.tool.slots, request.values))

    def _drop(self) -> Step:
        self._request, self._suspended = None, None
        return Drop()

    def _revise(self, text: str) -> Step | None:
        """Repeat the last call with another value ("no, A1002", "and for Tuesday?")."""
        tool = self._find_tool(self._last.name) if self._last else None
        if tool is None or self._last is None:
            return None
        kinds = {slot.name: slot.kind for slot in tool.slots}
        given = {
            key: value for key, value in fill_tool(tool, text, self.now).items() if kinds[key] in _REVISED
        }
        values = self._last.arguments | given
        bare = any(kinds[key] == "code" for key in given) and len(read_words(text)) <= 4
        if (
            not (self._failed or bare or is_correction(text) or _FOLLOW_UP.search(text))
            or len(read_words(text)) > 8
        ):
            return None
        if not given or values == self._last.arguments:
            return None
        self._request = _Request(tool, values)
        return self._next(self._request, again=False)

    def _find_tool(self, name: str) -> Tool | None:
        return next((tool for tool in self.tools if tool.name == name), None)


def _share(source: Tool, known: JsonObject, tool: Tool, values: JsonObject) -> None:
    """Take over what two tools both need by the same name."""
    kinds = {slot.name: slot.kind for slot in source.slots}
    for slot in tool.slots:
        value = known.get(slot.name)
        fits = slot.required and value is not None and kinds.get(slot.name) == slot.kind
        if fits and slot.name not in values and is_valid(value, slot.schema):
            values[slot.name] = value
