"""The rehearsal mind: deterministic, without weights, and for any agent.

What it answers depends on the newest thing in the conversation:

* the response has instructions of its own: it says what they say;
* results of tools that were not told yet: it tells them;
* words of the caller: a tool call, a question for what is missing, a fact of the instructions, small talk;
* nothing: a greeting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agentrun.engine.responders.rehearsal.choice import (
    choose_tool,
    find_actions,
    is_hang_up,
)
from agentrun.engine.responders.rehearsal.dialogue import (
    Answered,
    Called,
    Event,
    Heard,
    Said,
    find_pending,
    find_untold,
    read_dialogue,
    read_notes,
)
from agentrun.engine.responders.rehearsal.english import English
from agentrun.engine.responders.rehearsal.instructions import (
    find_described_words,
    find_exact_words,
    find_fact,
    find_greeting,
    find_role,
    is_goodbye_order,
    is_greeting_order,
    is_question,
)
from agentrun.engine.responders.rehearsal.korean import Korean
from agentrun.engine.responders.rehearsal.language import Language, detect_language
from agentrun.engine.responders.rehearsal.neutral import Neutral
from agentrun.engine.responders.rehearsal.request import Caller
from agentrun.engine.responders.rehearsal.slots import Tool, read_tools
from agentrun.engine.responders.rehearsal.smalltalk import find_aside
from agentrun.engine.responders.rehearsal.spelling import find_codes
from agentrun.engine.responders.rehearsal.steps import Ask, Confirm, Drop, Go, Step
from agentrun.engine.responders.rehearsal.telling import tell_output
from agentrun.engine.responders.rehearsal.words import read_words
from agentrun.engine.seams import Call, Move, Prompt, Say
from agentrun.wire.json import JsonObject, JsonValue

LANGUAGES: Mapping[str, Language] = {"en": English(), "ko": Korean(), "other": Neutral()}
_MOST_CALLS = 3
_ORDER_LENGTH = 400


@dataclass(frozen=True, slots=True)
class RehearsalResponder:
    """A mind that reads only what any client sends: instructions, tool schemas and the conversation.

    Attributes:
        preamble: whether it says a few words before it calls a tool.

    """

    preamble: bool = False

    def respond(self, prompt: Prompt) -> Sequence[Move]:
        """Return the moves of one response; the same prompt always gets the same answer."""
        if prompt.instructed:
            words = _say_as_instructed(prompt)
            if words is not None:
                return (Say(words),)
        return _Answer(prompt, self.preamble).moves()


def _say_as_instructed(prompt: Prompt) -> str | None:
    """Return the words that the response's own instructions describe, or None if they describe none."""
    instructions = prompt.instructions
    exact = find_exact_words(instructions)
    if exact is not None:
        return exact
    is_order = is_greeting_order(instructions) or is_goodbye_order(instructions)
    if is_order and len(instructions) < _ORDER_LENGTH:
        events = read_dialogue(prompt.items)
        language = _pick_language(events, instructions, ())
        if is_goodbye_order(instructions):
            return language.phrase("goodbye")
        return find_greeting(instructions) or language.greet(find_role(instructions))
    described = find_described_words(instructions)
    if (
        described is None
        and prompt.tool_choice == "none"
        and not prompt.items
        and len(instructions) < _ORDER_LENGTH
    ):
        return _pick_language((), instructions, ()).phrase("preamble")  # words in between, not a beginning
    return described


def _pick_language(events: Sequence[Event], instructions: str, tools: Sequence[Tool]) -> Language:
    heard = [event.text for event in events if isinstance(event, Heard) and event.text]
    said = [event.text for event in events if isinstance(event, Said)]
    if heard:
        return LANGUAGES[detect_language([*said[-1:], *heard])]
    return LANGUAGES[detect_language([*(tool.description for tool in tools), instructions, *said])]


@dataclass(slots=True)
class _Answer:
    """One answer in the making."""

    prompt: Prompt
    preamble: bool
    instructions: str = field(init=False)
    events: tuple[Event, ...] = field(init=False)
    tools: tuple[Tool, ...] = field(init=False)
    language: Language = field(init=False)

    def __post_init__(self) -> None:
        self.instructions = f"{self.prompt.instructions}\n{read_notes(self.prompt.items)}"
        self.events = read_dialogue(self.prompt.items)
        self.tools = read_tools(self.prompt.tools)
        self.language = _pick_language(self.events, self.instructions, self.tools)

    def moves(self) -> Sequence[Move]:
        """Return what to say and to call."""
        untold = find_untold(self.events)
        match self.events[-1] if self.events else None:
            case None:
                return (Say(self._greet()),)
            case Answered():
                return self._tell_and_go_on(untold)
            case Called():
                return (Say(self.language.phrase("waiting")),)
            case Said():
                return (Say(self.language.phrase("anything_else")),)
            case Heard(text):
                told = [move for move in self._tell(untold) if isinstance(move, Say)]
                return (*told, *self._answer(text))

    def _greet(self) -> str:
        return find_greeting(self.instructions) or self.language.greet(find_role(self.instructions))

    def _tell(self, untold: Sequence[Answered]) -> Sequence[Move]:
        """Tell results; a call that ends needs no words after the goodbye."""
        ending = {tool.name for tool in self.tools if is_hang_up(tool)}
        asked = {event.call_id: event.arguments for event in self.events if isinstance(event, Called)}
        told = [
            tell_output(answer.output, self.language, asked.get(answer.call_id, {}))
            for answer in untold
            if answer.name not in ending
        ]
        return (Say(" ".join(dict.fromkeys(told))),) if told else ()

    def _tell_and_go_on(self, untold: Sequence[Answered]) -> Sequence[Move]:
        """Tell results, and come back to what the caller wanted before that was looked up."""
        told = self._tell(untold)
        caller = self._new_caller()
        caller.follow(self.events)
        question = None if find_pending(self.events) else self._ask_open(caller)
        if not told or question is None:
            return told
        return (Say(" ".join([*(move.text for move in told if isinstance(move, Say)), question])),)

    def _new_caller(self) -> Caller:
        tools = [tool for tool in self.tools if not is_hang_up(tool)]
        return Caller(tools, self.instructions, self.prompt.now)

    def _answer(self, text: str) -> Sequence[Move]:
        if not text:
            return (Say(self.language.phrase("unheard")),)
        caller = self._new_caller()
        aside = find_aside(text)
        step = caller.follow(self.events)
        if aside == "goodbye" and step is None and not choose_tool(text, caller.tools):
            return self._say_goodbye()
        forced = self._forced_name()
        if forced is not None and not isinstance(step, (Go, Ask, Confirm)):
            step = caller.force(text, forced or None) or step
        moves = self._take_step(step, text) if step is not None else None
        return moves if moves is not None else self._chat(text, caller)

    def _forced_name(self) -> str | None:
        """Return the tool that the client demands, "" for any, None if it demands nothing."""
        choice: JsonValue = self.prompt.tool_choice
        if choice == "required":
            return ""
        return str(choice.get("name") or "") or None if isinstance(choice, dict) else None

    def _take_step(self, step: Step, text: str) -> Sequence[Move] | None:
        match step:
            case Ask(slot, again, _):
                return (Say(self.language.ask(slot, again=again)),)
            case Confirm(tool, arguments):
                return (Say(self.language.confirm(tool, arguments)),)
            case Drop():
                return (Say(self.language.phrase("dropped")),)
            case Go(tool, arguments):
                return self._call(tool, arguments, text) if self._allows(tool) else None

    def _allows(self, tool: Tool) -> bool:
        choice = self.prompt.tool_choice
        if isinstance(choice, dict) and isinstance(choice.get("name"), str):
            return bool(choice["name"] == tool.name)
        return not (isinstance(choice, str) and choice == "none")

    def _call(self, tool: Tool, arguments: JsonObject, text: str) -> Sequence[Move]:
        pending = find_pending(self.events)
        calls = [Call(tool.name, one) for one in self._multiply(tool, arguments, text)]
        fresh = [
            call
            for call in calls
            if not any(p.name == call.name and p.arguments == call.arguments for p in pending)
        ]
        if not fresh:
            return (Say(self.language.phrase("waiting")),)
        preamble = [Say(self.language.phrase("preamble"), "commentary")] if self.preamble else []
        return (*preamble, *fresh)

    def _multiply(self, tool: Tool, arguments: JsonObject, text: str) -> list[JsonObject]:
        """Ask a tool that only looks about each of several codes ("where are A1001 and A1002")."""
        codes = [slot for slot in tool.slots if slot.kind == "code" and slot.name in arguments]
        pattern = codes[0].pattern if len(codes) == 1 else None
        if pattern is None or find_actions(tool) or not self.prompt.parallel_tool_calls:
            return [arguments]
        said = list(dict.fromkeys(found.value for found in find_codes(text, pattern)))
        if arguments[codes[0].name] != (said[0] if said else None):
            return [arguments]
        return [arguments | {codes[0].name: code} for code in said[:_MOST_CALLS]]

    def _say_goodbye(self) -> Sequence[Move]:
        ending = next((tool for tool in self.tools if is_hang_up(tool) and self._allows(tool)), None)
        words = self.language.phrase("goodbye")
        if ending is None or any(slot.required for slot in ending.slots):
            return (Say(words),)
        return (Say(words, "commentary"), Call(ending.name, {}))

    def _chat(self, text: str, caller: Caller) -> Sequence[Move]:
        words = self._find_words(text)
        if find_pending(self.events):
            waiting = self.language.phrase("waiting")
            return (Say(waiting if words is None else f"{words} {waiting}"),)
        question = self._ask_open(caller)
        if question is not None:
            match find_aside(text):
                case "wait":
                    return (Say(self.language.phrase("take_your_time")),)
                case "thanks" | "agree" | "refuse" | "hello":
                    return (Say(question),)
            return (Say(question if words is None else f"{words} {question}"),)
        if words is None:
            knows = self.language.code != "other" and len(read_words(text)) > 1
            sorry = f"{self.language.phrase('cannot')} " if knows else ""
            offered = self._offer_help()
            repeats = any(isinstance(event, Said) and offered in event.text for event in self.events)
            words = sorry + (self.language.phrase("rephrase") if repeats else offered)
        return (Say(words),)

    def _ask_open(self, caller: Caller) -> str | None:
        """Return the question that an open request waits with, if there is one."""
        match caller.open_step:
            case Ask(slot, _, _):
                return self.language.ask(slot, again=False)
            case Confirm(tool, arguments):
                return self.language.confirm(tool, arguments)
        return None

    def _find_words(self, text: str) -> str | None:
        """Return an answer that needs no tool: small talk, or a fact of the instructions."""
        aside = find_aside(text)
        match aside:
            case "who":
                return self.language.describe_self(find_role(self.instructions))
            case "help":
                return self._offer_help()
            case "human":
                return f"{self.language.phrase('human')} {self._offer_help()}"
            case "repeat":
                last = next((e.text for e in reversed(self.events) if isinstance(e, Said)), None)
                return last or self.language.phrase("nothing_said")
        fact = find_fact(text, self.instructions) if is_question(text) else None
        if fact is not None:
            return fact[0]
        match aside:
            case None:
                return None
            case "wait" | "agree" | "refuse" | "drop":
                return self.language.phrase("alright")
            case _:
                return self.language.phrase(aside)

    def _offer_help(self) -> str:
        return self.language.describe_help([tool for tool in self.tools if not is_hang_up(tool)])
