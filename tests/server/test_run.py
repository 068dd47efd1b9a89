from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from agentrun.errors import ListenFailed
from agentrun.server.run import open_listener

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")


@contextlib.asynccontextmanager
async def run_server(drain_s: float) -> AsyncIterator[tuple[Process, int]]:
    command = [sys.executable, "-m", "tests.server.serving", str(drain_s)]
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
    try:
        async with asyncio.timeout(30):
            assert process.stdout
            yield process, int(await process.stdout.readline())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def finish(process: Process) -> None:
    out, err = await process.communicate()
    assert (process.returncode, out, err) == (0, b"left in good order\n", b"")


async def begin_call(connection: ClientConnection) -> None:
    await connection.send('{"type":"start"}')
    await wait_for(connection, "started")


async def wait_for(connection: ClientConnection, kind: str) -> dict[str, str]:
    while True:
        message = await connection.recv()
        if isinstance(message, str) and json.loads(message)["type"] == kind:
            found: dict[str, str] = json.loads(message)
            return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_without_calls_a_signal_ends_it_at_once(number: signal.Signals) -> None:
    async with run_server(60) as (process, _):
        process.send_signal(number)
        await finish(process)


async def test_a_live_call_is_told_and_may_finish() -> None:
    async with run_server(60) as (process, port):
        async with connect(f"ws://127.0.0.1:{port}/agents/echo/ws") as connection:
            await begin_call(connection)
            process.terminate()
            assert (await wait_for(connection, "error"))["code"] == "draining"
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"ws://127.0.0.1:{port}/agents/echo/ws")
            assert refused.value.response.status_code == 503
            await connection.send('{"type":"text","text":"bye"}')
            assert (await wait_for(connection, "ended"))["reason"] == "agent_hung_up"
        await finish(process)


async def test_after_the_bound_a_live_call_is_ended() -> None:
    async with run_server(0.1) as (process, port):
        async with connect(f"ws://127.0.0.1:{port}/agents/echo/ws") as connection:
            await begin_call(connection)
            process.terminate()
            assert (await wait_for(connection, "ended"))["reason"] == "shutting_down"
        await finish(process)


async def test_a_second_signal_ends_everything_now() -> None:
    async with run_server(60) as (process, port):
        async with connect(f"ws://127.0.0.1:{port}/agents/stuck/ws") as connection:
            await connection.send('{"type":"start"}')
            process.terminate()
            # The call that is stuck reads nothing and says nothing, but the socket still answers a ping.
            await (await connection.ping())
            process.send_signal(signal.SIGINT)
            await connection.wait_closed()
            assert connection.close_code in (1001, 1012)
        await finish(process)


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
