"""Run the tools of calls: each start ends in exactly one outcome, whatever the tool does.

The conversation decides when a call has waited long enough and says `cancel`; the dispatcher bounds each run
a little later, so that nothing runs for ever when nobody cancels. An outcome is reported the moment it is
decided, not when the tool has finished unwinding: a tool that ignores its cancellation delays nobody.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from time import monotonic
from types import TracebackType
from typing import Self, TypeAlias

from agentrun.errors import ToolError, ToolTimeout
from agentrun.outcome import OutcomeName, ToolOutcome
from agentrun.plan import McpTarget, ToolBinding
from agentrun.tools.arguments import ArgumentChecker
from agentrun.tools.builtin import BuiltinRunner
from agentrun.tools.call import (
    CallContext,
    CodedFailure,
    ToolRequest,
    ToolRunner,
    Unconfirmed,
    without_answer,
)
from agentrun.tools.http.runner import HttpRunner
from agentrun.tools.mcp.schemas import reduce_schema
from agentrun.tools.printing import guarded_stdout
from agentrun.tools.progress import OnProgress, listen_to_progress
from agentrun.tools.python import PythonRunner
from agentrun.tools.select import Unselectable, select_part
from agentrun.wire.json import JsonValue

logger = logging.getLogger("agentrun.tools")

RUNNERS: Mapping[str, Callable[[], ToolRunner]] = {
    "python": PythonRunner,
    "http": HttpRunner,
    "builtin": BuiltinRunner,
}
"""`ToolBinding.kind` to what runs it. A new kind of tool is one more line here. Those of MCP servers run on
connections of the process (`tools.mcp`); whoever holds them adds that runner."""

GRACE_MS = 250
"""How much later than the conversation the dispatcher itself gives up on a tool."""

UNWIND_MS = 1000
"""How long a cancelled tool may take to unwind before the dispatcher closes without it."""

OnDone: TypeAlias = Callable[[ToolOutcome], None]


@dataclass(frozen=True, slots=True)
class _Offered:
    binding: ToolBinding
    checker: ArgumentChecker


def _make_checker(tool: ToolBinding) -> ArgumentChecker:
    # the schema of a stranger: what could dial or hang is left to the server, which checks again
    stranger = isinstance(tool.target, McpTarget)
    return ArgumentChecker(reduce_schema(tool.parameters) if stranger else tool.parameters)


@dataclass(slots=True)
class _Run:
    """One tool call in progress. `on_done` is None once the outcome has been reported."""

    request: ToolRequest
    binding: ToolBinding
    checker: ArgumentChecker
    context: CallContext
    on_done: OnDone | None
    started: float
    on_progress: OnProgress | None = None
    task: asyncio.Task[JsonValue] | None = None
    timer: asyncio.TimerHandle | None = None
    began: bool = False  # the tool itself has been entered, so a write may have happened


class Dispatcher:
    """Starts, bounds and cancels tool calls; `async with` owns their tasks and connections.

    Args:
        tools: what may be called, by name.
        runners: replaces `RUNNERS`, for tests and for embedding.

    """

    def __init__(
        self, tools: Sequence[ToolBinding], *, runners: Mapping[str, Callable[[], ToolRunner]] = RUNNERS
    ) -> None:
        self._own = tuple(tools)
        self._tools: dict[str, _Offered] = {}
        self.offer(())
        kinds = {tool.kind for tool in tools} | ({"mcp"} & runners.keys())  # those come and go on a call
        self._runners = {kind: runners[kind]() for kind in sorted(kinds)}
        self._runs: dict[str, _Run] = {}
        self._tasks: set[asyncio.Task[JsonValue]] = set()
        self._stack = AsyncExitStack()
        self._open = False

    async def __aenter__(self) -> Self:
        for runner in self._runners.values():
            await runner.prepare()
        self._stack.enter_context(guarded_stdout())
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def running(self) -> frozenset[str]:
        """The `call_id`s whose outcome is still open."""
        return frozenset(self._runs)

    def offer(self, tools: Sequence[ToolBinding]) -> None:
        """Have these tools beside those of the file, from now on; runs in progress go on."""
        self._tools = {tool.name: _Offered(tool, _make_checker(tool)) for tool in (*self._own, *tools)}

    def start(
        self,
        request: ToolRequest,
        context: CallContext,
        on_done: OnDone,
        on_progress: OnProgress | None = None,
    ) -> None:
        """Start a tool call; never raises and never waits.

        `on_done` is called exactly once, on the loop, never from within this method. What it raises goes to
        the loop's exception handler.
        """
        offered = self._tools.get(request.name)
        refusal = self._refusal(request, offered)
        if refusal is not None:
            asyncio.get_running_loop().call_soon(on_done, refusal)
            return
        assert offered is not None
        binding = offered.binding
        run = _Run(request, binding, offered.checker, context, on_done, monotonic(), on_progress)
        self._runs[request.call_id] = run
        run.task = asyncio.create_task(self._execute(run), name=f"tool {request.name} {request.call_id}")
        self._tasks.add(run.task)
        run.task.add_done_callback(lambda task: self._on_task_done(run, task))
        delay_s = (binding.timeout_ms + GRACE_MS) / 1000
        run.timer = asyncio.get_running_loop().call_later(delay_s, self._on_timeout, run)

    def cancel(self, call_id: str) -> bool:
        """Stop waiting for a tool call; False if its outcome is already decided.

        Its outcome is `unknown` if it is a write that has begun, else `cancelled`. The task of an async
        tool is cancelled; a sync function goes on in its thread and its result is dropped.
        """
        run = self._runs.get(call_id)
        if run is None:
            return False
        self._abandon(run, "cancelled", f"`{run.binding.name}` was cancelled.")
        return True

    async def aclose(self, finish_ms: int = 0) -> None:
        """Stop accepting, let runs with `on_hangup: finish` end within `finish_ms`, cancel the rest.

        Every outcome has been reported when this returns.
        """
        self._open = False
        finishing = set()
        for call_id, run in list(self._runs.items()):
            if run.binding.on_hangup == "finish" and finish_ms > 0 and run.task is not None:
                finishing.add(run.task)
            else:
                self.cancel(call_id)
        if finishing:
            await asyncio.wait(finishing, timeout=finish_ms / 1000)
        for call_id in list(self._runs):
            self.cancel(call_id)
        # A tool may be what closes the call; it cannot wait for itself.
        if unwinding := {task for task in self._tasks if task is not asyncio.current_task()}:
            _, stuck = await asyncio.wait(unwinding, timeout=UNWIND_MS / 1000)
            for task in stuck:
                logger.error("%s ignored its cancellation; closing without it", task.get_name())
        await asyncio.sleep(0)  # outcomes that were decided just now are reported before we return
        for runner in self._runners.values():
            await runner.aclose()
        await self._stack.aclose()

    def _refusal(self, request: ToolRequest, offered: _Offered | None) -> ToolOutcome | None:
        """Return the outcome of a call that is not started, or None if it may start."""

        def refuse(outcome: OutcomeName, code: str, message: str) -> ToolOutcome:
            return ToolOutcome(request.call_id, request.name, outcome, message=message, code=code)

        if not self._open:
            return refuse("refused", "closing", "The call is ending; no tool is started any more.")
        if offered is None:
            names = ", ".join(f"`{name}`" for name in sorted(self._tools)) or "none"
            return refuse(
                "failed", "tool_not_found", f"There is no tool `{request.name}`; there are: {names}."
            )
        if request.call_id in self._runs:
            return refuse("refused", "duplicate_call_id", "A call with this `call_id` is already running.")
        return None

    async def _execute(self, run: _Run) -> JsonValue:
        arguments = run.checker.parse(run.request.arguments)
        if run.on_progress is not None:
            listen_to_progress(run.on_progress)
        run.began = True
        result = await self._runners[run.binding.kind].run(run.binding, arguments, run.context)
        return _select(run, result)

    def _on_task_done(self, run: _Run, task: asyncio.Task[JsonValue]) -> None:
        self._tasks.discard(task)
        if task.cancelled():  # by somebody else than us: our own cancellation has reported already
            self._report(
                run, self._abandoned_outcome(run), "cancelled", f"`{run.binding.name}` was cancelled."
            )
            return
        match task.exception():
            case None:
                self._report(run, "ok", "", "", task.result())
            case CodedFailure() as error:
                self._report(run, "failed", error.code, str(error), error.result)
            case Unconfirmed() as error:
                self._report(run, "unknown", error.code, str(error), error.result)
            case ToolTimeout() as error:
                self._report(run, "unknown", "timeout", str(error))
            case ToolError() as error:
                self._report(run, "failed", "tool_error", getattr(error, "detail", "") or str(error))
            case error:
                logger.error("call %s: tool `%s` broke", run.context.id, run.binding.name, exc_info=error)
                text = f"`{run.binding.name}` failed with an internal error."
                self._report(run, self._abandoned_outcome(run, "failed"), "internal_error", text)

    def _on_timeout(self, run: _Run) -> None:
        text = f"`{run.binding.name}` did not answer in {run.binding.timeout_ms / 1000:g} s."
        self._abandon(run, "timeout", text)

    def _abandon(self, run: _Run, code: str, message: str) -> None:
        if run.task is not None:
            run.task.cancel()
        # A timeout is `unknown` for reads too: that is what the agent file promises the model is told.
        outcome = "unknown" if code == "timeout" else self._abandoned_outcome(run)
        self._report(run, outcome, code, message)

    def _abandoned_outcome(self, run: _Run, otherwise: OutcomeName = "cancelled") -> OutcomeName:
        return "unknown" if run.began and run.binding.effect == "write" else otherwise

    def _report(
        self, run: _Run, outcome: OutcomeName, code: str, message: str, result: JsonValue = None
    ) -> None:
        """Tell the outcome, unless one has been told; the first word counts."""
        if run.on_done is None:
            return
        on_done, run.on_done = run.on_done, None
        if run.timer is not None:
            run.timer.cancel()
        del self._runs[run.request.call_id]
        duration_ms = round((monotonic() - run.started) * 1000)
        logger.info(
            "call %s: tool `%s` %s%s after %d ms",
            run.context.id,
            run.binding.name,
            outcome,
            f" ({code})" if code else "",
            duration_ms,
        )
        told = ToolOutcome(run.request.call_id, run.binding.name, outcome, result, message, duration_ms, code)
        asyncio.get_running_loop().call_soon(on_done, told)


def _select(run: _Run, result: JsonValue) -> JsonValue:
    """Return the part of a result that the file wants; what it cannot be taken of is no usable answer."""
    binding = run.binding
    if binding.result_select is None:
        return result
    try:
        return select_part(binding.result_select, result)
    except Unselectable as error:
        logger.warning("call %s: `result.select` of `%s`: %s", run.context.id, binding.name, error)
        text = f"The answer of `{binding.name}` does not have the expected form."
        raise without_answer(binding.effect, "bad_answer", text) from error
