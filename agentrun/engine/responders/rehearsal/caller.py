"""What the caller wants, followed through the conversation.

There is no state beside the conversation itself: it is walked from its beginning each time. What an open
request waits for follows from its values, so nothing has to be read out of the agent's own words, and a
conversation that was held by another mind can be continued.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from agentrun.engine.responders.rehearsal.actions import (
    find_actions,
    find_negated_actions,
    find_said_actions,
)
from agentrun.engine.responders.rehearsal.agenda import Agenda
from agentrun.engine.responders.rehearsal.choice import MENTION, THRESHOLD, Choice, rank_tools
from agentrun.engine.responders.rehearsal.dialogue import Answered, Called, Event, Heard, Said
from agentrun.engine.responders.rehearsal.extracting import read_yes_no
from agentrun.engine.responders.rehearsal.filling import is_correction
from agentrun.engine.responders.rehearsal.instructions import is_question
from agentrun.engine.responders.rehearsal.memory import Memory
from agentrun.engine.responders.rehearsal.openings import Scene, find_request, open_request
from agentrun.engine.responders.rehearsal.request import OWN_WORDS, Request, Setting, spread_values
from agentrun.engine.responders.rehearsal.smalltalk import find_aside
from agentrun.engine.responders.rehearsal.steps import Drop, Go, Question, Step
from agentrun.engine.responders.rehearsal.wishes import Wish, split_wishes
from agentrun.engine.responders.rehearsal.words import read_words
from agentrun.wire.json import JsonObject

_CLEARLY = 1.2
_LEAST_WORDS = 2
_NO_BUSINESS = ("who", "help", "repeat", "how_are_you")
_HELD_UP = ("goodbye", "repeat", "who", "help")
_POLITE = ("thanks", "hello", "how_are_you", "wait")


@dataclass(slots=True)
class Caller:
    """What is known of the caller's wishes after each utterance.

    Attributes:
        steps: what the newest utterance leads to: calls, then at most one question; none if it is no business
            of a tool.
        agenda: calls that are agreed and not yet made.

    """

    setting: Setting
    steps: tuple[Step, ...] = ()
    agenda: Agenda = field(default_factory=Agenda)
    _memory: Memory = field(init=False)
    _requests: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._memory = Memory(self.setting)

    def follow(self, events: Sequence[Event]) -> tuple[Step, ...]:
        """Walk through the conversation and return what its last utterance leads to."""
        for event in events:
            match event:
                case Heard():
                    self._hear(event)
                case Called():
                    self._note_call(event)
                case Answered():
                    self._memory.note_answer(event)
                case Said():
                    self.agenda.note_words()
        return self.steps

    @property
    def question(self) -> Question | None:
        """What the open request waits for, for a caller who said something else in between."""
        step = self._requests[0].advance(self.setting) if self._requests else None
        return None if isinstance(step, Go) else step

    def force(self, heard: Heard, name: str | None) -> tuple[Step, ...]:
        """Choose a tool although little speaks for it: the client demands this one, or (None) any."""
        ranked = [c for c in rank_tools(heard.text, self.setting.tools) if name in (None, c.tool.name)]
        if not ranked or (name is None and len(ranked) > 1 and ranked[0].score == 0):
            return ()
        self._requests = [open_request(Scene(heard, self.setting, self._memory), ranked[0].tool)]
        return self._advance()

    def _note_call(self, call: Called) -> None:
        agreed = self.agenda.note_call(call)
        tool = self.setting.find_tool(call.name)
        if tool is None:
            return
        self._memory.note_call(call, tool)
        if not agreed and self._requests and self._requests[0].tool is tool:
            del self._requests[0]  # another mind made the call
        for request in self._requests:
            self._memory.carry_over(request)

    def _hear(self, heard: Heard) -> None:
        self.steps = self.agenda.hear(heard.text)
        if not heard.text or self.steps:
            return
        self.steps = self._continue(self._requests[0], heard) if self._requests else self._begin(heard)
        if any(isinstance(step, Drop) for step in self.steps):
            self.agenda.drop()
        self.agenda.agree([step for step in self.steps if isinstance(step, Go)])
        self._memory.note_words(heard)

    def _begin(self, heard: Heard) -> tuple[Step, ...]:
        if find_aside(heard.text) in _NO_BUSINESS:
            return ()
        self._requests = self._open_all(split_wishes(heard.text, self.setting.tools, self.setting.now), heard)
        return self._advance()

    def _open_all(self, wishes: Sequence[Wish], heard: Heard) -> list[Request]:
        """Open a request for each wish; where the first is none, the text as a whole is one."""
        found: list[Request] = []
        for wish in wishes:
            scene = Scene(Heard(wish.text, unsure=heard.unsure), self.setting, self._memory)
            request = open_request(scene, wish.tool) if wish.tool else find_request(scene)
            if request is None and not found and len(wishes) > 1:
                return self._open_all([Wish(heard.text)], heard)
            found += spread_values(request, wish.text) if request else []
            if len(wishes) > 1:
                self._memory.note_words(scene.heard)  # "where is A1001, and cancel it"
        for request in found if len(wishes) > 1 else ():
            self._memory.recall(request)  # what a later wish says of all of them
        return found

    def _advance(self, *, again: bool = False) -> tuple[Step, ...]:
        """Make all calls that are ready, and ask the question of the first request that is not."""
        calls: list[Step] = []
        waiting: list[Request] = []
        for request in self._requests:
            step = request.advance(self.setting, again=again and not waiting)
            if isinstance(step, Go):
                calls.append(step)
            else:
                waiting.append(request)
        self._requests = waiting
        return (*calls, *([waiting[0].question] if waiting and waiting[0].question else ()))

    def _continue(self, request: Request, heard: Heard) -> tuple[Step, ...]:
        head, *others = split_wishes(heard.text, self.setting.tools, self.setting.now)
        if not others:
            return self._answer(request, heard)
        if self._answers(request, head.text):
            steps = self._answer(request, Heard(head.text, unsure=heard.unsure))
            self._requests += self._open_all(others, heard)
            return (*(step for step in steps if isinstance(step, Go)), *self._advance())
        opened = self._open_all([head, *others], heard)
        meant = {request.tool for request in opened}
        self._requests = [*opened, *(waiting for waiting in self._requests if waiting.tool not in meant)]
        return self._advance()

    def _answers(self, request: Request, text: str) -> bool:
        if request.awaits_yes and find_aside(text) in ("agree", "refuse"):
            return True
        return bool(request.focus and request.focus in request.read(text, self.setting.now))

    def _answer(self, request: Request, heard: Heard) -> tuple[Step, ...]:
        """Take an utterance as an answer to the open request, unless it is something else."""
        text, aside = heard.text, find_aside(heard.text)
        if aside == "drop" or self._is_called_off(request, text):
            return self._drop()
        given = request.read(text, self.setting.now)
        if aside in _HELD_UP or (aside in _POLITE and not given):
            return ()
        other = self._find_other(request, text, given)
        if other is not None:
            return self._turn_to(other, request, heard)
        changed = request.merge(self._memory.mean_offered(request.tool, given), text, unsure=heard.unsure)
        if not changed and (request.awaits_yes or not given):
            size = len(request.values)
            answer = request.settle(text) if request.awaits_yes else read_yes_no(text)
            if answer is False:
                return self._drop()
            changed = request.agreed or len(request.values) != size
        if not changed and is_question(text):
            return ()
        return self._advance(again=not changed)

    def _is_called_off(self, request: Request, text: str) -> bool:
        """Whether the action is ruled out ("don't cancel it"), or all is cancelled where no tool cancels."""
        if find_negated_actions(text) & find_actions(request.tool):
            return True
        cancels = any("cancel" in find_actions(tool) for tool in self.setting.tools)
        return "cancel" in find_said_actions(text) and not cancels

    def _turn_to(self, other: Choice, request: Request, heard: Heard) -> tuple[Step, ...]:
        """Do something else; what was to be done waits while something is only looked up."""
        opened = open_request(Scene(heard, self.setting, self._memory), other.tool, request)
        only_looks = not find_actions(other.tool) and find_actions(request.tool)
        waiting = self._requests if only_looks else self._requests[1:]
        self._requests = [*spread_values(opened, heard.text), *waiting]
        return self._advance()

    def _find_other(self, request: Request, text: str, given: JsonObject) -> Choice | None:
        """Return another tool that the caller turned to, unless the words answer what was asked."""
        ranked = rank_tools(text, self.setting.tools)
        own = next((choice.score for choice in ranked if choice.tool is request.tool), 0.0)
        best = ranked[0] if ranked else None
        if best is None or best.tool is request.tool or best.score <= own:
            return None
        said = find_said_actions(text)
        asked = bool(find_actions(best.tool) & said) and not find_actions(request.tool) & said
        if best.score < (MENTION if asked else THRESHOLD * _CLEARLY):
            return None
        kinds = {slot.name: slot.kind for slot in request.tool.slots}
        focus = request.focus
        asked = asked and kinds.get(focus) not in ("gist", "phrase")
        answered = focus in given and kinds.get(focus) not in OWN_WORDS
        corrected = request.awaits_yes and is_correction(text) and bool(given)
        short = len(read_words(text)) < _LEAST_WORDS and not is_question(text) and not asked
        return None if answered or corrected or short else best

    def _drop(self) -> tuple[Step, ...]:
        self._requests = []
        return (Drop(),)
