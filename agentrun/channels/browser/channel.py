"""One browser on the line.

The socket is any object of the shape `Socket`, so that the channel knows no web framework. What the call
wants to tell or play is queued and written by one task; what the page sends is read by another. Whichever
first finds that the caller is gone sets the reason, and `run` ends with it. A page that does not read for
five seconds, or lets more than the outbox's bound pile up, counts as gone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Protocol

from agentrun.channels import PostCaller
from agentrun.channels.browser.messages import (
    PageMessage,
    RefusedMessage,
    Start,
    parse_message,
    render_error,
    render_report,
)
from agentrun.channels.browser.outbox import Outbox
from agentrun.channels.browser.pace import Pace
from agentrun.conversation.inputs import CallerAudio, CallerImage, CallerLeft, CallerText
from agentrun.conversation.reports import CallEnded, Report
from agentrun.plan import BROWSER, ChannelProfile
from agentrun.wire.json import JsonValue

BYTES_PER_S = 48_000  # PCM16 at 24 kHz
MAX_OUTBOX_BYTES = 16 * 1024 * 1024  # almost six minutes of speech
MAX_REFUSALS = 100

VANISHED = "caller_vanished"


class Socket(Protocol):
    """A WebSocket as the channel sees it."""

    async def receive(self) -> str | bytes | None:
        """Wait for the next message; None once the other side is gone."""
        ...

    async def send_text(self, text: str) -> None:
        """Write a text message; raises OSError if the other side is gone."""
        ...

    async def send_bytes(self, data: bytes) -> None:
        """Write a binary message; raises OSError if the other side is gone."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Close with a WebSocket code; does nothing if the other side is gone."""
        ...


class BrowserChannel:
    """A caller in a browser; satisfies `agentrun.channels.Channel`.

    Call `wait_start` first, then hand the channel to a call.
    """

    def __init__(self, socket: Socket, *, send_timeout_s: float = 5.0) -> None:
        self._socket = socket
        self._send_timeout_s = send_timeout_s
        self._outbox = Outbox(MAX_OUTBOX_BYTES)
        self._filled = asyncio.Event()
        self._left = asyncio.Event()
        self._reason = VANISHED
        self._messages = Pace(per_s=200, burst=1000)
        self._turns = Pace(per_s=2, burst=20)
        self._audio = Pace(per_s=2 * BYTES_PER_S, burst=20 * BYTES_PER_S)
        self._refusals = 0
        self._writer: asyncio.Task[None] | None = None
        self._closed = False
        self.ended = False
        """True once the page was told that its call is over."""

    @property
    def profile(self) -> ChannelProfile:
        """PCM16 at 24 kHz both ways; we own playback."""
        return BROWSER

    async def wait_start(self, timeout_s: float = 10.0) -> Mapping[str, JsonValue] | None:
        """Wait for the page's `start`; anything else before it is refused.

        Returns:
            The caller's variables, or None if the page left or did not start in time.

        """
        try:
            async with asyncio.timeout(timeout_s):
                while (message := await self._next()) is not None:
                    match message:
                        case Start(variables):
                            return variables
                        case CallerLeft():
                            return None
                    self._refuse("not_started", "the first message is `start`")
                    await self._flush()
        except TimeoutError:
            self.warn("not_started", f"no `start` came within {timeout_s:g} s")
        return None

    async def run(self, post: PostCaller) -> None:
        """Read the page until it leaves, handing each input to `post`; end with one `CallerLeft`."""
        # The writer outlives this: cancelled in mid-message it would lose the last words. `aclose` ends it.
        self._writer = asyncio.create_task(self._write(), name="browser writer")
        reader = asyncio.create_task(self._read(post), name="browser reader")
        reader.add_done_callback(lambda _: self.leave(self._reason))
        try:
            await self._left.wait()
        finally:
            reader.cancel()
            (fault,) = await asyncio.gather(reader, return_exceptions=True)
        if isinstance(fault, Exception):
            raise fault
        self._outbox.clear_audio()
        post(CallerLeft(self._reason))

    def play(self, item_id: str, audio: bytes) -> None:
        """Queue a piece of speech."""
        if not self._left.is_set():
            self._outbox.put_audio(item_id, audio)
            self._fill()

    def clear(self) -> None:
        """Drop what is queued, here and in the page."""
        self._outbox.clear_audio()
        self._outbox.put_message({"type": "clear"})
        self._fill()

    def tell(self, report: Report) -> None:
        """Show the page what happens on the call."""
        self.ended = self.ended or isinstance(report, CallEnded)
        self._outbox.put_message(render_report(report))
        self._fill()

    def warn(self, code: str, message: str, hint: str = "") -> None:
        """Tell the page that something is wrong outside the conversation."""
        self._outbox.put_message(render_error(code, message, hint))
        self._fill()

    def leave(self, reason: str) -> None:
        """End the call as if the caller had left, for `reason`."""
        if not self._left.is_set():
            self._reason = reason
            self._left.set()

    async def aclose(self, code: int = 1000, reason: str = "") -> None:
        """Write what was told, within a bound, and close the socket. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        self.leave(VANISHED)
        self._outbox.clear_audio()
        self._filled.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._send_timeout_s):
                await (self._writer or self._flush())
                await self._socket.close(code, reason)

    def _fill(self) -> None:
        if self._outbox.full:
            self.leave(VANISHED)
        self._filled.set()

    async def _read(self, post: PostCaller) -> None:
        while (message := await self._next()) is not None:
            match message:
                case Start():
                    self._refuse("already_started", "the call has started already")
                case CallerLeft(reason):
                    self.leave(reason)
                    return
                case _:
                    post(message)

    async def _next(self) -> PageMessage | None:
        """Return the next good message; None if the page is gone or has sent too much that is not good."""
        while not self._left.is_set() and (data := await self._socket.receive()) is not None:
            try:
                message = parse_message(data)
                self._check_pace(message)
            except RefusedMessage as refusal:
                self._refuse(refusal.code, str(refusal))
                await asyncio.sleep(0)  # a flood that is refused must not keep others from running
            else:
                return message
        return None

    def _check_pace(self, message: PageMessage) -> None:
        now_s = asyncio.get_running_loop().time()
        audio_bytes = len(message.audio) if isinstance(message, CallerAudio) else 0
        if not self._messages.take(1, now_s):
            raise RefusedMessage("too_many_messages", "messages come too fast; this one was dropped")
        if isinstance(message, CallerText | CallerImage) and not self._turns.take(1, now_s):
            raise RefusedMessage("too_many_turns", "nobody speaks that fast; this one was dropped")
        if not self._audio.take(audio_bytes, now_s):
            raise RefusedMessage("too_much_audio", "audio comes faster than speech; this was dropped")

    def _refuse(self, code: str, message: str) -> None:
        self._refusals += 1
        self.warn(code, message)
        if self._refusals == MAX_REFUSALS:
            self.warn("too_many_errors", f"{MAX_REFUSALS} messages were refused; the call ends")
            self.leave("error")

    async def _write(self) -> None:
        while not self._closed:
            await self._filled.wait()
            self._filled.clear()
            await self._flush()
        await self._flush()

    async def _flush(self) -> None:
        """Write all that waits."""
        while (message := self._outbox.pop()) is not None:
            try:
                async with asyncio.timeout(self._send_timeout_s):
                    await self._send(message)
            except (OSError, TimeoutError):
                self._outbox.clear_audio()
                self.leave(VANISHED)
                return

    async def _send(self, message: str | bytes) -> None:
        if isinstance(message, str):
            await self._socket.send_text(message)
        else:
            await self._socket.send_bytes(message)
