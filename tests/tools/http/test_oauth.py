from __future__ import annotations

import asyncio
import base64
from functools import partial
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.secret import Secret
from agentrun.tools.call import CodedFailure
from agentrun.tools.http.answer import Answer
from agentrun.tools.http.connections import HttpConnections
from agentrun.tools.http.oauth import MOST_TOKENS, TokenCache, make_token_request, read_token
from agentrun.tools.http.request import ClientCredentials, Request
from agentrun.tools.http.runner import HttpRunner
from tests.tools.conftest import RecordingCall, run_one
from tests.tools.http.kit import Heard, Wire, bind, open_wire, reply

WHO = ClientCredentials("https://login.example/token", "desk", "canary")


def grant(text: str, lasts_s: Any = 3600) -> Answer:
    return Answer(200, {"access_token": text, "token_type": "Bearer", "expires_in": lasts_s})


class Login:
    """Gives tokens, when it is let."""

    def __init__(self, *answers: Answer) -> None:
        self.asked = 0
        self.answers = list(answers)
        self.open = asyncio.Event()
        self.open.set()

    async def send(self, _request: Request) -> Answer:
        self.asked += 1
        await self.open.wait()
        return self.answers.pop(0)


async def test_a_token_is_asked_for_once_however_many_need_it() -> None:
    login = Login(grant("t1"))
    login.open.clear()
    cache = TokenCache(login.send)
    waiting = [asyncio.create_task(cache.get(WHO)) for _ in range(20)]
    await asyncio.sleep(0)
    waiting[0].cancel()  # one caller hangs up; the others still get theirs
    await asyncio.sleep(0)
    login.open.set()
    told = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(told[0], asyncio.CancelledError)
    assert told[1:] == ["t1"] * 19
    assert await cache.get(WHO) == "t1"
    assert login.asked == 1


async def test_a_token_is_renewed_a_little_before_it_runs_out() -> None:
    now_s = [0.0]
    login = Login(grant("t1", 100), grant("t2", "100"))
    cache = TokenCache(login.send, lambda: now_s[0])
    for moment, token in ((0.0, "t1"), (89.0, "t1"), (90.0, "t2"), (179.0, "t2")):
        now_s[0] = moment
        assert await cache.get(WHO) == token


async def test_a_token_that_was_refused_is_dropped_once() -> None:
    login = Login(grant("t1"), grant("t2"))
    cache = TokenCache(login.send)
    first = await cache.get(WHO)
    cache.drop(WHO, first)
    assert await cache.get(WHO) == "t2"
    cache.drop(WHO, first)  # a second tool learns it late
    assert await cache.get(WHO) == "t2"
    assert login.asked == 2


async def test_a_failure_is_not_kept_and_says_nothing_secret(caplog: pytest.LogCaptureFixture) -> None:
    refusal = Answer(401, {"error": "invalid_client", "error_description": "canary is wrong"})
    login = Login(refusal, grant("t1"))
    cache = TokenCache(login.send)
    with pytest.raises(CodedFailure) as caught:
        await cache.get(WHO)
    assert (caught.value.code, str(caught.value)) == (
        "auth_failed",
        "`login.example` gave no permission to use the service.",
    )
    assert 'status 401, "invalid_client"' in caplog.text
    assert "canary" not in caplog.text + repr(WHO) + repr(make_token_request(WHO)) + repr(
        read_token(grant("canary"), 0)
    )
    assert await cache.get(WHO) == "t1"


async def test_tokens_are_kept_for_so_many_clients_only() -> None:
    async def send(_request: Request) -> Answer:
        return grant("t")

    cache = TokenCache(send)
    for number in range(MOST_TOKENS + 1):
        await cache.get(ClientCredentials("https://a.example/", str(number), "s"))
    assert len(cache._tokens) == MOST_TOKENS


async def test_closing_ends_what_is_being_fetched() -> None:
    login = Login()
    login.open.clear()
    cache = TokenCache(login.send)
    waiting = asyncio.create_task(cache.get(WHO))
    await asyncio.sleep(0)
    await cache.aclose()
    with pytest.raises(asyncio.CancelledError):
        await waiting


def test_how_a_token_is_asked_for() -> None:
    request = make_token_request(ClientCredentials("https://a.example/t", "a:b", "c d", "read write", "shop"))
    assert parse_qs(request.content.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["read write"],
        "audience": ["shop"],
    }
    headers = dict(request.headers)
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"a%3Ab:c+d"
    inside = make_token_request(ClientCredentials("https://a.example/t", "a:b", "c d", in_body=True))
    assert parse_qs(inside.content.decode())["client_secret"] == ["c d"]
    assert "Authorization" not in dict(inside.headers)


BAD = [
    Answer(200, {}),
    Answer(200, "token"),
    Answer(200, {"access_token": ""}),
    Answer(200, {"access_token": 5}),
    Answer(200, {"access_token": "a\r\nX: y"}),
    Answer(200, {"access_token": "a", "token_type": "mac"}),
    Answer(200, {"access_token": "a", "token_type": None}),
    Answer(500, {"access_token": "a"}),
    Answer(200, {"access_token": "a"}, fault="cut"),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_what_is_no_token(number: int) -> None:
    with pytest.raises(ValueError):
        read_token(BAD[number], 0)


@given(st.integers(0, 10**6), st.floats(0, 10**6))
def test_a_token_is_never_used_to_its_very_end(lasts_s: int, now_s: float) -> None:
    until_s = read_token(grant("t", lasts_s), now_s).until_s
    assert until_s is not None
    assert now_s <= until_s <= now_s + lasts_s
    assert read_token(grant("t", None), now_s).until_s is None


class Service:
    """A service and its login on one socket; `good` is the token that it takes."""

    def __init__(self) -> None:
        self.good = "t1"
        self.given = 0

    async def handle(self, heard: Heard, writer: asyncio.StreamWriter) -> None:
        if heard.path == "/token":
            self.given += 1
            body = {"access_token": f"t{self.given}", "token_type": "bearer", "expires_in": 3600}
            writer.write(reply(200, body))
        elif heard.headers.get("authorization") == f"Bearer {self.good}":
            writer.write(reply(200, {"fine": True}))
        else:
            writer.write(reply(401, {"error": "expired"}))


def with_login(wire: Wire) -> dict[str, Any]:
    login = {"token_url": f"{wire.url}/token", "client_id": "desk", "client_secret": Secret("canary")}
    return {"oauth2": {**login, "scope": "tickets"}}


async def test_calls_share_a_token_and_renew_it_once() -> None:
    service = Service()
    async with open_wire(service.handle) as wire, HttpConnections() as web:
        runners = {"http": partial(HttpRunner, web)}
        binding = bind(f"{wire.url}/orders", "write", auth=with_login(wire))
        for good in ("t1", "t1", "t2"):
            service.good = good
            told = await run_one(binding, {}, RecordingCall(), runners=runners)
            assert told.outcome == "ok"
        service.good = "another"
        told = await run_one(binding, {}, RecordingCall(), runners=runners)
    assert (told.outcome, told.code) == ("failed", "http_401")
    orders = [heard.headers["authorization"] for heard in wire.heard if heard.path == "/orders"]
    assert orders == [f"Bearer t{number}" for number in (1, 1, 1, 2, 2, 3)]
    assert service.given == 3


async def test_no_token_no_request(caplog: pytest.LogCaptureFixture) -> None:
    async def refuse(heard: Heard, writer: asyncio.StreamWriter) -> None:
        assert heard.path == "/token"
        writer.write(reply(400, {"error": "invalid_scope"}))

    caplog.set_level("DEBUG", "agentrun")
    async with open_wire(refuse) as wire:
        told = await run_one(bind(f"{wire.url}/o", "write", auth=with_login(wire)), {}, RecordingCall())
    assert (told.outcome, told.code) == ("failed", "auth_failed")
    assert len(wire.heard) == 1
    assert "canary" not in caplog.text + str(told)
