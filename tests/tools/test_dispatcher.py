from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentrun.errors import ToolFailed, ToolTimeout
from agentrun.outcome import ToolOutcome
from agentrun.plan import BuiltinTarget, ToolBinding
from agentrun.tools import dispatcher as dispatcher_module
from agentrun.tools.call import CallContext, CodedFailure, ToolRequest, Unconfirmed
from agentrun.tools.dispatcher import RUNNERS, Dispatcher
from agentrun.tools.python import describe_function
from tests.tools.conftest import RecordingCall, WriteTool, run_one

ANYTHING = {"type": "object"}


class Scripted:
    """A kind of tool whose behaviour is a function of ours."""

    def __init__(self, behave: Callable[[dict[str, Any]], Any]) -> None:
        self.behave = behave
        self.closed = 0
        self.started: asyncio.Queue[str] = asyncio.Queue()

    async def prepare(self) -> None:
        """Nothing to do."""

    async def run(self, binding: ToolBinding, arguments: dict[str, Any], context: CallContext) -> Any:
        self.started.put_nowait(binding.name)
        return await self.behave(arguments)

    async def aclose(self) -> None:
        self.closed += 1


def tool(name: str = "t", **rules: Any) -> ToolBinding:
    return ToolBinding(name, "", ANYTHING, BuiltinTarget(name), **rules)


async def answer(arguments: dict[str, Any]) -> Any:
    return arguments


async def wait_for_ever(_arguments: dict[str, Any]) -> Any:
    await asyncio.Event().wait()


def open_with(runner: Scripted, *tools: ToolBinding) -> Dispatcher:
    return Dispatcher(tools or [tool()], runners={"builtin": lambda: runner})


async def test_a_tool_answers(call: RecordingCall) -> None:
    outcome = await run_one(tool(), {"a": 1}, call, runners={"builtin": lambda: Scripted(answer)})
    assert (outcome.call_id, outcome.tool, outcome.outcome, outcome.result) == ("fc_1", "t", "ok", {"a": 1})


async def test_tools_run_side_by_side(call: RecordingCall) -> None:
    gate = asyncio.Event()

    async def behave(arguments: dict[str, Any]) -> Any:
        if arguments["n"] == 0:
            await gate.wait()
        return arguments["n"]

    outcomes: asyncio.Queue[ToolOutcome] = asyncio.Queue()
    async with open_with(Scripted(behave)) as dispatcher:
        for n in (0, 1):
            dispatcher.start(ToolRequest(f"fc_{n}", "t", json.dumps({"n": n})), call, outcomes.put_nowait)
        assert (await outcomes.get()).result == 1
        assert dispatcher.running == {"fc_0"}
        gate.set()
        assert (await outcomes.get()).result == 0
        assert dispatcher.running == frozenset()


@pytest.mark.parametrize(
    ("error", "outcome", "code", "message"),
    [
        (CodedFailure("http_404", "Not there."), "failed", "http_404", "Not there."),
        (Unconfirmed("no_answer", "Silence."), "unknown", "no_answer", "Silence."),
        (ToolFailed("inside", detail="for the model"), "failed", "tool_error", "for the model"),
        (ToolTimeout("Too late."), "unknown", "timeout", "Too late."),
        (RuntimeError("our bug"), "unknown", "internal_error", "`t` failed with an internal error."),
    ],
)
async def test_errors_become_outcomes(
    call: RecordingCall, error: Exception, outcome: str, code: str, message: str
) -> None:
    async def behave(_arguments: dict[str, Any]) -> Any:
        raise error

    told = await run_one(tool(), {}, call, runners={"builtin": lambda: Scripted(behave)})
    assert (told.outcome, told.code, told.message) == (outcome, code, message)


async def test_an_unknown_tool_is_told_what_there_is(call: RecordingCall) -> None:
    outcomes: asyncio.Queue[ToolOutcome] = asyncio.Queue()
    async with open_with(Scripted(answer), tool("b"), tool("a")) as dispatcher:
        dispatcher.start(ToolRequest("fc_1", "c", "{}"), call, outcomes.put_nowait)
        told = await outcomes.get()
    assert (told.outcome, told.code) == ("failed", "tool_not_found")
    assert told.message == "There is no tool `c`; there are: `a`, `b`."


async def test_arguments_are_checked_before_the_tool_starts(call: RecordingCall) -> None:
    runner = Scripted(answer)
    told = await run_one(tool(), "not json", call, runners={"builtin": lambda: runner})
    assert (told.outcome, told.code) == ("failed", "invalid_arguments")
    assert runner.started.empty()


async def test_one_call_id_runs_once_at_a_time(call: RecordingCall) -> None:
    outcomes: asyncio.Queue[ToolOutcome] = asyncio.Queue()
    async with open_with(Scripted(wait_for_ever)) as dispatcher:
        for _ in range(2):
            dispatcher.start(ToolRequest("fc_1", "t", "{}"), call, outcomes.put_nowait)
        told = await outcomes.get()
        assert (told.outcome, told.code) == ("refused", "duplicate_call_id")
    assert (await outcomes.get()).outcome == "unknown"


@pytest.mark.parametrize(("effect", "told"), [("read", "cancelled"), ("write", "unknown")])
async def test_cancel(call: RecordingCall, effect: Any, told: str) -> None:
    runner = Scripted(wait_for_ever)
    outcomes: asyncio.Queue[ToolOutcome] = asyncio.Queue()
    async with open_with(runner, tool(effect=effect)) as dispatcher:
        dispatcher.start(ToolRequest("fc_1", "t", "{}"), call, outcomes.put_nowait)
        await runner.started.get()
        assert dispatcher.cancel("fc_1")
        assert not dispatcher.cancel("fc_1")
        outcome = await outcomes.get()
    assert (outcome.outcome, outcome.code) == (told, "cancelled")
    assert outcomes.empty()


async def test_a_write_that_has_not_begun_is_simply_cancelled(call: RecordingCall) -> None:
    outcomes: asyncio.Queue[ToolOutcome] = asyncio.Queue()
    async with open_with(Scripted(wait_for_ever)) as dispatcher:
        dispatcher.start(ToolRequest("fc_1", "t", "{}"), call, outcomes.put_nowait)
        dispatcher.cancel("fc_1")
        assert (await outcomes.get()).outcome == "cancelled"


async def test_a_tool_that_never_answers_ends_as_unknown(
    call: RecordingCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher_module, "GRACE_MS", 0)
    binding = tool(timeout_ms=20, effect="read")
    told = await run_one(binding, {}, call, runners={"builtin": lambda: Scripted(wait_for_ever)})
    assert (told.outcome, told.code, told.message) == ("unknown", "timeout", "`t` did not answer in 0.02 s.")
    assert told.duration_ms >= 15


async def test_a_tool_that_ignores_its_cancellation_delays_nobody(
    call: RecordingCall, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(dispatcher_module, "UNWIND_MS", 20)
    release = asyncio.Event()

    async def stubborn(_arguments: dict[str, Any]) -> Any:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    runner = Scripted(stubborn)
    outcomes: asyncio.Queue[ToolOutcome] = asyncio.Queue()
    async with open_with(runner) as dispatcher:
        dispatcher.start(ToolRequest("fc_1", "t", "{}"), call, outcomes.put_nowait)
        await runner.started.get()
        dispatcher.cancel("fc_1")
        assert (await outcomes.get()).outcome == "unknown"
    assert "tool t fc_1 ignored its cancellation" in caplog.text
    assert runner.closed == 1
    release.set()
    await asyncio.sleep(0.01)


async def test_closing_lets_some_finish_and_cancels_the_others(call: RecordingCall) -> None:
    gate = asyncio.Event()

    async def behave(_arguments: dict[str, Any]) -> Any:
        await gate.wait()
        return "finished"

    runner = Scripted(behave)
    outcomes: list[ToolOutcome] = []
    dispatcher = open_with(
        runner, tool("keep", on_hangup="finish"), tool("drop", on_hangup="cancel", effect="read")
    )
    async with dispatcher:
        for name in ("keep", "drop"):
            dispatcher.start(ToolRequest(name, name, "{}"), call, outcomes.append)
            await runner.started.get()
        closing = asyncio.create_task(dispatcher.aclose(finish_ms=5000))
        await asyncio.sleep(0)
        dispatcher.start(ToolRequest("late", "keep", "{}"), call, outcomes.append)
        gate.set()
        await closing
        assert {o.call_id: o.outcome for o in outcomes} == {
            "drop": "cancelled",
            "late": "refused",
            "keep": "ok",
        }


async def test_closing_does_not_wait_longer_than_it_was_told(call: RecordingCall) -> None:
    runner = Scripted(wait_for_ever)
    outcomes: list[ToolOutcome] = []
    async with open_with(runner, tool(on_hangup="finish")) as dispatcher:
        dispatcher.start(ToolRequest("fc_1", "t", "{}"), call, outcomes.append)
        await runner.started.get()
        await dispatcher.aclose(finish_ms=10)
    assert [o.outcome for o in outcomes] == ["unknown"]


async def test_a_tool_may_close_the_dispatcher_that_runs_it(call: RecordingCall) -> None:
    async def behave(_arguments: dict[str, Any]) -> Any:
        await asyncio.wait_for(dispatcher.aclose(), 0.5)

    outcomes: asyncio.Queue[ToolOutcome] = asyncio.Queue()
    async with open_with(Scripted(behave)) as dispatcher:
        dispatcher.start(ToolRequest("fc_1", "t", "{}"), call, outcomes.put_nowait)
        assert (await outcomes.get()).outcome == "unknown"


async def test_what_the_listener_raises_stops_nothing(call: RecordingCall) -> None:
    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _loop, context: complaints.append(context["exception"])
    )

    def broken(_outcome: ToolOutcome) -> None:
        raise RuntimeError("listener")

    outcomes: asyncio.Queue[ToolOutcome] = asyncio.Queue()
    async with open_with(Scripted(answer)) as dispatcher:
        dispatcher.start(ToolRequest("fc_1", "t", "{}"), call, broken)
        dispatcher.start(ToolRequest("fc_2", "t", "{}"), call, outcomes.put_nowait)
        assert (await outcomes.get()).outcome == "ok"
    asyncio.get_running_loop().set_exception_handler(None)
    assert [str(error) for error in complaints] == ["listener"]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["answer", "raise", "exit", "hang", "bad"]),
            st.sampled_from(["", "cancel", "yield", "cancel later"]),
        ),
        max_size=8,
    ),
    st.booleans(),
)
def test_every_start_ends_in_exactly_one_outcome(plan: list[tuple[str, str]], finish: bool) -> None:
    async def behave(arguments: dict[str, Any]) -> Any:
        match arguments["do"]:
            case "raise":
                raise ValueError
            case "exit":
                raise CodedFailure("x", "y")
            case "hang":
                await asyncio.Event().wait()
            case _:
                await asyncio.sleep(0)

    async def run() -> None:
        told: list[str] = []
        async with open_with(
            Scripted(behave), tool(on_hangup="finish" if finish else "cancel")
        ) as dispatcher:
            for number, (do, then) in enumerate(plan):
                text = "{" if do == "bad" else json.dumps({"do": do})
                dispatcher.start(
                    ToolRequest(str(number), "t", text), RecordingCall(), lambda o: told.append(o.call_id)
                )
                if then != "":
                    await asyncio.sleep(0)
                if then == "cancel later":
                    await asyncio.sleep(0)
                if then.startswith("cancel"):
                    dispatcher.cancel(str(number))
            await dispatcher.aclose(finish_ms=1)
        assert sorted(told) == sorted(str(number) for number in range(len(plan)))

    asyncio.run(run())


async def test_a_sync_python_tool_can_be_given_up(write_tool: WriteTool, call: RecordingCall) -> None:
    source = (
        "import threading\ngate = threading.Event()\nstarted = threading.Event()\n"
        "def tool():\n    started.set()\n    gate.wait()"
    )
    target = write_tool(source)
    binding = ToolBinding("tool", "", describe_function(target).parameters, target)
    module = sys.modules["tools.mine"]
    outcomes: asyncio.Queue[ToolOutcome] = asyncio.Queue()
    async with Dispatcher([binding]) as dispatcher:
        dispatcher.start(ToolRequest("fc_1", "tool", "{}"), call, outcomes.put_nowait)
        await asyncio.to_thread(module.started.wait)
        dispatcher.cancel("fc_1")
        assert (await outcomes.get()).outcome == "unknown"
    module.gate.set()
    for thread in threading.enumerate():
        if thread.name == "agentrun-tool":
            thread.join(5)


async def test_hang_up(call: RecordingCall) -> None:
    binding = ToolBinding("hang_up", "", ANYTHING, BuiltinTarget("hang_up"))
    assert (await run_one(binding, {"reason": "all said"}, call)).outcome == "ok"
    assert call.hang_ups == ["all said"]


async def test_a_builtin_that_does_not_exist_yet(call: RecordingCall) -> None:
    told = await run_one(ToolBinding("wait", "", ANYTHING, BuiltinTarget("wait")), {}, call)
    assert (told.outcome, told.code) == ("failed", "not_supported")


def test_every_kind_of_tool_has_a_runner() -> None:
    assert set(RUNNERS) == {"python", "http", "builtin"}
