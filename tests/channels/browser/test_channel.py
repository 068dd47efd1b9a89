from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from agentrun.channels import Channel
from agentrun.channels.browser import BrowserChannel, channel
from agentrun.conversation.inputs import CallerAudio, CallerInput, CallerLeft, CallerPlayed, CallerText
from agentrun.conversation.reports import CallEnded, CallStarted
from agentrun.wire.json import JsonObject


class PageSocket:
    """The socket of a page that lives in this process."""

    def __init__(self) -> None:
        self.to_server: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self.to_page: asyncio.Queue[JsonObject | bytes] = asyncio.Queue()
        self.reading = asyncio.Event()  # cleared: the page does not read, writes hang
        self.reading.set()
        self.gone = False
        self.closed: tuple[int, str] | None = None

    def type(self, **message: object) -> None:
        self.to_server.put_nowait(json.dumps(message))

    async def receive(self) -> str | bytes | None:
        return await self.to_server.get()

    async def send_text(self, text: str) -> None:
        await self._send(json.loads(text))

    async def send_bytes(self, data: bytes) -> None:
        await self._send(data)

    async def _send(self, message: JsonObject | bytes) -> None:
        await self.reading.wait()
        if self.gone:
            raise ConnectionResetError
        self.to_page.put_nowait(message)

    async def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)

    def seen(self) -> list[JsonObject | bytes]:
        return [self.to_page.get_nowait() for _ in range(self.to_page.qsize())]


@asynccontextmanager
async def on_call(
    socket: PageSocket, send_timeout_s: float = 5.0
) -> AsyncIterator[tuple[BrowserChannel, asyncio.Queue[CallerInput]]]:
    line = BrowserChannel(socket, send_timeout_s=send_timeout_s)
    inbox: asyncio.Queue[CallerInput] = asyncio.Queue()
    running = asyncio.create_task(line.run(inbox.put_nowait))
    try:
        async with asyncio.timeout(5):
            yield line, inbox
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await line.aclose()


async def test_it_is_a_channel() -> None:
    line: Channel = BrowserChannel(PageSocket())
    assert line.profile.name == "browser"
    assert line.profile.owns_playback


async def test_start_brings_the_variables() -> None:
    socket = PageSocket()
    socket.type(type="start", variables={"tier": "gold"})
    assert await BrowserChannel(socket).wait_start() == {"tier": "gold"}


async def test_nothing_is_taken_before_start() -> None:
    socket = PageSocket()
    socket.to_server.put_nowait(b"\0\0")
    socket.to_server.put_nowait("garbage")
    socket.type(type="text", text="hello")
    socket.type(type="start")
    assert await BrowserChannel(socket).wait_start() == {}
    codes = [message["code"] for message in socket.seen() if isinstance(message, dict)]
    assert codes[0] == "not_started"
    assert set(codes) <= {"not_started", "invalid_json"}


@pytest.mark.parametrize("message", ['{"type":"hang_up"}', None])
async def test_a_page_may_leave_before_start(message: str | None) -> None:
    socket = PageSocket()
    socket.to_server.put_nowait(message)
    assert await BrowserChannel(socket).wait_start() is None


async def test_a_page_that_does_not_start_is_told() -> None:
    socket = PageSocket()
    line = BrowserChannel(socket)
    assert await line.wait_start(timeout_s=0.01) is None
    await line.aclose(1008, "not started")
    (error,) = socket.seen()
    assert isinstance(error, dict)
    assert error["code"] == "not_started"
    assert socket.closed == (1008, "not started")


async def test_inputs_go_to_the_call_in_order() -> None:
    socket = PageSocket()
    async with on_call(socket) as (_, inbox):
        socket.to_server.put_nowait(b"\1\2")
        socket.type(type="text", text="hello")
        socket.type(type="played", item_id="a", ms=20)
        socket.type(type="hang_up")
        got = [await inbox.get() for _ in range(4)]
    assert got == [CallerAudio(b"\1\2"), CallerText("hello"), CallerPlayed("a", 20), CallerLeft()]


async def test_a_bad_message_is_answered_and_the_call_goes_on() -> None:
    socket = PageSocket()
    async with on_call(socket) as (_, inbox):
        socket.type(type="start")
        socket.to_server.put_nowait(b"\1")
        socket.type(type="text", text="hello")
        assert await inbox.get() == CallerText("hello")
        first, second = await socket.to_page.get(), await socket.to_page.get()
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert [first["code"], second["code"]] == ["already_started", "odd_audio"]


async def test_a_page_that_vanishes_in_mid_word() -> None:
    socket = PageSocket()
    async with on_call(socket) as (line, inbox):
        line.play("a", b"\0\0")
        socket.to_server.put_nowait(None)
        assert await inbox.get() == CallerLeft("caller_vanished")
        line.play("a", b"\0\0")  # nobody hears it, nothing breaks
        line.tell(CallEnded("caller_vanished"))
    assert socket.closed is not None


async def test_a_write_that_fails_ends_the_call() -> None:
    socket = PageSocket()
    socket.gone = True
    async with on_call(socket) as (line, inbox):
        line.tell(CallStarted("c", "a"))
        assert await inbox.get() == CallerLeft("caller_vanished")


async def test_a_page_that_does_not_read_is_gone() -> None:
    socket = PageSocket()
    socket.reading.clear()
    async with on_call(socket, send_timeout_s=0.02) as (line, inbox):
        line.play("a", b"\0\0")
        assert await inbox.get() == CallerLeft("caller_vanished")


async def test_a_full_outbox_ends_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "MAX_OUTBOX_BYTES", 1000)
    socket = PageSocket()
    socket.reading.clear()
    async with on_call(socket) as (line, inbox):
        line.play("a", bytes(2000))
        assert await inbox.get() == CallerLeft("caller_vanished")
        socket.reading.set()


async def test_clear_drops_what_is_queued_on_our_side() -> None:
    socket = PageSocket()
    async with on_call(socket) as (line, _):
        line.play("a", b"\0\0")
        line.clear()
        line.play("b", b"\1\1")
        got = [await socket.to_page.get() for _ in range(3)]
    assert got == [{"type": "clear"}, {"type": "audio", "item_id": "b"}, b"\1\1"]


async def test_a_flood_of_bad_messages_ends_the_call() -> None:
    socket = PageSocket()
    for _ in range(200):
        socket.to_server.put_nowait("garbage")
    async with on_call(socket) as (_, inbox):
        assert await inbox.get() == CallerLeft("error")
    last = socket.seen()[-1]
    assert isinstance(last, dict)
    assert last["code"] == "too_many_errors"


@pytest.mark.parametrize(
    ("message", "count", "code"),
    [('{"type":"dtmf","digit":"1"}', 1050, "too_many_messages"), (bytes(96_000), 15, "too_much_audio")],
)
async def test_a_flood_is_dropped_and_said(message: str | bytes, count: int, code: str) -> None:
    socket = PageSocket()
    async with on_call(socket) as (_, inbox):
        for _ in range(count):
            socket.to_server.put_nowait(message)
        error = await socket.to_page.get()
        assert isinstance(error, dict)
        assert error["code"] == code
        assert inbox.qsize() < count


async def test_what_was_told_is_flushed_at_the_end() -> None:
    socket = PageSocket()
    line = BrowserChannel(socket)
    line.play("a", b"\0\0")
    line.tell(CallEnded("agent_hung_up"))
    assert line.ended
    await line.aclose()
    await line.aclose(1011, "a second close does nothing")
    assert socket.seen() == [{"type": "ended", "reason": "agent_hung_up", "usage": {}}]
    assert socket.closed == (1000, "")


async def test_closing_is_bounded() -> None:
    socket = PageSocket()
    socket.reading.clear()
    line = BrowserChannel(socket, send_timeout_s=0.02)
    line.tell(CallEnded("shutting_down"))
    async with asyncio.timeout(5):
        await line.aclose()


async def test_the_server_can_end_the_call_for_a_reason() -> None:
    socket = PageSocket()
    async with on_call(socket) as (line, inbox):
        line.leave("shutting_down")
        line.leave("too late to matter")
        assert await inbox.get() == CallerLeft("shutting_down")
