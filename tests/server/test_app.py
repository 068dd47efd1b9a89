from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient, WebSocketDenialResponse, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect
from websockets.asyncio.client import connect

from agentrun.conversation.inputs import CallerLeft
from agentrun.engine.app import build_mounts
from agentrun.engine.driver import EngineParts
from agentrun.engine.http.switchboard import EngineOptions, Switchboard
from agentrun.engine.responders.script import ScriptedResponder
from agentrun.secret import Secret
from agentrun.server.app import STATIC, build_app
from agentrun.wire.json import JsonObject
from tests.engine.test_server import Ears
from tests.server.echo import EchoDesk, serve_desk

LOCAL = "http://127.0.0.1:8080"
WS = "ws://127.0.0.1:8080"


def open_client(desk: EchoDesk) -> TestClient:
    return TestClient(build_app(desk), base_url=LOCAL)


def test_health() -> None:
    answer = open_client(EchoDesk()).get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_readiness() -> None:
    desk = EchoDesk(max_calls=3)
    client = open_client(desk)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "message": "", "calls": 0, "max_calls": 3}
    desk.state = (False, "the engine is out of reach")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["message"]) == (503, "the engine is out of reach")
    desk.draining = True
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["message"]) == (503, "the server is shutting down")


def test_agents_are_listed_with_the_engine() -> None:
    body = open_client(EchoDesk()).get("/agents").json()
    assert body["engine"] == "echo engine, no key needed"
    assert body["agents"][0] == {
        "name": "echo",
        "description": "Says back what it hears.",
        "language": "en",
        "greeting": "Hello, this is the echo.",
        "tools": ["look_up", "book"],
        "variables": [],
    }
    assert body["agents"][2]["variables"] == [{"name": "member", "required": True, "secret": False}]


def test_the_page_and_all_it_names_are_there() -> None:
    client = open_client(EchoDesk())
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    for name in re.findall(r'(?:src|href)="(static/[^"]+)"', page.text):
        assert client.get("/" + name).status_code == 200


def test_the_page_needs_nothing_from_elsewhere() -> None:
    for file in Path(STATIC).iterdir():
        urls = re.findall(r"""["'(]((?:https?:)?//[^"')\s]+)""", file.read_text())
        assert not [url for url in urls if url != "http://www.w3.org/2000/svg"], file.name


def test_a_call_from_first_to_last_word() -> None:
    desk = EchoDesk()
    with open_client(desk).websocket_connect(WS + "/agents/echo/ws") as socket:
        socket.send_json({"type": "start", "variables": {}})
        assert socket.receive_json() == {"type": "started", "call": "c_1", "agent": "echo"}
        socket.send_json({"type": "text", "text": "bye"})
        kinds = [message["type"] if message else "audio" for message in receive_all(socket)]
    assert kinds[:2] == ["timing", "transcript"]
    assert kinds[-1] == "ended"


def receive_all(socket: WebSocketTestSession) -> Iterator[JsonObject | None]:
    """Yield JSON messages, and None for audio, until the server closes."""
    while (message := socket.receive())["type"] != "websocket.close":
        yield json.loads(message["text"]) if "text" in message else None


@pytest.mark.parametrize(
    ("path", "change", "status", "code"),
    [
        ("/agents/nobody/ws", {}, 404, "unknown_agent"),
        ("/agents/echo/ws", {"draining": True}, 503, "draining"),
        ("/agents/echo/ws", {"max_calls": 0}, 503, "busy"),
    ],
)
def test_calls_that_cannot_be_taken(path: str, change: JsonObject, status: int, code: str) -> None:
    client = open_client(EchoDesk(**change))
    with pytest.raises(WebSocketDenialResponse) as denied, client.websocket_connect(WS + path):
        pass
    assert (denied.value.status_code, denied.value.json()["code"]) == (status, code)


def test_a_call_is_tried_although_the_engine_was_out_of_reach() -> None:
    client = open_client(EchoDesk(state=(False, "no engine")))
    with client.websocket_connect(WS + "/agents/echo/ws") as socket:
        socket.send_json({"type": "start"})
        assert socket.receive_json()["type"] == "started"


@pytest.mark.parametrize(
    ("agent", "error"),
    [
        ("club", {"code": "AR101", "message": "`member` is missing", "hint": "give `member` at the start"}),
        (
            "offline",
            {"code": "link_failed", "message": "nobody listens at ws://127.0.0.1:1", "hint": "start it"},
        ),
    ],
)
def test_a_call_that_cannot_begin_is_explained(agent: str, error: JsonObject) -> None:
    with open_client(EchoDesk()).websocket_connect(f"{WS}/agents/{agent}/ws") as socket:
        socket.send_json({"type": "start"})
        assert socket.receive_json() == {"type": "error"} | error
        assert socket.receive_json()["reason"] == "error"
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
    assert closed.value.code == 1000


def test_a_bug_closes_with_1011() -> None:
    client = open_client(EchoDesk())
    with pytest.raises(ZeroDivisionError):  # the test client hands on what the application raised
        check_closed_with_1011(client)


def check_closed_with_1011(client: TestClient) -> None:
    with client.websocket_connect(WS + "/agents/broken/ws") as socket:
        socket.send_json({"type": "start"})
        assert socket.receive() == {"type": "websocket.close", "code": 1011, "reason": "internal error"}


def test_the_engine_is_mounted_only_if_there_is_one() -> None:
    def name_page(request: Request) -> Response:
        return PlainTextResponse(request.url.path)

    engine = [Mount("/v1", routes=[Route("/realtime", name_page)])]
    client = TestClient(build_app(EchoDesk(), token=Secret("t"), engine=engine), base_url=LOCAL)
    foreign = {"host": "example.com"}
    assert client.get("/v1/realtime", headers=foreign).text == "/v1/realtime"  # it has a guard of its own
    assert client.get("/agents", headers=foreign).status_code == 401
    assert open_client(EchoDesk()).get("/v1/realtime").status_code == 404


def test_the_token_is_the_key_of_the_engine() -> None:
    parts = EngineParts(ScriptedResponder([]), Ears())
    token = Secret("t")
    engine = build_mounts(Switchboard(parts, EngineOptions((token,), loopback_only=False)))
    client = TestClient(build_app(EchoDesk(), token=token, engine=engine), base_url="http://agents.example")
    path = "/v1/realtime/client_secrets"
    assert client.post(path).json()["error"]["code"] == "invalid_api_key"
    made = client.post(path, headers={"authorization": "Bearer t"})
    assert made.json()["value"].startswith("ek_")
    with_secret = {"authorization": f"Bearer {made.json()['value']}"}
    assert client.get("/agents", headers=with_secret).status_code == 401  # it opens the engine and no more


async def test_the_server_survives_all_that_a_caller_can_do() -> None:
    """Over a real socket: what TestClient hides (half-open connections, close codes) matters here."""
    desk = EchoDesk()
    with serve_desk(desk) as port:
        url = f"ws://127.0.0.1:{port}/agents/echo/ws"
        async with asyncio.timeout(20):
            async with connect(url) as socket:  # invalid UTF-8 in a text message
                await socket.send('{"type":"start"}')
                await socket.send(b"\xff\xfe", text=True)
                await socket.wait_closed()
                assert socket.close_code == 1007
            async with connect(url) as socket:  # gone in mid-word, without a close frame
                await socket.send('{"type":"start"}')
                await socket.send(bytes(960))
                await socket.recv()
                socket.transport.abort()
            async with connect(url) as socket:  # garbage of all kinds, then an ordinary call
                for data in ("", "{", "[]", b"\1", '{"type":"start","variables":3}'):
                    await socket.send(data)
                await socket.send('{"type":"start"}')
                await socket.send('{"type":"hang_up"}')
                kinds = [json.loads(one)["type"] async for one in socket if isinstance(one, str)]
                assert (kinds[0], kinds[-1]) == ("error", "ended")
    reasons = [one.reason for one in desk.seen if isinstance(one, CallerLeft)]
    assert sorted(reasons) == ["caller_hung_up", "caller_vanished", "caller_vanished"]
