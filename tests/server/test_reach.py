"""Knocking at engines: real sockets, open and closed."""

from __future__ import annotations

import asyncio
import socket

from agentrun.link.endpoint import make_endpoint
from agentrun.server.reach import EngineWatch


async def test_an_engine_is_missed_and_found_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    watch = EngineWatch([make_endpoint(f"http://127.0.0.1:{port}/v1", "m", None)])
    await watch.knock()
    assert f"127.0.0.1:{port} is out of reach" in watch.failure
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port)
    async with server:
        await watch.knock()
    assert watch.failure == ""


async def test_a_failed_call_counts_until_the_next_knock() -> None:
    endpoint = make_endpoint("https://api.openai.com/v1", "m", None)
    watch = EngineWatch([endpoint])
    assert watch.failure == ""
    watch.note_failure(endpoint, "api.openai.com refuses the key (401)")
    assert watch.failure == "api.openai.com refuses the key (401)"


async def test_with_nothing_to_watch_it_ends() -> None:
    await EngineWatch([]).run()
