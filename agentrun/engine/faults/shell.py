"""Doing what a plan decides: to a handshake, to the frames of one connection, to a mind and to MCP servers.

All of it is put around a session from outside, and only if there are faults: a session without them runs
through none of this.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from typing import Protocol

from agentrun.engine.driver import EngineParts
from agentrun.engine.faults.frames import (
    EXPIRED_REASON,
    find_error_type,
    read_frame,
    render_error,
    render_frame,
    word_error,
)
from agentrun.engine.faults.plan import Due, SessionFaults
from agentrun.engine.faults.rules import (
    Action,
    Delay,
    Drop,
    Duplicate,
    Expire,
    Fail,
    Lose,
    Refuse,
    SendError,
    SendMalformed,
    SendUnknown,
    Slice,
    Stall,
)
from agentrun.engine.hosting.failures import HostedFailure
from agentrun.engine.hosting.host import ToolHost
from agentrun.engine.hosting.values import HostedError, HostedServer, HostedTool
from agentrun.engine.http.refusals import RequestRefused
from agentrun.engine.ids import Ids
from agentrun.engine.seams import Failure, MindFailed, Move, Prompt, Responder, begin_mind
from agentrun.wire.json import JsonObject

_REFUSALS = {401: "invalid_api_key", 403: "forbidden", 404: "model_not_found", 429: "rate_limit_exceeded"}


class Wire(Protocol):
    """A connection, as a session uses it."""

    async def receive(self) -> str | bytes | None:
        """Wait for a frame; None once the client is gone."""

    async def send(self, frame: str) -> None:
        """Write a frame; OSError once the client is gone."""

    async def close(self, code: int, reason: str) -> None:
        """Close it."""


class Cable(Protocol):
    """What lies below a connection, for faults that no application should be able to do."""

    def cut(self) -> None:
        """End the connection without a close frame."""

    async def send_sliced(self, text: str, size_bytes: int) -> None:
        """Write a text frame as fragments."""


async def spoil_handshake(actions: Sequence[Action], wait_until_gone: Callable[[], Awaitable[None]]) -> bool:
    """Do what happens to a handshake; return whether somebody still waits for the answer.

    Args:
        actions: what happens.
        wait_until_gone: returns when the client has given up.

    Raises:
        RequestRefused: it is refused.

    """
    for action in actions:
        match action:
            case Delay():
                await asyncio.sleep(action.wait_ms / 1000)
            case Stall():
                await wait_until_gone()
                return False
            case Refuse():
                raise _refuse(action)
    return True


def _refuse(action: Refuse) -> RequestRefused:
    code = action.code or _REFUSALS.get(action.status, "server_error")
    after_s = action.retry_after_s
    headers = {} if after_s is None else {"retry-after": str(after_s)}
    return RequestRefused(action.status, code, word_error(code), headers=headers)


class FaultySocket:
    """A connection on which things go wrong; an async context manager, which ends what is still to come.

    Args:
        wire: the connection.
        faults: what goes wrong.
        cable: below the connection, or None if nothing is known of it.

    """

    def __init__(self, wire: Wire, faults: SessionFaults, cable: Cable | None) -> None:
        self._wire = wire
        self._faults = faults
        self._cable = cable
        self._ids = Ids(os.urandom(16))
        self._mute = False
        self._again: deque[str | bytes] = deque()
        self._writing = asyncio.Lock()  # frames that come late must not get between fragments
        self._late: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> FaultySocket:
        for due in self._faults.take("session"):
            await self._do_due(due, None)
        return self

    async def __aexit__(self, *error: object) -> None:
        for task in self._late:
            task.cancel()
        if self._late:
            await asyncio.wait(self._late)

    async def receive(self) -> str | bytes | None:
        """Wait for a frame of the client that is not lost."""
        while True:
            if self._again:
                return self._again.popleft()
            frame = await self._wire.receive()
            if frame is None:
                return None
            kind, event_id = read_frame(frame)
            dues = self._faults.take(kind)
            actions = [due.action for due in dues]
            await _wait(actions)
            for due in dues:
                await self._do_due(due, event_id)
            if any(isinstance(action, Duplicate) for action in actions):
                self._again.append(frame)
            if not any(isinstance(action, Lose) for action in actions):
                return frame

    async def send(self, frame: str) -> None:
        """Write a frame, or what becomes of it."""
        dues = self._faults.take(read_frame(frame)[0])
        actions = [due.action for due in dues]
        await _wait(actions)
        if not any(isinstance(action, Lose) for action in actions):
            sliced = next((action for action in actions if isinstance(action, Slice)), None)
            for _ in range(2 if any(isinstance(action, Duplicate) for action in actions) else 1):
                await self._write(frame, sliced)
        for due in dues:
            await self._do_due(due, None)

    async def close(self, code: int, reason: str) -> None:
        """Close the connection."""
        await self._wire.close(code, reason)

    async def _write(self, frame: str, sliced: Slice | None = None) -> None:
        async with self._writing:
            if self._mute:
                return
            if sliced is not None and self._cable is not None:
                await self._cable.send_sliced(frame, sliced.size_bytes)
            else:
                await self._wire.send(frame)

    async def _do_due(self, due: Due, event_id: str | None) -> None:
        if due.after_ms:
            task = asyncio.create_task(self._do_late(due, event_id))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
        else:
            await self._do(due.action, event_id)

    async def _do_late(self, due: Due, event_id: str | None) -> None:
        await asyncio.sleep(due.after_ms / 1000)
        with contextlib.suppress(OSError):
            await self._do(due.action, event_id)

    async def _do(self, action: Action, event_id: str | None) -> None:
        match action:
            case SendError() | SendMalformed() | SendUnknown():
                await self._write(render_frame(action, self._ids, event_id))
                if isinstance(action, SendError) and action.close is not None:
                    await self._end(action.close, f"invalid_request_error.{action.code}")
            case Stall():
                self._mute = True
            case Drop():
                await self._end(action.code, action.reason)
            case Expire():
                await self._write(render_error("session_expired", None, self._ids))
                await self._end(1001, EXPIRED_REASON)

    async def _end(self, code: int, reason: str) -> None:
        if code == 1006 and self._cable is not None:
            self._cable.cut()
        else:
            await self._wire.close(1011 if code == 1006 else code, reason)


async def _wait(actions: Sequence[Action]) -> None:
    wait_ms = sum(action.wait_ms for action in actions if isinstance(action, Delay))
    if wait_ms:
        await asyncio.sleep(wait_ms / 1000)


def spoil_parts(parts: EngineParts, faults: SessionFaults) -> EngineParts:
    """Return the parts of one session, with a mind and MCP servers on which things go wrong."""
    mind = begin_mind(parts.responder)
    return dataclasses.replace(
        parts,
        responder=FaultyMind(mind, faults),
        make_host=lambda: FaultyHost(parts.make_host(), faults),
    )


class FaultyMind:
    """A mind that may be slow, silent, or fail."""

    def __init__(self, mind: Responder, faults: SessionFaults) -> None:
        self._mind = mind
        self._faults = faults

    def respond(self, prompt: Prompt) -> AsyncIterator[Move] | Sequence[Move]:
        """Answer as the mind does, if nothing happens."""
        actions = [due.action for due in self._faults.take("response")]
        return self._answer(prompt, actions) if actions else self._mind.respond(prompt)

    async def _answer(self, prompt: Prompt, actions: Sequence[Action]) -> AsyncIterator[Move]:
        await _wait(actions)
        for action in actions:
            match action:
                case Stall():
                    await asyncio.Event().wait()
                case Fail():
                    message = action.message or word_error(action.code)
                    raise MindFailed(Failure(message, action.code, find_error_type(action.code)))
        moves = self._mind.respond(prompt)
        if isinstance(moves, AsyncIterator):
            async with contextlib.AsyncExitStack() as closing:
                if isinstance(moves, AsyncGenerator):
                    await closing.enter_async_context(contextlib.aclosing(moves))
                async for move in moves:
                    yield move
        else:
            for move in moves:
                yield move


class FaultyHost:
    """The MCP servers of a session, whose lists may be slow or fail."""

    def __init__(self, host: ToolHost, faults: SessionFaults) -> None:
        self._host = host
        self._faults = faults

    async def list_tools(self, server: HostedServer) -> Sequence[HostedTool]:
        """List the tools, if nothing happens; raises HostedFailure."""
        actions = self._faults.take_listing()
        await _wait(actions)
        for action in actions:
            match action:
                case Stall():
                    await asyncio.Event().wait()
                case Fail():
                    message = action.message or "The MCP server answered 503."
                    raise HostedFailure(HostedError("http_error", message, 503))
        return await self._host.list_tools(server)

    async def run_tool(self, server: HostedServer, tool: str, arguments: JsonObject) -> str:
        """Call a tool; raises HostedFailure."""
        return await self._host.run_tool(server, tool, arguments)

    async def close(self) -> None:
        """Close all connections."""
        await self._host.close()
