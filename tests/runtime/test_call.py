"""Whole calls on the real engine core, in virtual time, with minds that say what the test wants said."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from agentrun.channels import PostCaller
from agentrun.channels.text import TextChannel
from agentrun.conversation import reports
from agentrun.conversation.inputs import CallerLeft, LinkDown, LinkUp
from agentrun.conversation.reports import Report
from agentrun.engine.local import LocalEngine
from agentrun.engine.responders.script import ScriptedResponder
from agentrun.engine.seams import Call as CallMove
from agentrun.engine.seams import Move, Say
from agentrun.link import PostLink
from agentrun.link.memory import MemoryLink
from agentrun.plan import (
    TEXT,
    BuiltinTarget,
    CallPlan,
    Greeting,
    ModelTarget,
    Placeholder,
    PythonTarget,
    ToolBinding,
)
from agentrun.runtime.call import Call
from agentrun.runtime.clock import VirtualClock
from agentrun.tools.builtin import BuiltinRunner
from agentrun.tools.call import CallContext
from agentrun.wire.client import ClientEvent
from agentrun.wire.json import JsonObject, JsonValue

Behaviour = Callable[[JsonObject, CallContext], Awaitable[JsonValue]]


class LocalRunner:
    """Runs the functions of this file in place of imported ones."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour

    async def prepare(self) -> None:
        return None

    async def run(self, binding: ToolBinding, arguments: JsonObject, context: CallContext) -> JsonValue:
        return await self._behaviour(arguments, context)

    async def aclose(self) -> None:
        return None


LOOKUP = ToolBinding(
    "lookup_order",
    "Look up an order",
    {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]},
    PythonTarget("tools.orders", "lookup_order", "."),
    Placeholder("One moment."),
    effect="read",
)
HANG_UP = ToolBinding(
    "hang_up",
    "End the call",
    {"type": "object", "properties": {}},
    BuiltinTarget("hang_up"),
    deliver="silent",
)


def make_plan(*tools: ToolBinding, **changes: Any) -> CallPlan:
    functions = [
        {"type": "function", "name": t.name, "description": t.description, "parameters": t.parameters}
        for t in tools
    ]
    formats = {"input": {"format": dict(TEXT.input_format)}, "output": {"format": dict(TEXT.output_format)}}
    session = {"type": "realtime", "instructions": "Be brief.", "audio": formats, "tools": functions}
    plan = CallPlan("desk", TEXT, ModelTarget("gpt-realtime-2.1"), session, tools)
    return dataclasses.replace(plan, **changes)


class Script:
    """A caller who acts when the agent comes to rest; each step gets the channel. After the last: hang up."""

    def __init__(self, *steps: Callable[[TextChannel], object]) -> None:
        self._steps = list(steps)
        self.channel: TextChannel | None = None

    def on_idle(self) -> None:
        assert self.channel is not None
        if self._steps:
            self._steps.pop(0)(self.channel)
        else:
            self.channel.hang_up()


async def echo(arguments: JsonObject, _call: CallContext) -> JsonValue:
    return arguments


async def hold(
    plan: CallPlan,
    moves: Sequence[Sequence[Move]],
    script: Script,
    behaviour: Behaviour = echo,
    during: Callable[[Call, VirtualClock], None] | None = None,
) -> tuple[str, list[tuple[int, Report]]]:
    clock, told = VirtualClock(), list[tuple[int, Report]]()
    channel = script.channel = TextChannel(clock, lambda _report: None)
    link = MemoryLink(LocalEngine(ScriptedResponder(moves)), clock)
    call = Call(
        plan,
        "c_1",
        link=link,
        channel=channel,
        clock=clock,
        on_idle=script.on_idle,
        watch=lambda report: told.append((clock.now_ms(), report)),
        runners={"python": lambda: LocalRunner(behaviour), "builtin": BuiltinRunner},
    )
    if during is not None:
        during(call, clock)
    reason = await call.run()
    return reason, told


def only(kind: type[Any], told: Sequence[tuple[int, Report]]) -> list[Any]:
    return [report for _, report in told if isinstance(report, kind)]


async def test_a_call_from_the_greeting_to_the_goodbye() -> None:
    plan = make_plan(LOOKUP, greeting=Greeting("Hello, this is the desk."))
    moves: list[list[Move]] = [
        [Say("Hello, this is the desk.")],
        [CallMove("lookup_order", {"order_id": "A1001"})],
        [Say("It is on its way.")],
    ]
    reason, told = await hold(plan, moves, Script(lambda line: line.type_line("Where is A1001?")))
    assert reason == "caller_hung_up"
    assert [type(report).__name__ for _, report in told if not isinstance(report, reports.AgentSpeaking)] == [
        "CallStarted",
        "AgentSaid",
        "CallerSaid",
        "ToolCalled",
        "ToolReturned",
        "FirstSound",
        "AgentSaid",
        "CallEnded",
    ]
    (returned,) = only(reports.ToolReturned, told)
    assert returned.result == {"order_id": "A1001"}
    greeting, answer = only(reports.AgentSaid, told)
    assert (greeting.heard, answer.heard) == ("Hello, this is the desk.", "It is on its way.")
    assert only(reports.CallEnded, told)[0].usage["total_tokens"] > 0


async def test_a_slow_tool_is_covered_by_a_placeholder_and_its_result_is_told() -> None:
    released = asyncio.Event()

    async def slow(_arguments: JsonObject, _call: CallContext) -> JsonValue:
        await released.wait()
        return {"status": "shipped"}

    def release_after_placeholder(call: Call, clock: VirtualClock) -> None:
        clock.call_at(400, released.set)

    moves: list[list[Move]] = [
        [CallMove("lookup_order", {"order_id": "A1001"})],
        [Say("One moment.")],
        [Say("It has shipped.")],
    ]
    plan = make_plan(dataclasses.replace(LOOKUP, placeholder=Placeholder("One moment.", after_ms=50)))
    _, told = await hold(
        plan, moves, Script(lambda line: line.type_line("Where?")), slow, release_after_placeholder
    )
    called_ms = next(now for now, report in told if isinstance(report, reports.ToolCalled))
    said_ms = next(now for now, report in told if isinstance(report, reports.PlaceholderSaid))
    assert 50 <= said_ms - called_ms <= 400
    assert [said.text for said in only(reports.AgentSaid, told)] == ["It has shipped."]


async def test_a_typed_barge_in_cuts_the_answer_where_it_was_heard() -> None:
    words = "This is a long answer that nobody wants to hear to its end, and it goes on and on and on."
    script = Script(lambda line: line.type_line("Tell me"))

    def interrupt(_call: Call, clock: VirtualClock) -> None:
        def stop() -> None:
            assert script.channel is not None
            script.channel.type_line("Stop")

        clock.call_at(2_000, stop)

    _, told = await hold(make_plan(), [[Say(words)], [Say("Yes?")]], script, during=interrupt)
    cut, last = only(reports.AgentSaid, told)
    assert cut.text.startswith(cut.heard)
    assert 0 < len(cut.heard) < len(words)
    assert last.heard == "Yes?"
    (interrupted,) = only(reports.CallerInterrupted, told)
    assert 0 < interrupted.heard_ms < 2_000


async def test_a_write_that_the_model_makes_again_after_a_barge_in_runs_once() -> None:
    gate, runs = asyncio.Event(), list[JsonObject]()
    script = Script(lambda line: line.type_line("Book it"))

    async def book(arguments: JsonObject, _call: CallContext) -> JsonValue:
        runs.append(arguments)
        await gate.wait()
        return {"ticket": len(runs)}

    def ask_again(_call: Call, clock: VirtualClock) -> None:
        def ask() -> None:
            assert script.channel is not None
            script.channel.type_line("Have you booked it?")

        clock.call_at(1_000, ask)
        clock.call_at(3_000, gate.set)

    again = CallMove("book", {"order_id": "A1"})
    moves: list[list[Move]] = [[again], [again], [Say("It is booked.")]]
    tool = dataclasses.replace(LOOKUP, name="book", effect="write", placeholder=None)
    _, told = await hold(make_plan(tool), moves, script, book, ask_again)
    assert runs == [{"order_id": "A1"}]
    assert [(back.outcome, back.result) for back in only(reports.ToolReturned, told)] == [
        ("ok", {"ticket": 1})
    ] * 2
    assert [said.text for said in only(reports.AgentSaid, told)] == ["It is booked."]


@pytest.mark.parametrize("error", [ValueError("no such order"), asyncio.CancelledError()])
async def test_a_tool_that_breaks_is_an_answer_and_the_call_goes_on(error: BaseException) -> None:
    async def broken(_arguments: JsonObject, _call: CallContext) -> JsonValue:
        raise error

    moves: list[list[Move]] = [[CallMove("lookup_order", {"order_id": "A1"})], [Say("That did not work.")]]
    reason, told = await hold(make_plan(LOOKUP), moves, Script(lambda line: line.type_line("Go")), broken)
    assert reason == "caller_hung_up"
    assert only(reports.ToolReturned, told)[0].outcome in ("failed", "cancelled")
    assert only(reports.AgentSaid, told)[0].text == "That did not work."


async def test_hang_up_waits_until_the_goodbye_was_heard() -> None:
    moves: list[list[Move]] = [
        [Say("Goodbye, and thank you for calling.", "commentary"), CallMove("hang_up", {})]
    ]
    reason, told = await hold(make_plan(HANG_UP), moves, Script(lambda line: line.type_line("Bye")))
    assert reason == "agent_hung_up"
    (said,) = only(reports.AgentSaid, told)
    assert said.heard == said.text


async def test_a_tool_may_speak_and_change_variables() -> None:
    async def talkative(_arguments: JsonObject, call: CallContext) -> JsonValue:
        await call.say("I found three of them.")
        call.variables["seen"] = 3
        return call.variables["shop"]

    moves: list[list[Move]] = [
        [CallMove("lookup_order", {"order_id": "A1"})],
        [Say("I found three of them.")],
        [Say("Done.")],
    ]
    plan = make_plan(LOOKUP, variables={"shop": "Harbour Books"})
    _, told = await hold(plan, moves, Script(lambda line: line.type_line("Go")), talkative)
    assert only(reports.ToolReturned, told)[0].result == "Harbour Books"
    assert "I found three of them." in [said.text for said in only(reports.AgentSaid, told)]


class BrokenLink:
    def __init__(self, *events: LinkUp | LinkDown, error: Exception | None = None) -> None:
        self._events = events
        self._error = error
        self.closed = False

    async def run(self, post: PostLink) -> None:
        for event in self._events:
            post(event)
        if self._error is not None:
            raise self._error
        await asyncio.Event().wait()

    def send(self, event: ClientEvent) -> None:
        return None

    async def aclose(self) -> None:
        self.closed = True


class SilentLine(TextChannel):
    """A caller who says nothing."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock, lambda _report: None)


async def hold_on(link: BrokenLink, line: TextChannel | None = None) -> tuple[str, list[Report]]:
    clock, told = VirtualClock(), list[Report]()
    call = Call(
        make_plan(), "c_1", link=link, channel=line or SilentLine(clock), clock=clock, watch=told.append
    )
    return await call.run(), told


async def test_a_link_that_cannot_be_made_ends_the_call_with_the_remedy() -> None:
    link = BrokenLink(LinkDown("nobody answers at 127.0.0.1:9", "start `agentrun engine`"))
    reason, told = await hold_on(link)
    assert reason == "link_failed"
    (error,) = [report for report in told if isinstance(report, reports.ErrorReported)]
    assert (error.message, error.hint) == ("nobody answers at 127.0.0.1:9", "start `agentrun engine`")
    assert link.closed


async def test_a_link_that_is_lost_ends_the_call() -> None:
    reason, _ = await hold_on(BrokenLink(LinkUp(), LinkDown("lost", code=1006)))
    assert reason == "link_lost"


async def test_a_bug_in_a_link_or_a_line_ends_this_call_only(caplog: pytest.LogCaptureFixture) -> None:
    class BrokenLine(SilentLine):
        async def run(self, post: PostCaller) -> None:
            raise RuntimeError("a bug")

    reason, _ = await hold_on(BrokenLink(error=RuntimeError("a bug")))
    assert reason == "link_failed"
    reason, _ = await hold_on(BrokenLink(), BrokenLine(VirtualClock()))
    assert reason == "internal error: RuntimeError"
    assert "c_1" in caplog.text


async def test_stop_ends_a_call_and_cancelling_leaves_nothing_behind() -> None:
    def stop(call: Call, clock: VirtualClock) -> None:
        clock.call_at(1_000, call.stop)

    reason, told = await hold(make_plan(), [], Script(lambda _line: None), during=stop)
    assert reason == "shutting_down"
    assert isinstance(told[-1][1], reports.CallEnded)
    before = asyncio.all_tasks()
    clock = VirtualClock()
    clock.freeze()
    link = BrokenLink(LinkUp())
    call = Call(make_plan(), "c_1", link=link, channel=SilentLine(clock), clock=clock)
    running = asyncio.create_task(call.run())
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert link.closed
    assert asyncio.all_tasks() == before


async def test_the_same_rehearsal_twice_gives_the_same_reports() -> None:
    moves: list[list[Move]] = [[CallMove("lookup_order", {"order_id": "A1001"})], [Say("It is on its way.")]]

    async def run() -> list[tuple[int, str]]:
        _, told = await hold(make_plan(LOOKUP), moves, Script(lambda line: line.type_line("Where?")))
        return [
            (now, repr(dataclasses.replace(r, duration_ms=0) if isinstance(r, reports.ToolReturned) else r))
            for now, r in told
        ]

    assert await run() == await run()


async def test_a_tool_that_takes_too_long_is_stopped_and_reported_once() -> None:
    stopped = asyncio.Event()

    async def endless(_arguments: JsonObject, _call: CallContext) -> JsonValue:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    moves: list[list[Move]] = [
        [CallMove("lookup_order", {"order_id": "A1"})],
        [Say("I could not confirm it.")],
    ]
    plan = make_plan(dataclasses.replace(LOOKUP, timeout_ms=50, placeholder=None))
    _, told = await hold(plan, moves, Script(lambda line: line.type_line("Go")), endless)
    assert stopped.is_set()
    assert [report.outcome for report in only(reports.ToolReturned, told)] == ["unknown"]


async def test_a_write_finishes_after_the_caller_hung_up_and_is_reported_late() -> None:
    begun = asyncio.Event()

    async def booking(_arguments: JsonObject, _call: CallContext) -> JsonValue:
        begun.set()
        await asyncio.sleep(0.05)
        return "booked"

    def hang_up_meanwhile(call: Call, _clock: VirtualClock) -> None:
        async def leave() -> None:
            await begun.wait()
            call.post(CallerLeft())

        leaving.append(asyncio.create_task(leave()))

    leaving: list[asyncio.Task[None]] = []
    moves: list[list[Move]] = [[CallMove("lookup_order", {"order_id": "A1"})]]
    plan = make_plan(dataclasses.replace(LOOKUP, effect="write", on_hangup="finish", placeholder=None))
    script = Script(lambda line: line.type_line("Go"))
    reason, told = await hold(plan, moves, script, booking, hang_up_meanwhile)
    assert reason == "caller_hung_up"
    (returned,) = only(reports.ToolReturned, told)
    assert (returned.outcome, returned.result, returned.late) == ("ok", "booked", True)


async def test_cancelling_a_call_does_not_wait_for_its_tools() -> None:
    begun = asyncio.Event()

    async def endless(_arguments: JsonObject, _call: CallContext) -> JsonValue:
        begun.set()
        await asyncio.Event().wait()
        return None

    plan = make_plan(dataclasses.replace(LOOKUP, effect="write", on_hangup="finish", placeholder=None))
    moves: list[list[Move]] = [[CallMove("lookup_order", {"order_id": "A1"})]]
    running = asyncio.create_task(hold(plan, moves, Script(lambda line: line.type_line("Go")), endless))
    await begun.wait()
    running.cancel()
    done, _ = await asyncio.wait([running], timeout=5)
    assert done == {running}
