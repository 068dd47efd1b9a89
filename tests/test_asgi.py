"""How a web application is run, seen from the outside: sockets, peers that go silent, the end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from agentrun import asgi
from agentrun.asgi import SocketProtocol, open_listener, run_asgi
from agentrun.errors import ListenFailed

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
PING, CLOSE = 0x89, 0x88


@contextlib.asynccontextmanager
async def run(app: ASGIApp, protocol: type[SocketProtocol] = SocketProtocol) -> AsyncIterator[int]:
    with open_listener("127.0.0.1", 0) as listener:
        async with run_asgi(app, listener, socket_protocol=protocol):
            yield listener.getsockname()[1]


async def echo(_scope: Scope, receive: Receive, send: Send) -> None:
    """Say back what comes."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


@contextlib.asynccontextmanager
async def open_raw(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A WebSocket client that does nothing by itself."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(20):
            writer.write(HANDSHAKE)
            assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
            yield reader, writer
    finally:
        writer.close()


async def test_frames_that_are_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asgi.MAX_FRAME_BYTES == 16 * 2**20
    monkeypatch.setattr(asgi, "MAX_FRAME_BYTES", 1000)
    async with run(echo) as port, connect(f"ws://127.0.0.1:{port}", proxy=None) as client:
        await client.send("x" * 1000)
        assert len(await client.recv()) == 1000
        await client.send("x" * 1001)
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


async def test_the_end_is_told_to_every_client() -> None:
    async with run(echo) as port:
        client = await connect(f"ws://127.0.0.1:{port}", proxy=None)
    await client.wait_closed()
    assert (client.close_code, client.close_reason) == (1001, "the server is shutting down")


async def test_an_application_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "CLOSE_LIMIT_S", 0.05)
    ended: list[str] = []

    async def stubborn(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")

    async with run(stubborn) as port:
        client = await connect(f"ws://127.0.0.1:{port}", proxy=None)
    await client.wait_closed()
    assert ended == ["cancelled"]


async def test_a_peer_that_has_vanished_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "PING_S", 0.05)
    left = asyncio.Event()

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        await echo(scope, receive, send)
        left.set()

    async with run(watched) as port, open_raw(port) as (reader, _):
        frames = await reader.read()  # a ping, which stays without an answer, and the close frame
        await left.wait()
    assert (frames[0], frames[1]) == (PING, 4)
    assert frames[6] == CLOSE
    assert int.from_bytes(frames[8:10]) == 1011


async def test_a_peer_that_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "CLOSE_LIMIT_S", 0.05)
    lost = asyncio.Event()

    class Watched(SocketProtocol):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            lost.set()

    async def talkative(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                while True:
                    await send({"type": "websocket.send", "text": "x" * 2**20})

    async with run(talkative, Watched) as port, open_raw(port):
        await lost.wait()  # the client has read no more than the handshake


async def test_a_connection_that_asks_for_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "REQUEST_LIMIT_S", 0.05)
    async with run(echo) as port, asyncio.timeout(20), open_raw(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()


async def test_a_connection_that_is_in_use_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    checked = asyncio.Event()

    class Watched(asgi.RequestProtocol):
        def _check_request(self) -> None:
            super()._check_request()
            checked.set()

    monkeypatch.setattr(asgi, "RequestProtocol", Watched)
    monkeypatch.setattr(asgi, "REQUEST_LIMIT_S", 0.2)
    async with run(echo) as port, connect(f"ws://127.0.0.1:{port}", proxy=None) as client:
        await checked.wait()
        await client.send("still there")
        assert await client.recv() == "still there"


def test_a_port_that_is_taken() -> None:
    with open_listener("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(ListenFailed, match=rf"^port {port} of 127\.0\.0\.1 is taken .*`--port`$"):
            open_listener("127.0.0.1", port)


def test_a_host_that_is_not_ours() -> None:
    with pytest.raises(ListenFailed, match=r"`192\.0\.2\.1` is not an address of this machine"):
        open_listener("192.0.2.1", 0)


@pytest.mark.parametrize("host", ["no such host", "a" * 70, "bücher..example"])
def test_a_host_that_is_no_name(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:  # no test asks a name server
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(ListenFailed, match="the name is not known"):
        open_listener(host, 0)


def test_a_port_can_be_used_again_at_once() -> None:
    with open_listener("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
    with open_listener("127.0.0.1", port) as second:
        assert second.getsockname()[1] == port
