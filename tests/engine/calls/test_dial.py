"""A whole telephone call: an application with the official client, told by a webhook, and a caller."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.webhooks import RealtimeCallIncomingWebhookEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agentrun.asgi import open_listener, run_asgi
from agentrun.audio import parse_wav
from agentrun.engine.calls.simulations import Simulations
from agentrun.engine.calls.webhook import Messenger, parse_endpoint
from agentrun.engine.driver import EngineParts
from agentrun.engine.faults import parse_faults
from agentrun.engine.http.switchboard import EngineOptions, Switchboard
from agentrun.engine.responders.rehearsal import RehearsalResponder
from agentrun.engine.responders.script import ScriptedResponder
from agentrun.engine.server import listen, serve_board
from agentrun.wire.json import JsonObject
from tests.engine.test_server import Ears

SECRET = "whsec_" + base64.b64encode(b"a secret of tests").decode()
GREETING = "Hello, this is Harbour Books. How can I help?"
TOOL: Any = {
    "type": "function",
    "name": "lookup_order",
    "description": "Look up the status of an order.",
    "parameters": {
        "type": "object",
        "properties": {"order_id": {"type": "string", "pattern": "^[A-Z][0-9]{4}$"}},
        "required": ["order_id"],
    },
}
PACE = 10
PATIENCE = {"greeting_ms": 30_000, "settle_ms": 3_000, "answer_ms": 20_000}


class Desk:
    """The application: takes webhooks, accepts calls, greets, and looks orders up."""

    def __init__(self) -> None:
        self.client: AsyncOpenAI | None = None
        self.incoming: list[RealtimeCallIncomingWebhookEvent] = []
        self.events: list[str] = []
        self.keys: list[str] = []
        self._answering = asyncio.TaskGroup()

    async def take_webhook(self, request: Request) -> Response:
        assert self.client is not None
        event = self.client.webhooks.unwrap(await request.body(), request.headers)
        assert isinstance(event, RealtimeCallIncomingWebhookEvent)
        self.incoming.append(event)
        if len(self.incoming) == 1:  # the first attempt is lost on our side
            return Response(status_code=503)
        await self.client.realtime.calls.accept(
            event.data.call_id,
            type="realtime",
            model="gpt-realtime-2.1",
            instructions="You are an order desk.",
            tools=[TOOL],
        )
        self._answering.create_task(self._answer(self.client, event.data.call_id))
        return Response()

    async def _answer(self, client: AsyncOpenAI, call_id: str) -> None:
        async with client.realtime.connect(call_id=call_id) as sideband:
            await sideband.response.create(response={"instructions": f'Say exactly: "{GREETING}"'})
            async for event in sideband:
                self.events.append(event.type)
                if event.type == "input_audio_buffer.dtmf_event_received":
                    self.keys.append(event.event)
                if event.type == "response.output_item.done" and event.item.type == "function_call":
                    assert json.loads(event.item.arguments or "") == {"order_id": "A1001"}
                    await self._return(sideband, event.item.call_id or "")

    async def _return(self, sideband: AsyncRealtimeConnection, call_id: str) -> None:
        output = json.dumps({"status": "shipped"})
        await sideband.conversation.item.create(
            item={"type": "function_call_output", "call_id": call_id, "output": output}
        )
        await sideband.response.create()

    @contextlib.asynccontextmanager
    async def run(self) -> AsyncIterator[str]:
        routes = [Route("/hook", self.take_webhook, methods=["POST"])]
        with open_listener("127.0.0.1", 0) as listener:
            async with run_asgi(Starlette(routes=routes), listener), self._answering:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook"


@contextlib.asynccontextmanager
async def run_engine(webhook_url: str) -> AsyncIterator[str]:
    board = Switchboard(EngineParts(RehearsalResponder(), Ears(), 1_000))
    messenger = Messenger(parse_endpoint(webhook_url, SECRET), pauses=lambda: iter([0.0] * 5))
    board.simulations = Simulations(board.calls, board.parts.speech, messenger, pace=PACE)
    async with serve_board(board, "127.0.0.1", 0) as port:
        yield f"http://127.0.0.1:{port}"


async def follow(caller: httpx.AsyncClient, path: str) -> JsonObject:
    async with asyncio.timeout(40):
        while True:
            state: JsonObject = (await caller.get(path)).json()
            if state["reason"] is not None:
                return state


@pytest.mark.slow
async def test_a_call_from_the_webhook_to_the_last_word() -> None:
    desk = Desk()
    async with desk.run() as hook, run_engine(hook) as url:
        client = AsyncOpenAI(base_url=f"{url}/v1", api_key="any", webhook_secret=SECRET)
        desk.client = client
        async with client, httpx.AsyncClient(base_url=url) as caller:
            steps = [{"say": "Where is my order A1001?"}, {"dtmf": "5#"}]
            body = {"steps": steps, "headers": {"X-Tenant": "a"}, "patience": PATIENCE}
            path = (await caller.post("/simulate/calls", json=body)).headers["location"]
            seen = await follow(caller, path)
            sound = parse_wav((await caller.get(f"{path}/audio.wav")).content)
    assert (seen["reason"], seen["webhook"]) == ("caller_left", {"state": "delivered", "attempts": 2})
    assert [event.id for event in desk.incoming] == [desk.incoming[0].id] * 2
    headers = {header.name: header.value for header in desk.incoming[0].data.sip_headers}
    assert headers["X-Tenant"] == "a"
    said = [(line["role"], line["text"]) for line in seen["transcript"]]
    assert said[:2] == [("agent", GREETING), ("caller", "Where is my order A1001?")]
    assert said[2][0] == "agent"
    assert "shipped" in said[2][1]
    assert said[3:] == [("caller", "[keys 5#]")]
    assert desk.keys == ["5", "#"]
    assert "session.created" not in desk.events
    assert "response.output_audio.delta" not in desk.events
    assert desk.events.count("output_audio_buffer.started") == desk.events.count(
        "output_audio_buffer.stopped"
    )
    assert len(sound.pcm) == 16 * seen["audio_ms"]


@pytest.mark.parametrize(
    ("faults", "state"), [("webhook: lose", "failed"), ("webhook: delay 15s", "sending")]
)
async def test_faults_of_webhooks(faults: str, state: str) -> None:
    endpoint = parse_endpoint("http://127.0.0.1:1/hook", SECRET)
    options = EngineOptions(faults=parse_faults(faults), webhook=endpoint)
    async with (
        listen(EngineParts(ScriptedResponder([]), Ears()), port=0, options=options) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as caller,
    ):
        path = (await caller.post("/simulate/calls", json={})).headers["location"]
        seen = (await caller.get(path)).json()
        assert (seen["status"], seen["webhook"]) == ("ringing", {"state": state})
