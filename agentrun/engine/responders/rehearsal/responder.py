"""The rehearsal mind: deterministic, without weights, and for any agent.

What it answers depends on the newest thing in the conversation:

* the response, or a note in the conversation, orders words: it says them;
* results of tools that were not told yet: it tells them;
* words of the caller: tool calls, a question for what is missing, words that a rule of the instructions puts
  into its mouth, a fact of the instructions, small talk;
* nothing: a greeting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from agentrun.engine.responders.rehearsal.actions import is_hang_up
from agentrun.engine.responders.rehearsal.caller import Caller
from agentrun.engine.responders.rehearsal.chat import Chat
from agentrun.engine.responders.rehearsal.choice import choose_tool
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
from agentrun.engine.responders.rehearsal.language import Language
from agentrun.engine.responders.rehearsal.orders import find_ordered_words
from agentrun.engine.responders.rehearsal.request import Setting
from agentrun.engine.responders.rehearsal.slots import Tool, read_tools
from agentrun.engine.responders.rehearsal.smalltalk import find_aside
from agentrun.engine.responders.rehearsal.speaking import pick_language
from agentrun.engine.responders.rehearsal.steps import Ask, Confirm, Drop, Go, Question, Step, Verify
from agentrun.engine.responders.rehearsal.telling import tell_output
from agentrun.engine.seams import Call, Move, Prompt, Say
from agentrun.wire.json import JsonValue


@dataclass(frozen=True, slots=True)
class RehearsalResponder:
    """A mind that reads only what any client sends: instructions, tool schemas and the conversation.

    Attributes:
        preamble: whether it says a few words before it calls a tool.

    """

    preamble: bool = False

    def respond(self, prompt: Prompt) -> Sequence[Move]:
        """Return the moves of one response; the same prompt always gets the same answer."""
        words = find_ordered_words(prompt)
        return (Say(words),) if words is not None else _Answer(prompt, self.preamble).moves()


@dataclass(slots=True)
class _Answer:
    """One answer in the making."""

    prompt: Prompt
    preamble: bool
    events: tuple[Event, ...] = field(init=False)
    tools: tuple[Tool, ...] = field(init=False)
    language: Language = field(init=False)
    caller: Caller = field(init=False)

    def __post_init__(self) -> None:
        prompt = self.prompt
        instructions = f"{prompt.instructions}\n{read_notes(prompt.items)}"
        self.events = read_dialogue(prompt.items, prompt.unsure)
        self.tools = read_tools(prompt.tools, instructions)
        self.language = pick_language(self.events, instructions, self.tools, prompt.language)
        offered = tuple(tool for tool in self.tools if not is_hang_up(tool))
        self.caller = Caller(Setting(offered, instructions, prompt.now))

    @property
    def chat(self) -> Chat:
        """What can be said without a tool."""
        return Chat(self.events, self.language, self.caller.setting)

    def moves(self) -> Sequence[Move]:
        """Return what to say and to call."""
        untold = find_untold(self.events)
        match self.events[-1] if self.events else None:
            case None:
                return (Say(self.chat.greet()),)
            case Answered():
                return self._tell_and_go_on(untold)
            case Called():
                return (Say(self.language.phrase("waiting")),)
            case Said():
                return (Say(self.language.phrase("anything_else")),)
            case Heard() as heard:
                told = self._tell(untold)
                return (*([Say(told)] if told else []), *self._answer(heard))

    def _tell(self, untold: Sequence[Answered]) -> str:
        """Tell results; a call that ends needs no words after the goodbye."""
        ending = {tool.name for tool in self.tools if is_hang_up(tool)}
        asked = {event.call_id: event.arguments for event in self.events if isinstance(event, Called)}
        told = [
            tell_output(answer.output, self.language, asked.get(answer.call_id, {}))
            for answer in untold
            if answer.name not in ending
        ]
        return " ".join(dict.fromkeys(told))

    def _tell_and_go_on(self, untold: Sequence[Answered]) -> Sequence[Move]:
        """Tell results, and come back to what else the caller wanted."""
        told = self._tell(untold)
        self.caller.follow(self.events)
        if find_pending(self.events):
            return (Say(told),) if told else ()
        due = [go for go in self.caller.agenda.due if self._allows(go.tool)]
        if due:
            return (*([Say(told, "commentary")] if told else []), *self._call(due))
        question = self.caller.question
        if not told or question is None:
            return (Say(told),) if told else ()
        return (Say(f"{told} {self._ask(question)}"),)

    def _answer(self, heard: Heard) -> Sequence[Move]:
        text = heard.text
        if not text:
            return (Say(self.language.phrase("unheard")),)
        steps = self.caller.follow(self.events)
        if find_aside(text) == "goodbye" and not steps and not choose_tool(text, self.caller.setting.tools):
            return self._say_goodbye()
        forced = self._forced_name()
        if forced is not None and not any(isinstance(step, Go | Ask | Verify | Confirm) for step in steps):
            steps = self.caller.force(heard, forced or None) or steps
        return self._take(steps) or (Say(self.chat.answer(text, self._ask_open())),)

    def _forced_name(self) -> str | None:
        """Return the tool that the client demands, "" for any, None if it demands nothing."""
        choice: JsonValue = self.prompt.tool_choice
        if choice == "required":
            return ""
        return str(choice.get("name") or "") or None if isinstance(choice, dict) else None

    def _take(self, steps: Sequence[Step]) -> Sequence[Move]:
        """Make the calls; without one, ask what is to be asked."""
        calls = [step for step in steps if isinstance(step, Go) and self._allows(step.tool)]
        if calls:
            return self._call(calls)
        for step in steps:
            if isinstance(step, Drop):
                return (Say(self.language.phrase("dropped")),)
            if not isinstance(step, Go):
                return (Say(self._ask(step)),)
        return ()

    def _ask(self, question: Question) -> str:
        match question:
            case Ask(slot, again, _):
                return self.language.ask(slot, again=again)
            case Verify(_, values):
                return self.language.verify([self.language.say_value(key, values[key]) for key in values])
            case Confirm(tool, arguments):
                return self.language.confirm(tool, arguments)

    def _ask_open(self) -> str | None:
        """Return the question that an open request waits with, if there is one."""
        question = self.caller.question
        return None if question is None else self._ask(question)

    def _allows(self, tool: Tool) -> bool:
        choice = self.prompt.tool_choice
        if isinstance(choice, dict) and isinstance(choice.get("name"), str):
            return bool(choice["name"] == tool.name)
        return not (isinstance(choice, str) and choice == "none")

    def _call(self, calls: Sequence[Go]) -> Sequence[Move]:
        """Call what is not being waited for already; one tool at a time where the client wants that."""
        pending = find_pending(self.events)
        wanted = list(
            {repr(call): call for call in (Call(go.tool.name, go.arguments) for go in calls)}.values()
        )
        fresh = [
            call
            for call in wanted
            if not any(p.name == call.name and p.arguments == call.arguments for p in pending)
        ]
        if not fresh:
            return (Say(self.language.phrase("waiting")),)
        preamble = [Say(self.language.phrase("preamble"), "commentary")] if self.preamble else []
        return (*preamble, *(fresh if self.prompt.parallel_tool_calls else fresh[:1]))

    def _say_goodbye(self) -> Sequence[Move]:
        ending = next((tool for tool in self.tools if is_hang_up(tool) and self._allows(tool)), None)
        words = self.language.phrase("goodbye")
        if ending is None or any(slot.required for slot in ending.slots):
            return (Say(words),)
        return (Say(words, "commentary"), Call(ending.name, {}))
