"""What is remembered of a conversation beside the open requests: what was said, called and looked up."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from agentrun.engine.responders.rehearsal.actions import find_actions
from agentrun.engine.responders.rehearsal.checking import is_valid
from agentrun.engine.responders.rehearsal.dialogue import Answered, Called, Heard, is_failure
from agentrun.engine.responders.rehearsal.filling import fill_tool
from agentrun.engine.responders.rehearsal.request import Request, Setting
from agentrun.engine.responders.rehearsal.slots import Tool
from agentrun.wire.json import JsonObject

_REMEMBERED = frozenset({"code", "email", "phone", "uuid", "name"})
_CARRIED = _REMEMBERED | {"account"}
_NEWEST_WORDS = 10
_SAME = re.compile(r"\bsame\b|같은|똑같", re.I)
_TIME = re.compile(r"(?<![\d:])([012]\d:[0-5]\d)(?!\d)")
_POINTS_BACK = re.compile(r"\b(?:it|that|this|them|those)\b|그거|그걸|그것|방금|아까", re.I)


@dataclass(slots=True)
class Memory:
    """What later requests may take up.

    Attributes:
        last: the newest call.
        failed: whether it failed.

    """

    setting: Setting
    last: Called | None = None
    failed: bool = False
    _said: list[Heard] = field(default_factory=list)
    _carried: JsonObject = field(default_factory=dict)
    _offered: frozenset[str] = frozenset()

    @property
    def last_tool(self) -> Tool | None:
        """The tool that was called last, if it is still offered."""
        return self.setting.find_tool(self.last.name) if self.last else None

    def note_words(self, heard: Heard) -> None:
        """Remember what the caller said."""
        self._said = [*self._said[1 - _NEWEST_WORDS :], heard]

    def note_call(self, call: Called, tool: Tool) -> None:
        """Remember a call, and its arguments that keep their meaning."""
        self.last, self.failed = call, False
        kinds = {slot.name: slot.kind for slot in tool.slots}
        self._carried |= {key: value for key, value in call.arguments.items() if kinds.get(key) in _CARRIED}

    def note_answer(self, answer: Answered) -> None:
        """Remember whether the last call failed."""
        if self.last is not None and answer.call_id == self.last.call_id:
            self.failed = is_failure(answer.output)
            self._offered = frozenset(_TIME.findall(answer.output))

    def mean_offered(self, tool: Tool, given: JsonObject) -> JsonObject:
        """Take "8:30" for half past eight in the evening where that, and no morning, was offered."""
        later: JsonObject = {}
        for slot in tool.slots:
            value = given.get(slot.name) if slot.kind == "time" else None
            if isinstance(value, str) and value[:2] < "12" and value[:5] not in self._offered:
                evening = f"{int(value[:2]) + 12}{value[2:]}"
                later |= {slot.name: evening} if evening[:5] in self._offered else {}
        return given | later

    def recall(self, request: Request) -> None:
        """Fill in what the caller said or used before, where it keeps its meaning."""
        tool, values = request.tool, request.values
        wanted = {s.name for s in tool.slots if s.required and s.kind in _REMEMBERED} - values.keys()
        for heard in reversed(self._said if wanted else []):
            earlier = fill_tool(tool, heard.text, self.setting.now)
            found = {key: earlier[key] for key in wanted if key in earlier and key not in values}
            values |= found
            request.note_doubt(found.keys(), unsure=heard.unsure)
        for slot in tool.slots:
            carried = self._carried.get(slot.name) if slot.required and slot.kind in _CARRIED else None
            if carried is None or not is_valid(carried, slot.schema):
                continue
            if values.setdefault(slot.name, carried) == carried:
                request.doubtful.discard(slot.name)  # it was used already, so it was meant

    def carry_over(self, request: Request, text: str = "") -> None:
        """Let what was looked up stand for what is done next ("any room on Friday?", "I'll take it").

        What was done stands for it only where the caller points to it ("book yoga", "cancel it").
        """
        last = self.last_tool
        if last is None or self.last is None:
            return
        points = _POINTS_BACK.search(text) is not None
        same = _SAME.search(text) is not None
        if same or (last is not request.tool and (points or not find_actions(last))):
            share(last, self.last.arguments, request)
        if points and last is not request.tool:
            _share_day(last, self.last.arguments, request)


def share(source: Tool, known: JsonObject, request: Request) -> None:
    """Take over what two tools both need by the same name."""
    kinds = {slot.name: slot.kind for slot in source.slots}
    for slot in request.tool.slots:
        value = known.get(slot.name)
        fits = slot.required and value is not None and kinds.get(slot.name) == slot.kind
        if fits and slot.name not in request.values and is_valid(value, slot.schema):
            request.values[slot.name] = value


def _share_day(source: Tool, known: JsonObject, request: Request) -> None:
    """Take over the one day that was spoken of, by any name ("is the 26th free?", "book that")."""
    days = [known[slot.name] for slot in source.slots if slot.kind == "date" and slot.name in known]
    wanted = [slot for slot in request.tool.slots if slot.kind == "date" and slot.required]
    if len(days) == len(wanted) == 1 and is_valid(days[0], wanted[0].schema):
        request.values.setdefault(wanted[0].name, days[0])
