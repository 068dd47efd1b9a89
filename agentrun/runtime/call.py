"""One live call: the tasks around the conversation, its inbox and its clock.

    link ──────┐                        ┌──▶ link.send
    channel ───┼──▶ inbox ──▶ conversation ──▶ channel.play, clear, tell
    tools ─────┘     ▲                  └──▶ dispatcher.start, cancel
                     └── clock (deadline)

One task (`_drive`) owns the conversation and feeds it, so there is no lock. Link and channel are read by a
task each; whatever they meet arrives as an input, in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, MutableMapping
from dataclasses import replace
from typing import Any, assert_never

from agentrun.channels import Channel
from agentrun.conversation.commands import CancelTool, Clear, Command, End, Play, Send, StartTool, Tell
from agentrun.conversation.inputs import (
    CallerLeft,
    HangUpRequested,
    Input,
    LinkDown,
    SayRequested,
    StopRequested,
    ToolFinished,
    ToolProgressed,
    ToolsOffered,
    Wake,
)
from agentrun.conversation.machine import Conversation
from agentrun.conversation.reports import CallEnded, ErrorReported, Report, ToolReturned
from agentrun.link import Link
from agentrun.outcome import ToolOutcome
from agentrun.plan import CallPlan, ToolBinding
from agentrun.runtime.clock import Clock
from agentrun.runtime.servers import WAIT_S, offered_tools
from agentrun.secret import reveal, reveal_tree
from agentrun.tools.call import ToolRequest, ToolRunner
from agentrun.tools.dispatcher import RUNNERS, Dispatcher
from agentrun.tools.mcp.pool import McpPool
from agentrun.tools.mcp.runner import McpRunner
from agentrun.wire.client import SessionUpdate
from agentrun.wire.json import JsonValue

log = logging.getLogger("agentrun.call")

LATE_TOOLS_MS = 10_000
"""How long tools that finish after a hang-up are waited for."""

MOST_AT_ONCE = 50
"""Inputs that are taken in one go before other calls have their turn."""


class Call:
    """One live run of an agent; also what a Python tool gets as `agentrun.Call`.

    Args:
        plan: the agent, compiled for the channel.
        call_id: identity of this call in logs and reports.
        link: the session with the model; opened and closed by the call.
        channel: the caller; opened and closed by whoever took the call.
        clock: real or virtual.
        caller: number or address of the caller, if known.
        called: number or address that was dialled, if known.
        watch: is told every report, in order, also those that come after the end.
        on_idle: is called each time the agent comes to rest (nothing to say, nothing running).
        runners: what runs each kind of tool.
        servers: the connections to MCP servers; the call makes its own if none are given.
        wait_servers_s: how long the call waits at its start for servers that are being started.

    """

    def __init__(
        self,
        plan: CallPlan,
        call_id: str,
        *,
        link: Link,
        channel: Channel,
        clock: Clock,
        caller: str = "",
        called: str = "",
        watch: Callable[[Report], None] | None = None,
        on_idle: Callable[[], None] | None = None,
        runners: Mapping[str, Callable[[], ToolRunner]] = RUNNERS,
        servers: McpPool | None = None,
        wait_servers_s: float = WAIT_S,
    ) -> None:
        self.id = call_id
        self.caller = caller
        self.called = called
        self.channel = channel.profile.name
        self.variables: MutableMapping[str, JsonValue] = {
            name: reveal(value) for name, value in plan.variables.items()
        }
        self._conversation = Conversation(plan, call_id)
        self._link = link
        self._line = channel
        self._clock = clock
        self._plan = plan
        self._servers = servers or McpPool()
        self._owns_servers = servers is None
        self._wait_servers_s = wait_servers_s
        if plan.mcp_servers:
            runners = {**runners, "mcp": lambda: McpRunner(self._servers)}
        self._dispatcher = Dispatcher(plan.tools, runners=runners)
        self._inbox: deque[Input] = deque()
        self._ready = asyncio.Event()
        self._watch = watch
        self._on_idle = on_idle
        self._was_idle = False
        self._reason: str | None = None

    async def say(self, text: str) -> None:
        """Have the agent say `text` as soon as the floor is free."""
        self.post(SayRequested(text))

    async def hang_up(self, reason: str = "") -> None:
        """End the call after what is being said."""
        if reason:
            log.info("call %s: a tool hangs up: %s", self.id, reason)
        self.post(HangUpRequested())

    def stop(self, reason: str = "shutting_down") -> None:
        """End the call now."""
        self.post(StopRequested(reason))

    def post(self, event: Input) -> None:
        """Hand an input to the conversation; never blocks. Call it from the call's event loop."""
        self._inbox.append(event)
        self._ready.set()

    async def run(self) -> str:
        """Hold the call until it is over, and return the reason of its end.

        Cancelling this ends the call cleanly: the tools are cancelled and the link is closed.
        """
        async with contextlib.AsyncExitStack() as stack:
            if self._owns_servers:
                await stack.enter_async_context(self._servers)
            await stack.enter_async_context(self._dispatcher)
            if self._plan.mcp_servers:
                waiting = offered_tools(self._plan, self._servers, self._wait_servers_s, self._offer)
                await stack.enter_async_context(waiting)
            return await self._hold()

    async def _hold(self) -> str:
        """Join the two sides, and drive the conversation between them."""
        readers = [
            asyncio.create_task(self._read(self._link.run(self.post), LinkDown), name=f"link {self.id}"),
            asyncio.create_task(self._read(self._line.run(self.post), CallerLeft), name=f"line {self.id}"),
        ]
        try:
            return await self._drive()
        finally:
            await self._link.aclose()
            for reader in readers:
                reader.cancel()
            await asyncio.gather(*readers, return_exceptions=True)
            await self._finish_tools()

    async def _read(
        self, side: Coroutine[Any, Any, None], failure: type[LinkDown] | type[CallerLeft]
    ) -> None:
        """Run one side; a bug in it ends this call and no other."""
        try:
            await side
        except Exception as error:  # the border of one call: a bug in it ends no other
            log.error("call %s: one side of the call failed", self.id, exc_info=error)
            self.post(failure(f"internal error: {type(error).__name__}"))

    async def _drive(self) -> str:
        while True:
            await self._clock.wait(self._ready, self._conversation.deadline_ms)
            self._ready.clear()
            if not self._inbox:
                self._inbox.append(Wake())
            for _ in range(min(len(self._inbox), MOST_AT_ONCE)):
                self._handle(self._inbox.popleft())
                if self._reason is not None:
                    return self._reason
            self._report_idle()
            if self._inbox:
                await asyncio.sleep(0)  # a flood on this call must not hold up the others
                self._ready.set()

    def _handle(self, event: Input) -> None:
        for command in self._conversation.handle(event, self._clock.now_ms()):
            self._perform(command)

    def _perform(self, command: Command) -> None:
        match command:
            case Send(SessionUpdate() as event):
                self._link.send(replace(event, session=reveal_tree(event.session)))
            case Send():
                self._link.send(command.event)
            case Play():
                self._line.play(command.item_id, command.audio)
            case Clear():
                self._line.clear()
            case StartTool():
                self._clock.begin_work()
                request = ToolRequest(command.call_id, command.name, command.arguments)
                self._dispatcher.start(
                    request, self, self._on_tool_done, lambda text: self._on_progress(command.call_id, text)
                )
            case CancelTool():
                self._dispatcher.cancel(command.call_id)
            case Tell():
                self._tell(command.report)
            case End():
                self._reason = command.reason
            case _:
                assert_never(command)

    def _tell(self, report: Report) -> None:
        match report:
            case ErrorReported():
                log.warning("call %s: %s: %s", self.id, report.code, report.message)
            case CallEnded():
                log.info("call %s: ended: %s", self.id, report.reason)
            case ToolReturned(late=True):
                log.info("call %s: late result of %s: %s", self.id, report.tool, report.outcome)
        if self._reason is None:
            self._line.tell(report)
        if self._watch is not None:
            self._watch(report)

    def _offer(self, tools: tuple[ToolBinding, ...]) -> None:
        self._dispatcher.offer(tools)
        self.post(ToolsOffered(tools))

    def _on_progress(self, call_id: str, text: str) -> None:
        log.debug("call %s: %s: %s", self.id, call_id, text)
        self.post(ToolProgressed(call_id, text))

    def _on_tool_done(self, outcome: ToolOutcome) -> None:
        self._clock.end_work()
        self.post(ToolFinished(outcome))

    def _report_idle(self) -> None:
        idle = self._conversation.is_idle and not self._inbox
        if idle and not self._was_idle and self._on_idle is not None and self._reason is None:
            self._on_idle()
        self._was_idle = idle

    async def _finish_tools(self) -> None:
        finish_ms = 0 if self._reason in (None, "shutting_down") else LATE_TOOLS_MS
        with contextlib.suppress(asyncio.CancelledError):
            await self._dispatcher.aclose(finish_ms)
        while self._inbox:
            event = self._inbox.popleft()
            if isinstance(event, ToolFinished):
                self._handle(event)
