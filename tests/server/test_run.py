from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

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
