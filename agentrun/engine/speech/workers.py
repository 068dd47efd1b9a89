"""The engine's end of a speech worker: started when needed, restarted when it dies, ended by its owner."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

from agentrun.engine.speech.pipes import LENGTHS, Message, pack_message
from agentrun.errors import AgentrunError
from agentrun.wire.json import JsonObject

_log = logging.getLogger("agentrun.speech")

_ROOT = Path(__file__).resolve().parents[3]
# `-P` keeps the user's directory off the import path, and the package is found where we were found.
_BOOT = "import sys, runpy; sys.path.append(sys.argv[1]); runpy.run_module(sys.argv[2], run_name='__main__')"
_GIVE_UP_AFTER = 5
_CLOSE_S = 2.0


class WorkerLost(AgentrunError):
    """The worker process ended, or could not be started, or says that it cannot do what was asked."""


class Worker:
    """One process that answers numbered requests; see `pipes` for the protocol.

    A worker that dies loses the requests that were under way, and the next request starts it again; after
    five deaths without a single answer it stays down.
    """

    def __init__(self, module: str, arguments: tuple[str, ...] = ()) -> None:
        self._module = module
        self._arguments = arguments
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Queue[Message | None]] = {}
        self._starting = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._deaths = 0
        self._closed = False

    @property
    def load(self) -> int:
        """How many requests are under way."""
        return len(self._waiting)

    @property
    def pid(self) -> int | None:
        """Id of the running process, or None."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def request(self, header: JsonObject, body: bytes = b"") -> AsyncGenerator[Message, None]:
        """Send a request and yield its replies; leaving early cancels it.

        Raises:
            WorkerLost: the process died before the last reply, or reported an error.

        """
        number = next(self._numbers)
        replies: asyncio.Queue[Message | None] = asyncio.Queue()
        self._waiting[number] = replies
        finished = False
        try:
            await self._send(Message({**header, "number": number}, body))
            while not finished:
                reply = await replies.get()
                finished = reply is None or bool(reply.header["final"])
                if reply is None:
                    raise WorkerLost(f"{self._module} ended")
                if "error" in reply.header:
                    raise WorkerLost(str(reply.header["error"]))
                if not finished:
                    yield reply
        finally:
            self._waiting.pop(number, None)
            if not finished:
                self._cancel(number)

    async def ask(self, header: JsonObject, body: bytes = b"") -> Message:
        """Send a request that has one reply and return it.

        Raises:
            WorkerLost: as `request`; or there was no reply at all.

        """
        async with contextlib.aclosing(self.request(header, body)) as replies:
            async for reply in replies:
                return reply
        raise WorkerLost(f"{self._module} gave no answer")

    async def aclose(self) -> None:
        """End the process and wait for it; requests under way end with `WorkerLost`."""
        self._closed = True
        async with self._starting:
            process, reader = self._process, self._reader
            if process is None or reader is None:
                return
            assert process.stdin is not None
            process.stdin.close()
            try:
                async with asyncio.timeout(_CLOSE_S):
                    await asyncio.shield(reader)
            except TimeoutError:  # it is in the middle of a long utterance and nobody waits for the answer
                process.kill()
                await reader
            self._process = self._reader = None

    async def _send(self, message: Message) -> None:
        process = await self._ensure_running()
        assert process.stdin is not None
        process.stdin.write(pack_message(message))
        with contextlib.suppress(ConnectionError):  # the reader finds the death and tells everybody
            await process.stdin.drain()

    def _cancel(self, number: int) -> None:
        process = self._process
        if process is not None and process.stdin is not None and not process.stdin.is_closing():
            process.stdin.write(pack_message(Message({"cancel": number})))

    async def _ensure_running(self) -> asyncio.subprocess.Process:
        async with self._starting:
            if self._closed or self._deaths >= _GIVE_UP_AFTER:
                raise WorkerLost(f"{self._module} is not running")
            if self._process is not None and self._reader is not None and not self._reader.done():
                return self._process
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-c", _BOOT, str(_ROOT), self._module, *self._arguments),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.DEVNULL,
                )
            except OSError as error:
                self._deaths += 1
                raise WorkerLost(f"{self._module} cannot be started: {error}") from error
            self._reader = asyncio.create_task(self._read(self._process), name=self._module)
            return self._process

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Hand replies to those who wait for them, until the process ends."""
        assert process.stdout is not None
        try:
            while True:
                header_bytes, body_bytes = LENGTHS.unpack(await process.stdout.readexactly(LENGTHS.size))
                header = _parse_header(await process.stdout.readexactly(header_bytes))
                body = await process.stdout.readexactly(body_bytes)
                self._deaths = 0
                if (waiting := self._waiting.get(header["number"])) is not None:
                    waiting.put_nowait(Message(header, body))
        except asyncio.IncompleteReadError:
            pass
        finally:
            await self._bury(process)

    async def _bury(self, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        if process.stdin is not None:
            process.stdin.close()
            with contextlib.suppress(ConnectionError):
                await process.stdin.wait_closed()
        if not self._closed:
            self._deaths += 1
            _log.warning("the speech worker %s ended with code %s", self._module.rpartition(".")[2], code)
        for waiting in self._waiting.values():
            waiting.put_nowait(None)


def _parse_header(data: bytes) -> JsonObject:
    header: JsonObject = json.loads(data)
    return header
