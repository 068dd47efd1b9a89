"""The conversation and the engine's own core, joined without sockets: two halves that were written apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from agentrun.conversation.commands import Play, Send, StartTool
from agentrun.conversation.inputs import CallerPlayed, CallerText, Input, LinkUp, ToolFinished, Wake
from agentrun.conversation.machine import Conversation
from agentrun.engine.local import LocalEngine
from agentrun.engine.seams import Call, Move, Prompt, Say
from agentrun.plan import CallPlan, Greeting
from agentrun.wire import server
from tests.conversation.plans import WAITING, make_plan, make_tool, ok
from tests.conversation.witness import Witness

RACES = frozenset({"response_cancel_not_active", "conversation_already_has_active_response"})


class RandomMind:
    """Says or calls anything that the session offers."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice

    def respond(self, prompt: Prompt) -> Sequence[Move]:
        say = Say("I shall see what I can do about that, sir.")
        if not prompt.tools or prompt.tool_choice == "none" or len(prompt.items) > 30:
            return (say,)
        calls = (Call("lookup", {}), Call("book", {}))
        return self._dice.choice(((say,), calls[:1], calls, (say, calls[0]), ()))


@dataclass
class Line:
    """One call in virtual time, with a caller and tools that act at random."""

    plan: CallPlan
    dice: Random
    now_ms: int = 0
    todo: list[tuple[int, Input]] = field(default_factory=list)
    queued_ms: dict[str, int] = field(default_factory=dict)
    errors: list[server.Error] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.conversation = Conversation(self.plan, "call_1")
        self.engine = LocalEngine(RandomMind(self.dice))
        self.witness = Witness(self.plan)

    def feed(self, event: Input) -> None:
        if isinstance(event, server.Error):
            self.errors.append(event)
        commands = self.conversation.handle(event, self.now_ms)
        self.witness.see(event, commands, self.now_ms)
        for command in commands:
            match command:
                case Send():
                    for answer in self.engine.handle(command.event, self.now_ms):
                        self.todo.append((self.now_ms, answer))
                case StartTool():
                    after_ms = self.dice.choice((0, 500, 3000, 12_000))
                    outcome = ok(command.call_id, command.name)
                    self.todo.append((self.now_ms + after_ms, ToolFinished(outcome)))
                case Play():
                    played_ms = self.queued_ms.get(command.item_id, 0) + len(command.audio) // 48
                    self.queued_ms[command.item_id] = played_ms
                    if self.dice.random() < 0.8:
                        at_ms = self.now_ms + self.dice.randrange(2 * played_ms + 1)
                        self.todo.append((at_ms, CallerPlayed(command.item_id, played_ms)))

    def run(self) -> None:
        """Go from event to event until nothing is left to happen."""
        self.feed(LinkUp())
        for _ in range(5000):
            times = [self.todo[index][0] for index in range(len(self.todo))]
            deadlines = [self.conversation.deadline_ms, self.engine.deadline_ms]
            next_ms = min([*times, *(each for each in deadlines if each is not None)], default=None)
            if next_ms is None or (self.conversation.is_idle and not self.todo):
                return
            self.now_ms = max(self.now_ms, next_ms)
            self.todo += [(self.now_ms, event) for event in self.engine.advance(self.now_ms)]
            due = [entry for entry in self.todo if entry[0] <= self.now_ms]
            self.todo = [entry for entry in self.todo if entry[0] > self.now_ms]
            for _, event in due:
                self.feed(event)
            if (self.conversation.deadline_ms or self.now_ms + 1) <= self.now_ms:
                self.feed(Wake())
        raise AssertionError("no rest")


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32), st.lists(st.integers(0, 20_000), max_size=8), st.booleans(), st.booleans())
def test_a_call_on_the_engine(seed: int, turns: list[int], text_only: bool, greets: bool) -> None:
    tools = (make_tool("lookup", placeholder=WAITING), make_tool("book", deliver="interrupt"))
    plan = make_plan(*tools, text_only=text_only, greeting=Greeting(say="Hello.") if greets else None)
    plan.session["tools"] = [
        {"type": "function", "name": tool.name, "description": "", "parameters": {"type": "object"}}
        for tool in tools
    ]
    line = Line(plan, Random(seed))
    line.todo = [(at_ms, CallerText("Please look.")) for at_ms in turns]
    line.run()
    line.witness.check_at_rest()
    assert line.conversation.is_idle
    assert {error.error.get("code") for error in line.errors} <= RACES
