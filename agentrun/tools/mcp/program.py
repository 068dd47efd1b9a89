"""An MCP server that agentrun starts and talks to over its standard streams.

The `mcp` package has such a transport. This one differs where a live call needs it: a line has a bound and
costs no more than its length, what the program writes on stderr goes to the log within bounds, and its
children end with it in every case.

The program is started without a shell, in a session of its own (Ctrl-C does not reach it), with the few
variables of the environment that every program needs and those that the file names.
Source: https://modelcontextprotocol.io/specification/2025-11-25/basic/transports.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING

from agentrun.outcome import clean_text
from agentrun.plan import McpAddress
from agentrun.secret import reveal
from agentrun.tools.mcp.lines import MAX_LINE_BYTES, LineSplitter, TooLong

if TYPE_CHECKING:
    import anyio.streams.memory
    from mcp.client._transport import TransportStreams
    from mcp.shared.message import SessionMessage

log = logging.getLogger("agentrun.mcp")

_GRACE_S = 1.0
"""How long a program may take to end by itself, and again after a request to end."""
_CHUNK_BYTES = 64 * 1024
_MOST_LOG_LINES = 100
_LONGEST_LOG_LINE = 500


class ProgramLog:
    """What a program writes on stderr: a bounded number of lines for the log, and the last one.

    Args:
        label: of the server.
        tidy: takes secrets out of a text.

    """

    def __init__(self, label: str, tidy: Callable[[str], str]) -> None:
        self.last = ""
        self._label = label
        self._tidy = tidy
        self._left = _MOST_LOG_LINES

    def note(self, line: bytes) -> None:
        """Take one line."""
        text = self._tidy(clean_text(line.decode("utf-8", "replace")).strip())[:_LONGEST_LOG_LINE]
        if not text:
            return
        self.last = text
        self._left -= 1
        if self._left > 0:
            log.info("MCP server %s writes: %s", self._label, text)
        elif self._left == 0:
            log.info("MCP server %s writes more; it is not shown until the server starts again", self._label)


@contextlib.asynccontextmanager
async def open_program(
    address: McpAddress, notes: ProgramLog, on_end: Callable[[], None]
) -> AsyncIterator[TransportStreams]:
    """Start a program and yield its streams, as a transport of the `mcp` package; end it afterwards.

    Args:
        address: has a command.
        notes: takes what it writes on stderr.
        on_end: is called when the program closes its side.

    Raises:
        OSError: it cannot be started.

    """
    import anyio

    process = await _start(address)
    inbound, read_stream = anyio.create_memory_object_stream["SessionMessage | Exception"](0)
    write_stream, outbound = anyio.create_memory_object_stream["SessionMessage"](0)
    reader = asyncio.create_task(_read(process, inbound, on_end), name="MCP server: reads")
    others = [
        asyncio.create_task(_write(process, outbound), name="MCP server: writes"),
        asyncio.create_task(_follow_stderr(process, notes), name="MCP server: stderr"),
    ]
    try:
        yield read_stream, write_stream
    finally:
        read_stream.close()
        write_stream.close()
        stopping = asyncio.create_task(_stop(process, reader, others))
        try:
            with anyio.CancelScope(shield=True):
                await _complete(stopping)
        finally:
            inbound.close()
            outbound.close()


async def _complete(task: asyncio.Task[None]) -> None:
    """Wait for a task that must not be broken off, also where the waiting is cancelled again and again."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


async def _start(address: McpAddress) -> asyncio.subprocess.Process:
    from mcp.client.stdio import get_default_environment

    words = [reveal(word) for word in address.command]
    if words[0] in ("python", "python3"):
        words[0] = sys.executable  # the one with the project's packages, wherever `python` leads
    return await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=address.cwd or None,
        env={**get_default_environment(), **{name: reveal(value) for name, value in address.env}},
        start_new_session=True,
    )


async def _read(
    process: asyncio.subprocess.Process,
    inbound: anyio.streams.memory.MemoryObjectSendStream[SessionMessage | Exception],
    on_end: Callable[[], None],
) -> None:
    """Pass messages on until the program closes its stdout; what is no message is skipped."""
    import anyio

    assert process.stdout is not None
    lines, open_ = LineSplitter(), True
    while data := await process.stdout.read(_CHUNK_BYTES):
        for line in lines.feed(data):
            message = _parse(line) if open_ else None
            try:
                if message is not None:
                    await inbound.send(message)
            except (anyio.ClosedResourceError, anyio.BrokenResourceError):
                open_ = False  # nobody listens any more; go on reading, so that the program can end
    inbound.close()
    on_end()


def _parse(line: bytes | TooLong) -> SessionMessage | None:
    from mcp.shared.message import SessionMessage
    from mcp_types import jsonrpc_message_adapter

    if isinstance(line, TooLong):
        if line.answers is None:
            return None
        message = f"the answer is longer than {MAX_LINE_BYTES} bytes"
        error = {"code": -32603, "message": message}
        line = json.dumps({"jsonrpc": "2.0", "id": line.answers, "error": error}).encode()
    try:
        text = line.decode("utf-8", "replace")
        return SessionMessage(jsonrpc_message_adapter.validate_json(text, by_name=False))
    except ValueError:
        return None


async def _write(
    process: asyncio.subprocess.Process,
    outbound: anyio.streams.memory.MemoryObjectReceiveStream[SessionMessage],
) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):  # it is gone, and its stdout says so as well
        async for message in outbound:
            text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
            process.stdin.write(f"{text}\n".encode())
            await process.stdin.drain()


async def _follow_stderr(process: asyncio.subprocess.Process, notes: ProgramLog) -> None:
    assert process.stderr is not None
    lines = LineSplitter(_CHUNK_BYTES)
    while data := await process.stderr.read(_CHUNK_BYTES):
        for line in lines.feed(data):
            notes.note(line.head if isinstance(line, TooLong) else line)


async def _stop(
    process: asyncio.subprocess.Process, reader: asyncio.Task[None], others: Sequence[asyncio.Task[None]]
) -> None:
    """End a program: its input is closed, then it is asked, then it and its children are killed."""
    assert process.stdin is not None
    process.stdin.close()
    # the end of its stdout tells that it and its children are gone, without asking again and again
    await asyncio.wait([reader], timeout=_GRACE_S)
    if not reader.done():
        _signal(process, signal.SIGTERM)
        await asyncio.wait([reader], timeout=_GRACE_S)
    _signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))
    await asyncio.wait([reader], timeout=_GRACE_S)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_GRACE_S):
            await process.wait()
    # A process that left the group may hold a pipe for ever; nothing public closes our end of it.
    transport = getattr(process, "_transport", None)
    if transport is not None:
        transport.close()
    for task in (reader, *others):
        task.cancel()
    await asyncio.gather(reader, *others, return_exceptions=True)


def _signal(process: asyncio.subprocess.Process, number: int) -> None:
    """Send a signal to a program and to all that it started and that did not leave its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, number)
