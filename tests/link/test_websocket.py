"""The WebSocket link against real servers on real sockets, good and bad."""

from __future__ import annotations

import asyncio
import http
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from agentrun.conversation.inputs import LinkDown, LinkInput, LinkUp
from agentrun.errors import ConnectFailed
from agentrun.link import websocket
from agentrun.link.endpoint import Endpoint, make_endpoint
from agentrun.link.websocket import WebSocketLink
from agentrun.secret import Secret
from agentrun.wire import client, server

Handler = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler, **options: Any) -> AsyncIterator[Endpoint]:
    async with serve(handler, "127.0.0.1", 0, **options) as running:
        port = next(iter(running.sockets)).getsockname()[1]
        yield make_endpoint(f"http://127.0.0.1:{port}/v1", "m", Secret("sk-test"))


async def collect(link: WebSocketLink) -> list[LinkInput]:
    seen: list[LinkInput] = []
    await link.run(seen.append)
    return seen


@pytest.fixture(autouse=True)
def _quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "FIRST_DELAY_S", 0.001)


async def test_events_go_both_ways_in_order() -> None:
    received: list[str] = []

    async def handler(connection: ServerConnection) -> None:
        assert connection.request is not None
        assert connection.request.headers["Authorization"] == "Bearer sk-test"
        assert connection.request.path == "/v1/realtime?model=m"
        await connection.send('{"type":"session.created","session":{}}')
        async for frame in connection:
            received.append(str(frame))
            if len(received) == 3:
                return

    async with serving(handler) as endpoint:
        link = WebSocketLink(endpoint)
        link.send(client.SessionUpdate({"type": "realtime"}))
        link.send(client.InputAudioBufferAppend(b"ab"))
        link.send(client.ResponseCreate())
        seen = await collect(link)
    assert seen[:2] == [LinkUp(), server.SessionCreated({})]
    assert [frame.split('"')[3] for frame in received] == [
        "session.update",
        "input_audio_buffer.append",
        "response.create",
    ]
    assert isinstance(seen[-1], LinkDown)


async def test_a_close_is_reported_with_code_and_reason() -> None:
    async def handler(connection: ServerConnection) -> None:
        await connection.close(1001, "sixty minutes are over")

    async with serving(handler) as endpoint:
        seen = await collect(WebSocketLink(endpoint))
    down = seen[-1]
    assert isinstance(down, LinkDown)
    assert down.code == 1001
    assert "sixty minutes are over" in down.message


async def test_broken_frames_are_ignored_and_the_session_goes_on() -> None:
    async def handler(connection: ServerConnection) -> None:
        for frame in ("{", "[]", '{"type": 5}', '{"type":"response.done"}', '{"type":"x.new","a":1}'):
            await connection.send(frame)

    async with serving(handler) as endpoint:
        seen = await collect(WebSocketLink(endpoint))
    assert [type(event).__name__ for event in seen] == ["LinkUp", "UnknownEvent", "LinkDown"]


async def wait_for_close(connection: ServerConnection) -> None:
    await connection.wait_closed()


async def test_our_own_close_is_not_reported_as_a_loss() -> None:
    up = asyncio.Event()
    seen: list[LinkInput] = []

    def post(event: LinkInput) -> None:
        seen.append(event)
        up.set()

    async with serving(wait_for_close) as endpoint:
        link = WebSocketLink(endpoint)
        running = asyncio.create_task(link.run(post))
        await up.wait()
        await link.aclose()
        await running
    assert seen == [LinkUp()]


async def test_a_close_while_dialling_ends_quietly() -> None:
    async with serving(wait_for_close) as endpoint:
        link = WebSocketLink(endpoint)
        await link.aclose()
        assert await collect(link) == []


@pytest.mark.parametrize(
    ("status", "tries", "word"),
    [(401, 1, "OPENAI_API_KEY"), (403, 1, "region"), (404, 1, "model"), (429, 3, "limits"), (503, 3, "")],
)
async def test_a_refused_handshake_names_the_remedy(status: int, tries: int, word: str) -> None:
    asked = 0

    def refuse(connection: ServerConnection, _request: object) -> object:
        nonlocal asked
        asked += 1
        return connection.respond(http.HTTPStatus(status), "no\n")

    async def handler(_connection: ServerConnection) -> None:
        pytest.fail("the handshake was refused")

    async with serving(handler, process_request=refuse) as endpoint:
        seen = await collect(WebSocketLink(endpoint))
    (down,) = seen
    assert isinstance(down, LinkDown)
    assert down.code == status
    assert str(status) in down.message
    assert word in down.hint
    assert "sk-test" not in repr(down)
    assert asked == tries


async def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ConnectFailed, match=f"nobody answers at 127.0.0.1:{port}") as caught:
        await websocket.dial(make_endpoint(f"http://127.0.0.1:{port}/v1", "m", None))
    assert "agentrun engine" in caught.value.hint


async def test_a_web_server_that_is_no_engine() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"SSH-2.0-nonsense\r\n\r\n")
        await writer.drain()
        writer.close()

    running = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with running:
        port = running.sockets[0].getsockname()[1]
        seen = await collect(WebSocketLink(make_endpoint(f"http://127.0.0.1:{port}", "m", None)))
    (down,) = seen
    assert isinstance(down, LinkDown)
    assert "base URL" in down.hint


async def test_a_peer_that_stops_reading_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "WRITE_TIMEOUT_S", 0.05)
    release = asyncio.Event()

    async def handler(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await release.wait()

    async with serving(handler, close_timeout=0.05) as endpoint:
        link = WebSocketLink(endpoint)
        for _ in range(100):
            link.send(client.InputAudioBufferAppend(bytes(500_000)))
        seen = await collect(link)
        release.set()
    down = seen[-1]
    assert isinstance(down, LinkDown)
    assert down.code == 1006


async def test_a_queue_that_nobody_drains_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "MOST_QUEUED", 10)
    async with serving(wait_for_close) as endpoint:
        link = WebSocketLink(endpoint)
        seen: list[LinkInput] = []

        def flood(event: LinkInput) -> None:
            seen.append(event)
            if isinstance(event, LinkUp):
                for _ in range(11):  # no turn for the writer in between
                    link.send(client.ResponseCreate())

        await link.run(flood)
    assert [type(event) for event in seen] == [LinkUp, LinkDown]


async def test_an_event_that_is_not_json_is_left_out_and_the_session_goes_on() -> None:
    received: list[str] = []

    async def handler(connection: ServerConnection) -> None:
        received.append(str(await connection.recv()))

    async with serving(handler) as endpoint:
        link = WebSocketLink(endpoint)
        link.send(client.SessionUpdate({"speed": float("nan")}))
        link.send(client.SessionUpdate({"instructions": "\ud800"}))
        link.send(client.ResponseCreate())
        await collect(link)
    assert received == ['{"type":"response.create"}']
