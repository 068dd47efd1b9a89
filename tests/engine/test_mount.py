"""The engine as a route of a Starlette application."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from openai import AsyncOpenAI
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from agentrun.engine.driver import EngineParts
from agentrun.engine.mount import mount_engine
from agentrun.engine.responders.script import ScriptedResponder
from agentrun.engine.seams import Say
from agentrun.secret import Secret
from tests.engine.test_server import Ears, read_until


@contextlib.asynccontextmanager
async def open_app() -> AsyncIterator[int]:
    parts = EngineParts(ScriptedResponder([[Say("Hello.")]]), Ears(), 1000.0)
    route = WebSocketRoute("/v1/realtime", mount_engine(parts, keys=(Secret("secret"),)))
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=[route]), log_level="error", lifespan="off"))
    listener = socket.create_server(("127.0.0.1", 0))  # clients queue here until the server is up
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[listener]))
        yield listener.getsockname()[1]
        server.should_exit = True


async def test_official_client() -> None:
    async with open_app() as port:
        client = AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="secret")
        async with client, client.realtime.connect(model="gpt-realtime-2.1") as connection:
            await connection.response.create()
            done = (await read_until(connection, "response.done"))[-1]
    assert done.response.output[0].content[0].transcript == "Hello."


async def test_denials_and_subprotocol() -> None:
    async with open_app() as port:
        url = f"ws://127.0.0.1:{port}/v1/realtime"
        with pytest.raises(InvalidStatus) as refused:
            await connect(url, additional_headers={"api-key": "secret"}, proxy=None)
        assert refused.value.response.status_code == 400
        assert b"model" in (refused.value.response.body or b"")
        offered = [Subprotocol("realtime"), Subprotocol("openai-insecure-api-key.secret")]
        async with connect(url + "?model=m", subprotocols=offered, proxy=None) as connection:
            assert connection.subprotocol == "realtime"
            assert json.loads(await connection.recv())["session"]["model"] == "m"
