"""One session in real time: the core, its clock, its tasks and the frames that go out.

Everything runs on one event loop. The core is called without awaiting anything, so its calls cannot
interleave and need no lock. Every task belongs to the session's task group and dies with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from agentrun.audio import PCM_24K
from agentrun.engine.core import Core
from agentrun.engine.ears import Ears, to_pcm16k
from agentrun.engine.effects import (
    Close,
    Expect,
    Generate,
    Heard,
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
from agentrun.engine.hosting.client import McpHost
from agentrun.engine.hosting.host import HostedOrder, ToolHost, obey
from agentrun.engine.seams import Responder, begin_mind, explain_failure
from agentrun.engine.speech.seams import Hints, Recogniser, SpeechDetector, Transcript, Voice
from agentrun.engine.speech.silent import DeafRecogniser
from agentrun.engine.speech.turns import PauseReached, SpeechStarted, TurnEvent, estimate_completeness
from agentrun.errors import AgentrunError, RemoteProtocolError
from agentrun.wire import (
    ClientEvent,
    ServerEvent,
    client,
    encode_event,
)
from agentrun.wire.json import JsonObject

log = logging.getLogger(__name__)

MAX_UNSENT_BYTES = 32 * 1024 * 1024
SEND_LIMIT_S = 20.0
CLOSE_LIMIT_S = 5.0
_LEAD_MS = 1000
_LISTEN_LEAD_MS = 100
"""How far a client may be ahead of the clock with its sound before others are let in between its frames."""

Receive = Callable[[], Awaitable["str | bytes | None"]]
"""Wait for the client's next frame; None once the client is gone."""
Send = Callable[[str], Awaitable[None]]
"""Write a text frame; raises OSError where the client is gone."""
CloseSocket = Callable[[int, str], Awaitable[None]]
"""Close with a WebSocket code and a reason."""


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


@runtime_checkable
class Learner(Protocol):
    """A recogniser that is quicker when it is told beforehand what a session is about."""

    async def prepare(self, hints: Hints, language: str | None) -> None:
        """Learn what callers may say; never raises."""


@dataclass(frozen=True, slots=True)
class EngineParts:
    """What sessions are made of.

    Attributes:
        responder: the mind.
        speech: ears and voice.
        pace: how many times faster than real time speech goes out after its first second.
        make_host: makes what dials the MCP servers of one session.

    """

    responder: Responder
    speech: Speech
    pace: float = 5.0
    make_host: Callable[[], ToolHost] = McpHost


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What is being recognised at a pause, before it is known whether the turn ends there."""

    voiced_ms: int
    task: asyncio.Task[Transcript | None]


class SessionDriver:
    """Runs one session until the client goes, the time is up, or it fails."""

    def __init__(
        self, core: Core, parts: EngineParts, receive: Receive, send: Send, close: CloseSocket
    ) -> None:
        self._core = core
        self._parts = parts
        self._mind = begin_mind(parts.responder)
        self._receive, self._send, self._close = receive, send, close
        self._ears = Ears(parts.speech.detector)
        self._host = parts.make_host()
        self._unsent: deque[str] = deque()
        self._unsent_bytes = 0
        self._has_unsent = asyncio.Event()
        self._clock_changed = asyncio.Event()
        self._work: defaultdict[str, set[asyncio.Task[None]]] = defaultdict(set)
        self._tasks = asyncio.TaskGroup()
        self._clock = asyncio.get_running_loop().time
        self._started_at = self._clock()
        self._hints, self._language = Hints(), ""
        self._hears_audio = False
        self._heard_until_ms = 0
        self._ahead: _Ahead | None = None
        self._closing: tuple[int, str] | None = None

    @property
    def _now_ms(self) -> int:
        return int((self._clock() - self._started_at) * 1000)

    async def run(self) -> None:
        """Serve the session; returns when the client is gone or the connection was closed."""
        try:
            async with self._tasks:
                self._perform(self._core.start(self._now_ms))
                self._tasks.create_task(self._write())
                self._tasks.create_task(self._watch_clock())
                self._tasks.create_task(self._read())
        except* _SessionOver:
            pass
        finally:
            self._ears.close()
            await self._host.close()
        if self._closing is not None:
            # a peer that does not read can keep a close frame waiting for ever
            with contextlib.suppress(TimeoutError, OSError):
                async with asyncio.timeout(CLOSE_LIMIT_S):
                    await self._close(*self._closing)

    async def _read(self) -> None:
        while (frame := await self._receive()) is not None:
            event = _parse(frame)
            if isinstance(event, client.InputAudioBufferAppend):
                self._perform(self._core.handle(event, self._now_ms))  # no deadline depends on it
                await self._hear(event.audio)
            else:
                self._put(event)
        raise _SessionOver

    async def _hear(self, audio: bytes) -> None:
        if not self._hears_audio:
            self._hears_audio = True
            self._prepare()
        for piece in self._ears.slice(audio):
            for event in self._ears.feed(piece):
                self._take_turn_event(event)
            now_ms = self._now_ms
            self._heard_until_ms = max(self._heard_until_ms, now_ms) + self._ears.to_ms(piece)
            if self._heard_until_ms - now_ms > _LISTEN_LEAD_MS:
                await asyncio.sleep(0)  # a client may append minutes at once; other sessions go on

    def _take_turn_event(self, event: TurnEvent) -> None:
        if isinstance(event, PauseReached):
            if self._ahead is not None:
                self._ahead.task.cancel()
            heard = self._ears.take_heard()
            task = self._tasks.create_task(self._hear_ahead(heard, self._ears.turn, event.voiced_ms))
            self._ahead = _Ahead(event.voiced_ms, task)
            return
        if isinstance(event, SpeechStarted):
            self._ahead = None
        elif self._ahead is not None and self._ahead.voiced_ms != event.voiced_ms:
            self._ahead = None  # more was said since
        self._put(event)

    async def _hear_ahead(self, heard: bytes, turn: int, voiced_ms: int) -> Transcript | None:
        """Recognise at a pause what the caller has said, which is all of it if the turn ends there."""
        recogniser = self._parts.speech.recogniser
        try:
            transcript = await recogniser.transcribe(heard, self._hints, self._language or None)
        except (AgentrunError, OSError) as error:
            log.debug("nothing was recognised ahead of the end of a turn: %s", error)
            return None
        self._ears.judge(turn, voiced_ms, estimate_completeness(transcript))
        return transcript

    async def _write(self) -> None:
        while True:
            await self._has_unsent.wait()
            while self._unsent:
                frame = self._unsent.popleft()
                self._unsent_bytes -= len(frame)
                await self._write_one(frame)
            self._has_unsent.clear()
            if self._closing is not None:
                raise _SessionOver

    async def _write_one(self, frame: str) -> None:
        try:
            async with asyncio.timeout(SEND_LIMIT_S):
                await self._send(frame)
        except (OSError, TimeoutError) as error:
            raise _SessionOver from error

    async def _watch_clock(self) -> None:
        while (deadline_ms := self._core.deadline_ms) is not None:
            wait_s = max(0, deadline_ms - self._now_ms) / 1000
            try:
                async with asyncio.timeout(wait_s):
                    await self._clock_changed.wait()
                self._clock_changed.clear()
            except TimeoutError:
                self._put(Wake())

    def _put(self, event: str | JsonObject | ClientEvent | Input) -> None:
        before = self._core.deadline_ms
        self._perform(self._core.handle(event, self._now_ms))
        if self._core.deadline_ms != before:
            self._clock_changed.set()

    def _perform(self, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case Listen():
                    self._ears.listen(output)
                case Expect():
                    self._hints = Hints(output.instructions, list(output.tools))
                    self._language = output.language or ""
                    self._prepare()
                case Transcribe():
                    ahead, self._ahead = self._ahead, None
                    self._tasks.create_task(self._transcribe(output, ahead))
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
                    self._end(output.code, output.reason)
                case _:
                    self._queue(output)

    def _queue(self, event: ServerEvent) -> None:
        frame = encode_event(event)
        self._unsent.append(frame)
        self._unsent_bytes += len(frame)
        self._has_unsent.set()
        if self._unsent_bytes > MAX_UNSENT_BYTES and self._closing is None:
            log.warning("closing a session whose client does not read: %d bytes unsent", self._unsent_bytes)
            self._closing = (1008, "the client does not read")
            self._tasks.create_task(self._leave())

    async def _leave(self) -> None:
        """End the session without waiting for what is unsent."""
        raise _SessionOver

    def _end(self, code: int, reason: str) -> None:
        self._closing = (code, reason)
        self._has_unsent.set()

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

    def _prepare(self) -> None:
        """Let the recogniser learn while the caller still speaks; sessions in text never need it."""
        recogniser = self._parts.speech.recogniser
        if self._hears_audio and isinstance(recogniser, Learner):
            self._tasks.create_task(recogniser.prepare(self._hints, self._language or None))

    async def _transcribe(self, order: Transcribe, ahead: _Ahead | None) -> None:
        recogniser = self._parts.speech.recogniser
        if isinstance(recogniser, DeafRecogniser):
            error = "no speech recogniser is installed; install `agentrun[speech]`"
            self._put(Heard(order.item_id, "", error))
            return
        try:
            transcript = await ahead.task if ahead is not None else None
            if transcript is None:
                pcm16k = to_pcm16k(order.audio, order.format)
                transcript = await recogniser.transcribe(pcm16k, self._hints, self._language or None)
        except (AgentrunError, OSError) as error:  # a broken part costs one turn, not the session
            log.warning("what the caller said could not be recognised: %s", error)
            self._put(Heard(order.item_id, "", "the speech recogniser failed"))
            return
        sure = transcript.confident and not transcript.ambiguous
        self._put(Heard(order.item_id, transcript.text, confident=sure))

    async def _generate(self, order: Generate) -> None:
        failure = None
        try:
            moves = self._mind.respond(order.prompt)
            if isinstance(moves, AsyncIterator):
                async with _closing(moves):
                    async for move in moves:
                        self._put(Produced(order.response_id, move))
            else:
                for move in moves:
                    self._put(Produced(order.response_id, move))
        except AgentrunError as error:
            failure = explain_failure(error)
            log.warning("a response failed: %s", failure.message)
        self._put(ProducedEnd(order.response_id, failure))

    async def _run_hosted(self, order: HostedOrder) -> None:
        self._put(await obey(self._host, order))

    async def _speak(self, order: Speak) -> None:
        began_ms, made_ms = self._now_ms, 0
        voice = self._parts.speech.voice
        chunks = voice.speak(order.text, language=order.language, voice=order.voice, speed=order.speed)
        async with _closing(chunks):
            async for chunk in chunks:
                self._put(Spoken(order.response_id, order.item_id, chunk.pcm, chunk.chars))
                made_ms += PCM_24K.to_ms(len(chunk.pcm))
                ahead_ms = (made_ms - _LEAD_MS) / self._parts.pace - (self._now_ms - began_ms)
                if ahead_ms > 0:
                    await asyncio.sleep(ahead_ms / 1000)
        self._put(SpokenEnd(order.response_id, order.item_id))


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
