"""One call: its session, its line, and all that control it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Literal

from agentrun.audio import AudioFormat
from agentrun.engine.calls.line import Line
from agentrun.engine.calls.medium import CallIds, Medium
from agentrun.engine.connection import Connection, Frame
from agentrun.engine.core import Core
from agentrun.engine.driver import EngineParts, SessionDriver, Sink
from agentrun.wire import ServerEvent, client, server

log = logging.getLogger(__name__)

EndReason = Literal["hung_up", "caller_left", "referred", "session_over", "engine_closed", "failed"]
_GOODBYE = (1000, "The call is over.")


class Call:
    """A call that was answered.

    Args:
        core: its session, not started yet.
        medium: how the caller is connected.
        ids: those of the core.
        parts: mind, ears and voice.

    Attributes:
        id: `rtc_…`.
        medium: as given.
        referred_to: where the call was transferred, or None.
        ended: why it ended; None while it lives.

    """

    def __init__(self, core: Core, medium: Medium, ids: CallIds, parts: EngineParts) -> None:
        self.id = ids.call_id
        self.medium = medium
        self.referred_to: str | None = None
        self.ended: EndReason | None = None
        self._line = Line(core, medium, ids)
        self._driver = SessionDriver(self._line, parts, self)
        self._controls: list[Sink] = []
        self._created: server.SessionCreated | None = None
        self._over = asyncio.Event()
        self._leg: asyncio.Task[None] | None = None

    @property
    def format(self) -> AudioFormat:
        """Of the sound in both directions."""
        return self._line.format

    def own(self, leg: Coroutine[None, None, None]) -> None:
        """Run what carries the sound; it is cancelled at the end of the call, and may end the call itself."""
        self._leg = asyncio.get_running_loop().create_task(leg)
        if self.ended is not None:
            self._leg.cancel()

    async def run(self) -> None:
        """Serve the session until the call ends."""
        try:
            await self._driver.run(self._hold())
        except Exception as error:  # a border: whatever fails here must not reach other calls
            log.error("call %s failed: %r", self.id, error, exc_info=error)
            self.hang_up("failed")
        finally:
            self.hang_up("session_over")
            for control in self._controls:
                control.end(*_GOODBYE)

    async def wait_ended(self) -> EndReason:
        """Wait for the end of the call and return why it came."""
        await self._over.wait()
        return self.ended or "session_over"

    def hang_up(self, reason: EndReason) -> None:
        """End the call; of several reasons the first counts."""
        if self.ended is None:
            self.ended = reason
            self._over.set()

    def refer(self, target_uri: str) -> None:
        """Transfer the call, which ends it here."""
        self.referred_to = target_uri
        self.hang_up("referred")

    # Those who control it

    def add_control(self, control: Sink, *, is_first: bool = False) -> None:
        """Let somebody see the events from now on, and know the end.

        Args:
            control: who.
            is_first: whether it is the one that made the call, which is told of the session's beginning; a
                sideband is not.

        """
        if self.ended is not None:
            control.end(*_GOODBYE)
            return
        self._controls.append(control)
        if is_first and self._created is not None:
            control.send(self._created)

    def remove_control(self, control: Sink) -> None:
        """Forget somebody who has gone."""
        if control in self._controls:
            self._controls.remove(control)

    async def serve_sideband(self, connection: Connection) -> None:
        """Serve a WebSocket that controls the call, until it leaves or the call ends."""
        self.add_control(connection)
        try:
            await connection.run(self.take)
        finally:
            self.remove_control(connection)

    async def take(self, frame: Frame) -> None:
        """Take a client event of somebody who controls the call."""
        if self.ended is None:
            self._driver.put(frame if isinstance(frame, str) else frame.decode("utf-8", "replace"))

    # The sink of the session

    def send(self, event: ServerEvent) -> None:
        """Show an event to all who control the call."""
        if isinstance(event, server.SessionCreated):
            self._created = event
            return
        for control in self._controls:
            control.send(event)

    def end(self, code: int, reason: str) -> None:
        """End the call because its session ends."""
        self.hang_up("session_over")

    # The line

    async def hear(self, audio: bytes) -> None:
        """Take the caller's sound, in the format of the line."""
        if self.ended is None:
            await self._driver.append(client.InputAudioBufferAppend(audio))

    def play(self, duration_ms: int) -> bytes:
        """Return the next sound for the caller; to be called as time passes."""
        if self.ended is not None:
            return self.format.make_silence(duration_ms)
        sound, told = self._line.pull(duration_ms)
        self._driver.perform(told)
        return sound

    def press(self, key: str) -> None:
        """Take a key of the caller's telephone: `0` to `9`, `*`, `#`, `A` to `D`."""
        if self.ended is None:
            self._driver.perform(self._line.press(key, int(time.time())))

    def type(self, text: str) -> None:
        """Have the caller say something in writing, where nobody could understand their voice."""
        if self.ended is None:
            part = {"type": "input_text", "text": text}
            item = {"type": "message", "role": "user", "content": [part]}
            self._driver.put(client.ConversationItemCreate(item))
            self._driver.put(client.ResponseCreate())

    async def _hold(self) -> None:
        try:
            await self._over.wait()
        finally:
            if self._leg is not None:
                self._leg.cancel()
                await asyncio.wait([self._leg])
