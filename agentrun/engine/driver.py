"""One session in real time: the core, its clock and its tasks.

Everything runs on one event loop. The core is called without awaiting anything, so its calls cannot
interleave and need no lock. Every task belongs to the session's task group and dies with it. What clients
see leaves through a sink: one WebSocket, or all that control a call.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Protocol

from agentrun.audio import PCM_24K
from agentrun.engine.effects import (
    Close,
    Expect,
    Generate,
    Input,
    Listen,
    ListHostedTools,
    Output,
    Produced,
    ProducedEnd,
    RunHostedTool,
    Speak,
    Spoken,
    SpokenEnd,
    Stop,
    StopHosted,
    Transcribe,
    Wake,
)
from agentrun.engine.frames import parse_frame
from agentrun.engine.hearing import Hearing
from agentrun.engine.hosting.client import McpHost
from agentrun.engine.hosting.host import HostedOrder, ToolHost, obey
from agentrun.engine.seams import Mind, begin_mind, explain_failure
from agentrun.engine.speech.seams import Recogniser, SpeechDetector, Voice
from agentrun.errors import AgentrunError, RemoteProtocolError
from agentrun.wire import ClientEvent, ServerEvent, client
from agentrun.wire.json import JsonObject

log = logging.getLogger(__name__)

_LEAD_MS = 1000


class Speech(Protocol):
    """The speech parts of a process, shared by its sessions; `engine.speech.open_speech` gives one."""

    @property
    def recogniser(self) -> Recogniser:
        """What turns an utterance into text."""

    @property
    def voice(self) -> Voice:
        """What speaks."""

    def detector(self, threshold: float, rate_hz: int) -> SpeechDetector:
        """Return a new detector for sound that comes at a rate; above 0.5 the speech must also be louder."""


@dataclass(frozen=True, slots=True)
class EngineParts:
    """What sessions are made of.

    Attributes:
        responder: the mind.
        speech: ears and voice.
        pace: how many times faster than real time speech goes out after its first second.
        make_host: makes what dials the MCP servers of one session.

    """

    responder: Mind
    speech: Speech
    pace: float = 5.0
    make_host: Callable[[], ToolHost] = McpHost


class SessionCore(Protocol):
    """What decides: `core.Core`, or something that stands before one."""

    @property
    def deadline_ms(self) -> int | None:
        """When `Wake` is due; None once the session is closed."""

    def start(self, now_ms: int) -> list[Output]:
        """Open the session."""

    def handle(self, event: str | JsonObject | ClientEvent | Input, now_ms: int) -> list[Output]:
        """Take one thing that happened."""


class Sink(Protocol):
    """Where the events of a session go."""

    def send(self, event: ServerEvent) -> None:
        """Take an event; never waits."""

    def end(self, code: int, reason: str) -> None:
        """Close, with the code of a WebSocket, after what was sent."""


class SessionDriver:
    """Runs one session until its companion returns, which is when nobody is there any more.

    Args:
        core: not started yet.
        parts: mind, ears and voice.
        sink: takes the events.

    """

    def __init__(self, core: SessionCore, parts: EngineParts, sink: Sink) -> None:
        self._core = core
        self._parts = parts
        self._sink = sink
        self._mind = begin_mind(parts.responder)
        self._host = parts.make_host()
        self._tasks = asyncio.TaskGroup()
        self._work: defaultdict[str, set[asyncio.Task[None]]] = defaultdict(set)
        self._clock_changed = asyncio.Event()
        self._clock = asyncio.get_running_loop().time
        self._started_at = self._clock()
        speech = parts.speech
        self._hearing = Hearing(speech.recogniser, speech.detector, self.put, self._tasks, self.read_clock_ms)

    def read_clock_ms(self) -> int:
        """Return the session's time."""
        return int((self._clock() - self._started_at) * 1000)

    async def run(self, companion: Awaitable[None]) -> None:
        """Serve the session until the companion returns.

        Args:
            companion: what connects the session to its clients; it may use the other methods.

        """
        try:
            async with self._tasks:
                self.perform(self._core.start(self.read_clock_ms()))
                self._tasks.create_task(self._watch_clock())
                await companion
                raise _SessionOver  # which ends the other tasks
        except* _SessionOver:
            pass
        finally:
            self._hearing.close()
            await self._host.close()

    async def take(self, frame: str | bytes) -> None:
        """Take a frame of a client; returns when the next one may come."""
        event = _parse(frame)
        if isinstance(event, client.InputAudioBufferAppend):
            await self.append(event)
        else:
            self.put(event)

    async def append(self, event: client.InputAudioBufferAppend) -> None:
        """Take a piece of sound."""
        outputs = self._core.handle(event, self.read_clock_ms())
        self.perform(outputs)  # no deadline depends on it
        if not outputs:  # what follows from sound is a refusal, or nothing
            await self._hearing.hear(event.audio)

    def put(self, event: str | JsonObject | ClientEvent | Input) -> None:
        """Let the core know of something, and do what follows."""
        before = self._core.deadline_ms
        self.perform(self._core.handle(event, self.read_clock_ms()))
        if self._core.deadline_ms != before:
            self._clock_changed.set()

    def perform(self, outputs: list[Output]) -> None:
        """Do what the core has decided."""
        for output in outputs:
            match output:
                case Listen():
                    self._hearing.listen(output)
                case Expect():
                    self._hearing.expect(output)
                case Transcribe():
                    self._hearing.transcribe(output)
                case Generate():
                    self._start(output.response_id, self._generate(output))
                case Speak():
                    self._start(output.response_id, self._speak(output))
                case Stop():
                    self._stop(output.response_id)
                case ListHostedTools() | RunHostedTool():
                    self._start(output.item_id, self._run_hosted(output))
                case StopHosted():
                    self._stop(output.item_id)
                case Close():
                    self._sink.end(output.code, output.reason)
                case _:
                    self._sink.send(output)

    async def _watch_clock(self) -> None:
        while (deadline_ms := self._core.deadline_ms) is not None:
            wait_s = max(0, deadline_ms - self.read_clock_ms()) / 1000
            try:
                async with asyncio.timeout(wait_s):
                    await self._clock_changed.wait()
                self._clock_changed.clear()
            except TimeoutError:
                self.put(Wake())

    def _start(self, owner_id: str, work: Coroutine[None, None, None]) -> None:
        """Do work in a task that belongs to a response or an item."""
        task = self._tasks.create_task(work)
        tasks = self._work[owner_id]
        tasks.add(task)
        task.add_done_callback(lambda done: self._forget(owner_id, done))

    def _stop(self, owner_id: str) -> None:
        for task in self._work.pop(owner_id, ()):
            task.cancel()

    def _forget(self, owner_id: str, task: asyncio.Task[None]) -> None:
        tasks = self._work.get(owner_id, set())
        tasks.discard(task)
        if not tasks:
            self._work.pop(owner_id, None)

    async def _generate(self, order: Generate) -> None:
        failure = None
        try:
            moves = self._mind.respond(order.prompt)
            if isinstance(moves, AsyncIterator):
                async with _closing(moves):
                    async for move in moves:
                        self.put(Produced(order.response_id, move))
            else:
                for move in moves:
                    self.put(Produced(order.response_id, move))
        except AgentrunError as error:
            failure = explain_failure(error)
            log.warning("a response failed: %s", failure.message)
        self.put(ProducedEnd(order.response_id, failure))

    async def _run_hosted(self, order: HostedOrder) -> None:
        self.put(await obey(self._host, order))

    async def _speak(self, order: Speak) -> None:
        began_ms, made_ms = self.read_clock_ms(), 0
        voice = self._parts.speech.voice
        chunks = voice.speak(order.text, language=order.language, voice=order.voice, speed=order.speed)
        async with _closing(chunks):
            async for chunk in chunks:
                self.put(Spoken(order.response_id, order.item_id, chunk.pcm, chunk.chars))
                made_ms += PCM_24K.to_ms(len(chunk.pcm))
                ahead_ms = (made_ms - _LEAD_MS) / self._parts.pace - (self.read_clock_ms() - began_ms)
                if ahead_ms > 0:
                    await asyncio.sleep(ahead_ms / 1000)
        self.put(SpokenEnd(order.response_id, order.item_id))


class _SessionOver(Exception):
    """Ends the session's task group in good order."""


def _parse(frame: str | bytes) -> str | ClientEvent:
    """Parse a frame once; what cannot be parsed is left to the core, which words the error."""
    text = frame.decode("utf-8", "replace") if isinstance(frame, bytes) else frame
    try:
        return parse_frame(text)
    except RemoteProtocolError:
        return text


@contextlib.asynccontextmanager
async def _closing(chunks: AsyncIterator[object]) -> AsyncIterator[None]:
    """Close an iterator that can be closed, which cancels the speech behind it."""
    try:
        yield
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()
