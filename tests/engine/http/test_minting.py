"""Client secrets: what is asked for, what is answered, what a session with one begins with."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from openai import AsyncOpenAI
from openai.types.realtime import ClientSecretCreateResponse
from starlette.testclient import TestClient
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from agentrun.engine.app import build_app
from agentrun.engine.http import client_secrets
from agentrun.engine.http.switchboard import Switchboard
from agentrun.wire.json import JsonObject
from tests.engine.test_app import make_board, open_client, serve

PATH = "/v1/realtime/client_secrets"
SESSION = {
    "type": "realtime",
    "model": "gpt-realtime",
    "instructions": "You are an order desk.",
    "tools": [
        {"type": "mcp", "server_label": "shop", "server_url": "http://127.0.0.1:9", "authorization": "s3"}
    ],
    "audio": {"output": {"voice": "cedar"}},
}


class Clock:
    """Unix time as a test wants it."""

    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


def make_timed_board() -> tuple[Switchboard, Clock]:
    clock = Clock()
    plain = make_board()
    return Switchboard(plain.parts, plain.options, now_s=clock), clock


def mint(client: TestClient, **body: Any) -> JsonObject:
    answer = client.post(PATH, json=body)
    assert answer.status_code == 200, answer.text
    reply: JsonObject = answer.json()
    return reply


@pytest.mark.parametrize("session", [None, {"type": "realtime"}, SESSION])
def test_reply_is_as_the_official_types_have_it(session: JsonObject | None) -> None:
    board, clock = make_timed_board()
    reply = mint(open_client(board), **({"session": session} if session else {}))
    ClientSecretCreateResponse.model_validate(reply, strict=True)
    assert reply["value"].startswith("ek_")
    assert reply["expires_at"] == clock.now_s + 600
    shown = reply["session"]
    assert (shown["object"], shown["expires_at"]) == ("realtime.session", 0)
    assert shown["id"].startswith("sess_")
    assert shown["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": 24000}
    assert "s3" not in json.dumps(reply)


def test_reply_for_a_transcription_session() -> None:
    transcription = {"model": "gpt-4o-transcribe", "language": "en"}
    given = {"type": "transcription", "audio": {"input": {"transcription": transcription}}}
    reply = mint(open_client(make_board()), session=given)
    ClientSecretCreateResponse.model_validate(reply, strict=True)
    shown = reply["session"]
    assert (shown["object"], shown["expires_at"]) == ("realtime.transcription_session", 0)
    assert shown["audio"]["input"]["transcription"] == {**transcription, "prompt": None}
    assert shown["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 500


def test_settings_of_the_secret_fill_the_session() -> None:
    shown = mint(open_client(make_board()), session=SESSION)["session"]
    assert shown["model"] == "gpt-realtime"
    assert shown["instructions"] == "You are an order desk."
    assert shown["audio"]["output"]["voice"] == "cedar"
    assert shown["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 200  # as that model has it


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"expires_after": {"seconds": 9}}, "invalid_value", "expires_after.seconds"),
        ({"expires_after": {"seconds": 7201}}, "invalid_value", "expires_after.seconds"),
        ({"expires_after": {"seconds": "600"}}, "invalid_type", "expires_after.seconds"),
        ({"expires_after": {"seconds": True}}, "invalid_type", "expires_after.seconds"),
        ({"expires_after": {"anchor": "now"}}, "invalid_value", "expires_after.anchor"),
        ({"expires_after": {"until": 1}}, "unknown_parameter", "expires_after.until"),
        ({"expires_after": 600}, "invalid_type", "expires_after"),
        ({"session": []}, "invalid_type", "session"),
        ({"session": {"model": "m"}}, "missing_required_parameter", "session.type"),
        ({"session": {"type": "opera"}}, "invalid_value", "session.type"),
        ({"session": {"type": "realtime", "model": 5}}, "invalid_type", "session.model"),
        ({"session": {"type": "realtime", "voice": "ash"}}, "unknown_parameter", "session.voice"),
        (
            {"session": {"type": "realtime", "audio": {"output": {"speed": 9}}}},
            "invalid_value",
            "session.audio.output.speed",
        ),
        ({"sesion": {}}, "unknown_parameter", "sesion"),
        ({"session": {"type": "transcription", "model": "m"}}, "unknown_parameter", "session.model"),
        (
            {"session": {"type": "transcription", "audio": {"output": {}}}},
            "unknown_parameter",
            "session.audio.output",
        ),
    ],
)
def test_wrong_bodies(body: JsonObject, code: str, param: str) -> None:
    answer = open_client(make_board()).post(PATH, json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, code, param)
    assert error["type"] == "invalid_request_error"
    assert error["message"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "invalid_json"),
        (b"[]", 400, "invalid_json"),
        (b"\xff", 400, "invalid_json"),
        (b'{"session":' + b"[" * 100_000, 400, "invalid_json"),
        (b'{"session":{"instructions":"\\ud800"}}', 400, "invalid_json"),
        (b'{"session":{"instructions":NaN}}', 400, "invalid_json"),
        (b'"' + b"x" * 1024 * 1024 + b'"', 413, "request_too_large"),
    ],
)
def test_bodies_that_are_no_json_or_too_long(body: bytes, status: int, code: str) -> None:
    answer = open_client(make_board()).post(PATH, content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_an_empty_body_will_do() -> None:
    assert open_client(make_board()).post(PATH).json()["session"]["model"] == "gpt-realtime-2.1"


def test_path_and_key_of_azure() -> None:
    client = open_client(make_board("right"))
    answer = client.post(f"/openai{PATH}", headers={"api-key": "right"})
    assert (answer.status_code, answer.json()["value"][:3]) == (200, "ek_")


def test_wrong_method() -> None:
    answer = open_client(make_board()).get(PATH)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_a_secret_makes_no_other() -> None:
    client = open_client(make_board())
    value = mint(client)["value"]
    answer = client.post(PATH, headers={"authorization": f"Bearer {value}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


def test_number_and_size_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    board, clock = make_timed_board()
    client = open_client(board)
    monkeypatch.setattr(client_secrets, "MAX_SECRETS", 2)
    first, _ = mint(client), mint(client)
    answer = client.post(PATH)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
    clock.now_s = first["expires_at"]
    assert mint(client)["value"]
    assert len(board.client_secrets) == 1
    monkeypatch.setattr(client_secrets, "MAX_STORED_CHARS", 100)
    assert client.post(PATH, json={"session": SESSION}).status_code == 429


def test_a_secret_does_not_print_itself() -> None:
    board = make_board()
    value = mint(open_client(board), session=SESSION)["value"]
    found = board.client_secrets.find(value, board.now_s())
    assert found is not None
    assert value not in repr(found)
    assert "s3" not in repr(found)


def test_reply_goes_to_a_browser() -> None:
    client = open_client(make_board("right"))
    asked = {"origin": "https://shop.example", "access-control-request-headers": "authorization,content-type"}
    preflight = client.options(PATH, headers={**asked, "access-control-request-method": "POST"})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-headers"] == "authorization,content-type"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    answer = client.post(PATH, headers={"origin": "https://shop.example", "authorization": "Bearer right"})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    exposed = answer.headers["access-control-expose-headers"]
    assert {"Location", "X-Request-Id"} <= set(exposed.split(", "))
    refused = client.post(PATH, headers={"origin": "https://shop.example"})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "*")


async def test_sessions_begin_with_what_the_secret_says() -> None:
    board, clock = make_timed_board()
    async with serve(build_app(board)) as place:
        url = f"http://{place}/v1"
        async with AsyncOpenAI(base_url=url, api_key="sk") as official:
            made = await official.realtime.client_secrets.create(
                expires_after={"anchor": "created_at", "seconds": 10},
                session=SESSION,  # type: ignore[arg-type]
                extra_headers={"OpenAI-Safety-Identifier": "hash"},
            )
        assert made.expires_at == clock.now_s + 10
        socket_url = f"ws://{place}/v1/realtime"
        bearer = {"authorization": f"Bearer {made.value}"}
        offered = [Subprotocol("realtime"), Subprotocol(f"openai-insecure-api-key.{made.value}")]
        async with (
            connect(f"{socket_url}?model=gpt-realtime-2.1", additional_headers=bearer, proxy=None) as named,
            connect(socket_url, subprotocols=offered, proxy=None) as plain,
        ):
            session = json.loads(await named.recv())["session"]
            assert (session["model"], session["instructions"]) == (
                "gpt-realtime-2.1",
                "You are an order desk.",
            )
            assert json.loads(await plain.recv())["session"]["model"] == "gpt-realtime"
            clock.now_s += 10  # the secret dies; the sessions do not
            with pytest.raises(InvalidStatus) as refused:
                await connect(socket_url, additional_headers=bearer, proxy=None)
            assert refused.value.response.status_code == 401
            await plain.send('{"type":"input_audio_buffer.clear"}')
            while json.loads(await plain.recv())["type"] != "input_audio_buffer.cleared":
                pass


async def test_a_preset_that_does_not_suit_the_model_asked_for() -> None:
    async with serve(build_app(make_board())) as place:
        preset = {"type": "realtime", "reasoning": {"effort": "low"}}
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(f"http://{place}{PATH}", json={"session": preset})
        bearer = {"authorization": f"Bearer {answer.json()['value']}"}
        with pytest.raises(InvalidStatus) as refused:
            await connect(
                f"ws://{place}/v1/realtime?model=gpt-realtime", additional_headers=bearer, proxy=None
            )
        error = json.loads(refused.value.response.body or b"")["error"]
        assert (refused.value.response.status_code, error["param"]) == (400, "session.reasoning")
