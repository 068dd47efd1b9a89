"""The rules of the conversation over random interleavings of caller, model, tools and time."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from agentrun.conversation.commands import Command, Play, Send, StartTool
from agentrun.conversation.inputs import (
    CallerAudio,
    CallerDigit,
    CallerImage,
    CallerLeft,
    CallerPlayed,
    CallerText,
    HangUpRequested,
    Input,
    LinkDown,
    LinkUp,
    SayRequested,
    StopRequested,
    ToolFinished,
    Wake,
)
from agentrun.conversation.machine import Conversation, Phase
from agentrun.outcome import ToolOutcome
from agentrun.plan import CallPlan, Greeting, Idempotency, Limits
from agentrun.wire import server
from agentrun.wire.client import InputAudioBufferAppend
from tests.conversation.model_server import ModelServer
from tests.conversation.plans import HANG_UP, WAITING, make_plan, make_tool
from tests.conversation.witness import Witness

Step = tuple[str, int, int]

ACTIONS = (
    *("flow",) * 32,
    *("server",) * 8,
    *("deliver",) * 12,
    *("played",) * 10,
    *("tool",) * 3,
    *("speak",) * 4,
    *("text",) * 3,
    *("wake",) * 14,
    *("late", "audio", "digit", "image", "say", "unknown", "error"),
)
ENDINGS = ("left", "down", "stop", "hang_up", "hang_up")


def make_steps(seed: int, length: int) -> list[Step]:
    """Choose the steps of one call; one call in three is ended early, one in eight is set up late."""
    dice = Random(seed)
    steps = [("server", 0, 0), ("deliver", 0, 0)] if dice.random() < 7 / 8 else []
    pauses = dice.choice(((0, 0, 0, 10), (0, 0, 300, 900), (0, 300, 900, 2500)))
    steps += [(dice.choice(ACTIONS), dice.randrange(120), dice.choice(pauses)) for _ in range(length)]
    if dice.random() < 1 / 3:
        steps.insert(dice.randrange(len(steps)), (dice.choice(ENDINGS), 0, 0))
    return steps


STEPS = st.builds(make_steps, st.integers(0, 2**32), st.integers(1, 250))


@dataclass
class Drive:
    """A conversation, a model server, a caller and tools, stepped by numbers."""

    plan: CallPlan
    model: ModelServer
    conversation: Conversation
    witness: Witness
    now_ms: int = 0
    inputs: list[tuple[Input, int]] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    running: dict[str, str] = field(default_factory=dict)
    played: list[str] = field(default_factory=list)

    def feed(self, event: Input) -> None:
        self.inputs.append((event, self.now_ms))
        commands = self.conversation.handle(event, self.now_ms)
        self.commands += commands
        self.witness.see(event, commands, self.now_ms)
        for command in commands:
            match command:
                case Send(InputAudioBufferAppend()):
                    pass
                case Send():
                    self.model.sent.append(command.event)
                case Play() if command.item_id not in self.played:
                    self.played.append(command.item_id)
                case StartTool():
                    self.running[command.call_id] = command.name

    def do(self, action: str, choice: int, after_ms: int) -> None:
        self.now_ms += after_ms
        match action:
            case "server":
                self.model.step(choice)
            case "flow":
                for turn in range(choice % 10):
                    self.do("server", choice + 3 * turn, 0)
                    self.do("deliver", 0, 0)
            case "deliver" if self.model.out:
                self.feed(self.model.out.popleft())
            case "played" if self.played:
                item = self.played[choice % len(self.played)]
                self.feed(CallerPlayed(item, choice * 20 - 100))
            case "tool" if self.running:
                self.finish_tool(list(self.running)[choice % len(self.running)], choice)
            case "speak" if self.conversation.phase is Phase.LIVE:
                if self.model.speaking:
                    self.model.stop_speaking(choice)
                else:
                    self.model.start_speaking()
            case "wake" | "late" if choice % 16 == 0 or self.is_soon:
                self.wake(choice if action == "late" else 0)
            case _ if action in MAKE:
                self.feed(MAKE[action](choice))

    def finish_tool(self, call_id: str, choice: int) -> None:
        name = self.running.pop(call_id)
        outcome = ToolOutcome(call_id, name, "ok" if choice % 3 else "failed", {"n": choice}, message="m")
        if name == "hang_up":
            self.feed(HangUpRequested())
        self.feed(ToolFinished(outcome))

    def wake(self, late_ms: int) -> None:
        deadline_ms = self.conversation.deadline_ms
        if deadline_ms is None or deadline_ms > 10_000_000:
            return
        self.now_ms = max(self.now_ms, deadline_ms) + late_ms
        self.feed(Wake())
        later_ms = self.conversation.deadline_ms
        assert later_ms is None or later_ms > self.now_ms, "a deadline that has passed already"

    @property
    def is_soon(self) -> bool:
        """Whether the next deadline is no stall."""
        deadline_ms = self.conversation.deadline_ms
        return deadline_ms is not None and deadline_ms < self.now_ms + 8_000

    def settle(self) -> None:
        """Let everything that is under way come to its end, and check that it does."""
        if self.model.speaking:
            self.model.stop_speaking(0)
        for _ in range(3000):
            self.model.step(0)
            while self.model.out:
                self.feed(self.model.out.popleft())
            for call_id in list(self.running):
                self.finish_tool(call_id, 1)
            if self.model.is_at_rest:
                if self.conversation.is_idle or self.conversation.phase is not Phase.LIVE:
                    break
                self.wake(0)
        assert self.conversation.is_idle, "no rest"
        if self.conversation.phase is Phase.LIVE:
            assert self.conversation.deadline_ms == self.plan.limits.max_duration_ms
            self.witness.check_at_rest()


MAKE: dict[str, Any] = {
    "text": lambda n: CallerText(f"turn {n}"),
    "audio": lambda n: CallerAudio(bytes(n)),
    "digit": lambda n: CallerDigit("0123456789*#"[n % 12]),
    "image": lambda n: CallerImage("data:image/png;base64,"),
    "say": lambda n: SayRequested(f"words {n}"),
    "hang_up": lambda n: HangUpRequested(),
    "unknown": lambda n: server.UnknownEvent("response.sparkled", {"n": n}),
    "error": lambda n: server.Error({"type": "server_error", "code": "oops", "message": "m"}),
    "left": lambda n: CallerLeft(),
    "down": lambda n: LinkDown("gone", code=1006),
    "stop": lambda n: StopRequested(),
}

DETECTIONS = st.sampled_from(
    (
        ...,
        None,
        {"type": "server_vad", "create_response": False},
        {"type": "server_vad", "interrupt_response": False},
        {"type": "server_vad", "create_response": False, "interrupt_response": False},
    )
)
TOOL_RULES = st.fixed_dictionaries(
    {
        "deliver": st.sampled_from(("when_idle", "when_idle", "interrupt", "next_turn", "silent")),
        "effect": st.sampled_from(("read", "write")),
        "on_interrupt": st.sampled_from(("continue", "continue", "cancel")),
        "on_hangup": st.sampled_from(("finish", "cancel")),
        "placeholder": st.sampled_from((None, WAITING, WAITING)),
        "timeout_ms": st.sampled_from((1_000, 10_000)),
        "max_per_call": st.sampled_from((None, 3)),
        "idempotency": st.sampled_from((Idempotency(), Idempotency("natural"), Idempotency("key", ("n",)))),
    }
)
PLANS = st.builds(
    lambda lookup, book, **rest: make_plan(
        make_tool("lookup", **lookup), make_tool("book", **book), HANG_UP, **rest
    ),
    TOOL_RULES,
    TOOL_RULES,
    turn_detection=DETECTIONS,
    text_only=st.booleans(),
    owns_playback=st.sampled_from((True, True, False)),
    greeting=st.sampled_from((None, Greeting(say="Hello."), Greeting(say="Hello.", interruptible=False))),
    limits=st.just(Limits(max_duration_ms=100_000_000, max_tool_calls=6)),
)


def start(plan: CallPlan) -> Drive:
    detection = plan.session.get("audio", {}).get("input", {}).get("turn_detection", {})
    model = ModelServer(
        text_only=plan.session["output_modalities"] == ["text"],
        creates_responses=detection is not None and detection.get("create_response", True),
        interrupts=detection is not None and detection.get("interrupt_response", True),
    )
    drive = Drive(plan, model, Conversation(plan, "call_1"), Witness(plan))
    drive.feed(LinkUp())
    return drive


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(PLANS, STEPS)
def test_the_rules_hold_and_the_call_comes_to_rest(plan: CallPlan, steps: list[Step]) -> None:
    drive = start(plan)
    for step in steps:
        drive.do(*step)
    drive.settle()


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(PLANS, STEPS)
def test_the_same_inputs_lead_to_the_same_commands(plan: CallPlan, steps: list[Step]) -> None:
    drive = start(plan)
    for step in steps:
        drive.do(*step)
    again = Conversation(plan, "call_1")
    commands = [command for event, now_ms in drive.inputs for command in again.handle(event, now_ms)]
    assert commands == drive.commands


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(PLANS, STEPS)
def test_unknown_events_change_nothing_and_are_counted(plan: CallPlan, steps: list[Step]) -> None:
    drive = start(plan)
    for step in steps:
        drive.do(*step)
    again = Conversation(plan, "call_1")
    commands = []
    for event, now_ms in drive.inputs:
        commands += again.handle(event, now_ms)
        deadline_ms, idle = again.deadline_ms, again.is_idle
        assert again.handle(server.UnknownEvent("response.sparkled", {}), now_ms + 77) == []
        assert (again.deadline_ms, again.is_idle) == (deadline_ms, idle)
    assert commands == drive.commands
    assert again.unknown_events - drive.conversation.unknown_events == len(drive.inputs)
