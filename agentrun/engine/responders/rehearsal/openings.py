"""How an utterance relates to what was before, when nothing is open.

`RULES` is a table: the first rule that has something to say decides. A rule returns the request that the
caller makes, `TOLD` where the instructions answer better than any tool, or None to leave it to the next.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from agentrun.engine.responders.rehearsal.actions import find_actions, find_said_actions, is_handoff
from agentrun.engine.responders.rehearsal.choice import MENTION, THRESHOLD, Choice, choose_tool, rank_tools
from agentrun.engine.responders.rehearsal.dialogue import Heard
from agentrun.engine.responders.rehearsal.filling import fill_tool, find_missing, is_correction
from agentrun.engine.responders.rehearsal.instructions import find_fact, is_question
from agentrun.engine.responders.rehearsal.kinds import Kind
from agentrun.engine.responders.rehearsal.memory import Memory, share
from agentrun.engine.responders.rehearsal.numbers import write_digits
from agentrun.engine.responders.rehearsal.orders import find_echo, find_ruled_words
from agentrun.engine.responders.rehearsal.request import Request, Setting
from agentrun.engine.responders.rehearsal.slots import Tool
from agentrun.engine.responders.rehearsal.smalltalk import find_aside
from agentrun.engine.responders.rehearsal.words import read_words
from agentrun.wire.json import JsonObject

Told: TypeAlias = Literal["told"]
TOLD: Told = "told"

_REVISED: frozenset[Kind] = frozenset(
    {
        "list", "code", "choice", "date", "time", "moment", "number", "email", "phone", "uuid", "account",
        "place", "flag",
    }
)  # fmt: skip
_KEYS: frozenset[Kind] = frozenset({"code", "email", "phone", "uuid"})
_FOLLOW_UP = re.compile(
    r"^\W*(?:and|what about|how about|then|or)\b|^\W*(?:그럼|그러면|그리고)|(?:은|는)요\W*$", re.I
)
_WISH = re.compile(r"\b(?:i|we)(?:'d| would)? (?:need|want|like)\b|\bcan (?:i|you|we)\b|싶|주세요|줘", re.I)
_ANOTHER = re.compile(r"\b(?:another|other|different|new|else)\b(?!.*\bsame\b)|다른|새로운", re.I)
_OWN_MATTER = re.compile(r"\b(?:my|mine|our|ours)\b|(?:^|\s)(?:제|내|우리)\s", re.I)
_DIGITS = re.compile(r"\d.*\d.*\d")
_BARE_WORDS, _REVISION_WORDS = 4, 8
_BETTER_FACT, _ALIKE, _CLEAR = 1.75, 0.8, 2


@dataclass(frozen=True, slots=True)
class Scene:
    """One utterance, and what is known when it is said."""

    heard: Heard
    setting: Setting
    memory: Memory

    @property
    def text(self) -> str:
        """What was said."""
        return self.heard.text

    def choose(self) -> Choice | None:
        """Return the tool that the words ask for; of several that fit alike, the one they give values for."""
        chosen = choose_tool(self.text, self.setting.tools)
        ranked = rank_tools(self.text, self.setting.tools)
        if chosen is not None or not ranked:
            return chosen
        alike = [c for c in ranked if c.score >= max(MENTION, _ALIKE * ranked[0].score)]
        given = sorted(
            ((len(self.fill(choice.tool)), index) for index, choice in enumerate(alike)), reverse=True
        )
        clear = len(given) > 1 and given[0][0] > max(1, given[1][0])
        best = alike[given[0][1]] if clear else None
        return best if best and not find_actions(best.tool) - find_said_actions(self.text) else None

    def fill(self, tool: Tool) -> JsonObject:
        """Return the values that the words give for a tool."""
        return fill_tool(tool, self.text, self.setting.now)


def find_request(scene: Scene) -> Request | None:
    """Return what an utterance asks for, by the first rule that fits."""
    for rule in RULES:
        found = rule(scene)
        if found is not None:
            return None if found == TOLD else found
    return None


def open_request(scene: Scene, tool: Tool, before: Request | None = None) -> Request:
    """Open a request for a tool with what the caller says and has said.

    Args:
        scene: the utterance.
        tool: what is asked for.
        before: the request that the caller turned away from.

    """
    text = scene.text
    request = Request(tool, scene.memory.mean_offered(tool, scene.fill(tool)))
    if is_handoff(tool):
        _explain(request, text)
    request.note_doubt(request.values.keys(), unsure=scene.heard.unsure)
    if before is not None:
        share(before.tool, before.values, request)
    if not _ANOTHER.search(text):
        scene.memory.recall(request)
        scene.memory.carry_over(request, text)
    missing = find_missing(tool.slots, request.values)
    request.misheard = (
        missing is not None and missing.kind == "code" and bool(_DIGITS.search(write_digits(text)))
    )
    return request


def _explain(request: Request, text: str) -> None:
    """Tell those who take the call over what it is about, in the caller's words."""
    for slot in request.tool.slots:
        if slot.required and slot.kind in ("gist", "phrase"):
            request.values.setdefault(slot.name, text)


def _follow_rule(scene: Scene) -> Told | None:
    """A rule of the instructions says word for word what to answer."""
    ruled = find_ruled_words(scene.text, scene.setting.instructions) or find_echo(scene.text)
    return TOLD if ruled is not None else None


def _mend_failed(scene: Scene) -> Request | None:
    """The last call failed: another value repeats it."""
    if not scene.memory.failed or is_question(scene.text) or find_said_actions(scene.text):
        return None
    return _revise_last(scene)


def _read_instructions(scene: Scene) -> Told | None:
    """The instructions answer a general question better than the tool that it is closest to."""
    chosen, text = scene.choose(), scene.text
    if chosen is None or _goes_on(scene, chosen) or not is_question(text) or _OWN_MATTER.search(text):
        return None
    if find_actions(chosen.tool) & find_said_actions(text):
        return None
    fact = find_fact(text, scene.setting.instructions)
    if fact is None:
        return None
    if chosen.score < THRESHOLD:  # little speaks for the tool
        return TOLD if fact[1] >= 1 else None
    missing = find_missing(chosen.tool.slots, scene.fill(chosen.tool))
    return TOLD if fact[1] >= _BETTER_FACT and missing is not None else None


def _take_wish(scene: Scene) -> Request | None:
    """The words ask for a tool."""
    chosen = scene.choose()
    return open_request(scene, chosen.tool) if chosen and not _goes_on(scene, chosen) else None


def _hand_over(scene: Scene) -> Request | None:
    """The caller wants to speak with a person, and there is a tool for that."""
    able = [tool for tool in scene.setting.tools if is_handoff(tool)]
    if not able or find_aside(scene.text) != "human":
        return None
    by_name = [tool for tool in able if {"*escalate"} & {t for w in read_words(tool.words) for t in w.terms}]
    return open_request(scene, (by_name or able)[0])


def _revise_last(scene: Scene) -> Request | None:
    """The last call is repeated with another value ("no, A1002", "and for Tuesday?")."""
    tool, last = scene.memory.last_tool, scene.memory.last
    if tool is None or last is None:
        return None
    kinds = {slot.name: slot.kind for slot in tool.slots}
    given = {key: value for key, value in scene.fill(tool).items() if kinds[key] in _REVISED}
    size = len(read_words(scene.text))
    bare = any(kinds[key] == "code" for key in given) and size <= _BARE_WORDS
    follows = is_correction(scene.text) or _FOLLOW_UP.search(scene.text) or _adds(scene, tool)
    meant = scene.memory.failed or bare or follows
    if not meant or size > _REVISION_WORDS:
        return None
    values = last.arguments | given
    if not given or values == last.arguments:
        return None
    request = Request(tool, values)
    request.note_doubt(given.keys(), unsure=scene.heard.unsure)
    return request


def _take_bare_value(scene: Scene) -> Request | None:
    """A number is said without a word on what it is for, and only one tool can look it up."""
    if len(read_words(scene.text)) > _BARE_WORDS:
        return None
    able = [tool for tool in scene.setting.tools if not find_actions(tool) and _is_key_of(scene, tool)]
    return open_request(scene, able[0]) if len(able) == 1 else None


def _take_offer(scene: Scene) -> Request | None:
    """Something was looked up, and the caller answers with a value for it ("half past seven, please")."""
    looked, last = scene.memory.last_tool, scene.memory.last
    if looked is None or last is None or find_actions(looked) or len(read_words(scene.text)) > _BARE_WORDS:
        return None
    shared = {slot.name for slot in looked.slots}
    able = [tool for tool in scene.setting.tools if find_actions(tool) and _is_offered(scene, tool, shared)]
    return open_request(scene, able[0]) if len(able) == 1 else None


Rule: TypeAlias = Callable[[Scene], "Request | Told | None"]
RULES: tuple[Rule, ...] = (
    _follow_rule,
    _mend_failed,
    _read_instructions,
    _take_wish,
    _hand_over,
    _take_offer,
    _revise_last,
    _take_bare_value,
)


def _goes_on(scene: Scene, chosen: Choice) -> bool:
    """Whether the tool that fits is the last one again, and the words only follow it up."""
    last = scene.memory.last_tool
    return chosen.tool is last and bool(_FOLLOW_UP.search(scene.text) or _adds(scene, last))


def _adds(scene: Scene, tool: Tool) -> bool:
    """Whether a few words only give a value for a tool that needs more ("in business class")."""
    text = scene.text
    if is_question(text) or find_said_actions(text) or len(read_words(text)) > _BARE_WORDS:
        return False
    given = scene.fill(tool)
    return bool(given) and find_missing(tool.slots, given) is not None and not _WISH.search(text)


def _is_key_of(scene: Scene, tool: Tool) -> bool:
    required = [slot for slot in tool.slots if slot.required]
    return len(required) == 1 and required[0].kind in _KEYS and required[0].name in scene.fill(tool)


def _is_offered(scene: Scene, tool: Tool, shared: set[str]) -> bool:
    given = scene.fill(tool)
    kinds = {slot.name: slot.kind for slot in tool.slots}
    fits = any(kinds[key] in _REVISED and key not in shared for key in given)
    return fits and any(slot.required and slot.name in shared for slot in tool.slots)
