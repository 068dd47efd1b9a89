"""The HTTP API of simulated calls on a real socket, with the official client as the application."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from openai import AsyncOpenAI

from agentrun.audio import parse_wav, render_wav
from agentrun.engine.calls.order import MAX_BODY_BYTES
from agentrun.engine.driver import EngineParts
from agentrun.engine.http.switchboard import EngineOptions
from agentrun.engine.responders.script import ScriptedResponder
from agentrun.engine.server import listen
from agentrun.secret import Secret
from tests.engine.test_server import Ears


@contextlib.asynccontextmanager
async def open_engine(key: str = "", **options: Any) -> AsyncIterator[tuple[httpx.AsyncClient, AsyncOpenAI]]:
    parts = EngineParts(ScriptedResponder([]), Ears(), 1_000)
    keys = (Secret(key),) if key else ()
    async with listen(parts, port=0, options=EngineOptions(keys, **options)) as port:
        url = f"http://127.0.0.1:{port}"
        async with (
            httpx.AsyncClient(base_url=url) as caller,
            AsyncOpenAI(base_url=f"{url}/v1", api_key=key or "any", max_retries=0) as application,
        ):
            yield caller, application


async def test_a_call_is_begun_shown_and_ended() -> None:
    async with open_engine() as (caller, application):
        begun = await caller.post("/simulate/calls", json={"say": ["Hello."], "from": "+4930123"})
        assert begun.status_code == 201
        call_id = begun.json()["call_id"]
        path = begun.headers["location"]
        assert path == f"/simulate/calls/{call_id}"
        assert (await caller.get(path)).json() == {
            "call_id": call_id,
            "status": "ringing",
            "reason": None,
            "sip_status": None,
            "refer_to": None,
            "webhook": {"state": "none"},
            "transcript": [],
            "audio_ms": 0,
        }
        await application.realtime.calls.accept(call_id, type="realtime", model="gpt-realtime-2.1")
        async with application.realtime.connect(call_id=call_id) as sideband:
            assert (await caller.get(path)).json()["status"] == "live"
            assert (await caller.post(f"{path}/hangup")).status_code == 200
            assert [event async for event in sideband] == []
        seen = (await caller.get(path)).json()
        assert (seen["status"], seen["reason"], seen["sip_status"]) == ("ended", "caller_left", 200)
        sound = await caller.get(f"{path}/audio.wav")
        assert sound.headers["content-type"] == "audio/wav"
        assert parse_wav(sound.content).rate_hz == 8_000


async def test_what_an_application_does_is_shown() -> None:
    async with open_engine() as (caller, application):
        paths = [(await caller.post("/simulate/calls", json={})).headers["location"] for _ in range(3)]
        rejected, referred, ended = (path.rpartition("/")[2] for path in paths)
        await application.realtime.calls.reject(rejected, status_code=486)
        for call_id in referred, ended:
            await application.realtime.calls.accept(call_id, type="realtime", model="gpt-realtime-2.1")
        await application.realtime.calls.refer(referred, target_uri="tel:+4930123")
        await application.realtime.calls.hangup(ended)
        seen = [(await caller.get(path)).json() for path in paths]
        assert [(it["status"], it["sip_status"], it["refer_to"]) for it in seen] == [
            ("rejected", 486, None),
            ("referred", 200, "tel:+4930123"),
            ("ended", 200, None),
        ]


async def test_a_call_that_nobody_accepts_ends() -> None:
    async with open_engine(ring_limit_s=0) as (caller, _):
        path = (await caller.post("/simulate/calls", json={})).headers["location"]
        seen = (await caller.get(path)).json()
        assert (seen["status"], seen["reason"], seen["sip_status"]) == ("ended", "not_answered", 480)


async def test_who_may_dial() -> None:
    async with open_engine("sk-test") as (caller, application):
        assert (await caller.post("/simulate/calls", json={})).status_code == 401
        secret = await application.realtime.client_secrets.create()
        headers = {"authorization": f"Bearer {secret.value}"}
        refused = await caller.post("/simulate/calls", json={}, headers=headers)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "insufficient_permissions")
        headers = {"authorization": "Bearer sk-test"}
        begun = await caller.post("/simulate/calls", json={}, headers=headers)
        assert begun.status_code == 201
        path = begun.headers["location"]
        assert (await caller.get(path)).status_code == 401
        assert (await caller.get(f"{path}/audio.wav")).status_code == 401
        assert (await caller.post(f"{path}/hangup")).status_code == 401
    async with open_engine() as (caller, _):
        foreign = await caller.post("/simulate/calls", json={}, headers={"origin": "https://example.com"})
        assert (foreign.status_code, foreign.json()["error"]["code"]) == (403, "wrong_origin")


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        (b'{"say": "Hello."}', 400, "say"),
        (b'{"wav": "AAAA"}', 400, "wav"),
        (b"[]", 400, None),
        (b" " * (MAX_BODY_BYTES + 1), 413, None),
    ],
)
async def test_what_is_refused(body: bytes, status: int, param: str | None) -> None:
    async with open_engine() as (caller, _):
        refused = await caller.post("/simulate/calls", content=body)
        assert (refused.status_code, refused.json()["error"]["param"]) == (status, param)


async def test_long_recordings_fit() -> None:
    wav = base64.b64encode(render_wav(bytes(2 * 16_000 * 290), 16_000)).decode()
    async with open_engine() as (caller, _):
        begun = await caller.post("/simulate/calls", json={"wav": wav})
        assert begun.status_code == 201


async def test_unknown_calls() -> None:
    async with open_engine() as (caller, _):
        for method, path in ("GET", ""), ("GET", "/audio.wav"), ("POST", "/hangup"):
            answer = await caller.request(method, f"/simulate/calls/rtc_none{path}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "call_id_not_found")
