"""The engine's routes, alone and inside another application."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Mapping

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.types import ASGIApp
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from agentrun.asgi import open_listener, run_asgi
from agentrun.engine.app import build_app, build_mounts
from agentrun.engine.driver import EngineParts
from agentrun.engine.http.switchboard import EngineOptions, Switchboard
from agentrun.engine.responders.script import ScriptedResponder
from agentrun.secret import Secret
from agentrun.wire.json import JsonObject
from tests.engine.test_server import Ears

LOCAL = "http://127.0.0.1:8765"
URL = "ws://127.0.0.1:8765/v1/realtime?model=m"


def make_board(*keys: str, **options: int) -> Switchboard:
    parts = EngineParts(ScriptedResponder([]), Ears(), 1000.0)
    return Switchboard(parts, EngineOptions(tuple(map(Secret, keys)), **options))  # type: ignore[arg-type]


def open_client(board: Switchboard) -> TestClient:
    return TestClient(build_app(board), base_url=LOCAL)


@contextlib.asynccontextmanager
async def serve(app: ASGIApp) -> AsyncIterator[str]:
    """Serve on a free port; yields where."""
    with open_listener("127.0.0.1", 0) as listener:
        async with run_asgi(app, listener):
            yield f"127.0.0.1:{listener.getsockname()[1]}"


async def open_session(url: str, headers: Mapping[str, str] | None = None) -> JsonObject:
    """Connect and return the session, as `session.created` shows it."""
    async with connect(url, additional_headers=headers, proxy=None) as socket:
        created: JsonObject = json.loads(await socket.recv())
        return created["session"]  # type: ignore[no-any-return]


async def test_paths_of_a_session() -> None:
    async with serve(build_app(make_board())) as place:
        for path in ("/v1/realtime", "/v1/realtime/", "/openai/v1/realtime"):
            assert (await open_session(f"ws://{place}{path}?model=m"))["model"] == "m"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "unknown_url"),
        ("POST", "/v1/realtime/sessions", 404, "unknown_url"),
        ("GET", "/v1/realtime", 426, "upgrade_required"),
        ("DELETE", "/v1/realtime", 405, "method_not_supported"),
    ],
)
def test_errors_have_the_shape_of_the_api(method: str, path: str, status: int, code: str) -> None:
    answer = open_client(make_board()).request(method, path)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert (set(error), error["code"]) == ({"message", "type", "code", "param"}, code)
    assert answer.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize(
    ("query", "status", "param"),
    [
        ("", 400, "model"),
        ("?intent=unheard", 400, "intent"),
        ("?call_id=rtc_1", 404, ""),
        ("?model=m&call_id=rtc_1", 400, "call_id"),
    ],
)
def test_handshakes_that_are_refused(query: str, status: int, param: str) -> None:
    with (
        pytest.raises(WebSocketDenialResponse) as denied,
        open_client(make_board()).websocket_connect(f"ws://127.0.0.1:8765/v1/realtime{query}"),
    ):
        pass
    assert denied.value.status_code == status
    assert denied.value.json()["error"]["param"] == param
    assert denied.value.headers["x-request-id"].startswith("req_")


async def test_no_more_sessions_than_there_are_places() -> None:
    async with serve(build_app(make_board(max_sessions=1))) as place:
        url = f"ws://{place}/v1/realtime?model=m"
        async with connect(url, proxy=None) as first:
            await first.recv()
            with pytest.raises(InvalidStatus) as denied:
                await connect(url, proxy=None)
            response = denied.value.response
            assert (response.status_code, int(response.headers["retry-after"])) == (429, 5)
            assert json.loads(response.body or b"")["error"]["code"] == "rate_limit_exceeded"
        assert (await open_session(url))["model"] == "m"


async def test_inside_another_application() -> None:
    own = Route("/", lambda _: PlainTextResponse("mine"))
    async with serve(Starlette(routes=[own, *build_mounts(make_board())])) as place:
        assert (await open_session(f"ws://{place}/v1/realtime?model=m"))["model"] == "m"
        async with httpx.AsyncClient(base_url=f"http://{place}", trust_env=False) as client:
            assert (await client.get("/")).text == "mine"
            assert (await client.get("/v1/nothing")).json()["error"]["code"] == "unknown_url"


async def test_keys_that_are_let_in() -> None:
    async with serve(build_app(make_board("other", "right"))) as place:
        url = f"ws://{place}/v1/realtime?model=m"
        assert await open_session(url, {"authorization": "Bearer right"})
        assert await open_session(url, {"api-key": "right"})
        offered = [Subprotocol("realtime"), Subprotocol("openai-insecure-api-key.right")]
        async with connect(url, subprotocols=offered, proxy=None) as socket:
            assert socket.subprotocol == "realtime"
            assert socket.response is not None
            assert socket.response.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize("headers", [{"authorization": "Bearer wrong"}, {"authorization": "Basic right"}, {}])
def test_keys_that_are_not(headers: dict[str, str]) -> None:
    client = open_client(make_board("other", "right"))
    with pytest.raises(WebSocketDenialResponse) as denied, client.websocket_connect(URL, headers=headers):
        pass
    assert denied.value.status_code == 401
    assert denied.value.json()["error"]["code"] == "invalid_api_key"
