"""Webhooks, verified by the official client and delivered to a real HTTP server."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import InvalidWebhookSignatureError, OpenAI
from openai.types.webhooks import RealtimeCallIncomingWebhookEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agentrun.asgi import open_listener, run_asgi
from agentrun.engine.calls.webhook import (
    LONGEST_PAUSE_S,
    Endpoint,
    Messenger,
    make_headers,
    parse_endpoint,
    plan_pauses,
    render_incoming,
)
from agentrun.engine.faults.plan import Delivery
from agentrun.secret import Secret

SECRET = "whsec_" + base64.b64encode(b"a secret of tests").decode()
SIP_HEADERS = [("From", "sip:+4930123@carrier"), ("To", "sip:desk@example"), ("X-Tenant", "Köln")]
BODY = render_incoming("evt_1", "rtc_1", SIP_HEADERS, 1_790_000_000)


@cache
def make_client() -> OpenAI:
    return OpenAI(api_key="any")


def unwrap(headers: dict[str, str], body: bytes, secret: str = SECRET) -> RealtimeCallIncomingWebhookEvent:
    event = make_client().webhooks.unwrap(body, headers, secret=secret)
    assert isinstance(event, RealtimeCallIncomingWebhookEvent)
    return event


@pytest.mark.parametrize("secret", [SECRET, "just a text"])
def test_the_official_client_takes_it(secret: str) -> None:
    headers = make_headers(Secret(secret), "wh_1", int(time.time()), BODY)
    event = unwrap(headers, BODY, secret)
    assert (event.id, event.type, event.created_at) == ("evt_1", "realtime.call.incoming", 1_790_000_000)
    assert event.data.call_id == "rtc_1"
    assert [(header.name, header.value) for header in event.data.sip_headers] == SIP_HEADERS
    assert headers["user-agent"] == "OpenAI/1.0"


@given(data=st.data())
def test_a_changed_byte_is_noticed(data: st.DataObject) -> None:
    headers = make_headers(Secret(SECRET), "wh_1", int(time.time()), BODY)
    at = data.draw(st.integers(0, len(BODY) - 1))
    other = data.draw(st.integers(0, 127).filter(lambda byte: byte != BODY[at]))
    changed = BODY[:at] + bytes([other]) + BODY[at + 1 :]
    with pytest.raises(InvalidWebhookSignatureError):
        unwrap(headers, changed)


def test_another_secret_and_an_old_signature_are_noticed() -> None:
    headers = make_headers(Secret(SECRET), "wh_1", int(time.time()) - 400, BODY)
    with pytest.raises(InvalidWebhookSignatureError):
        unwrap(headers, BODY)
    with pytest.raises(InvalidWebhookSignatureError):
        unwrap(make_headers(Secret("other"), "wh_1", int(time.time()), BODY), BODY)


@pytest.mark.parametrize(
    ("url", "secret", "message"),
    [
        ("ftp://host/hook", SECRET, "is not an HTTP address"),
        ("localhost:8000", SECRET, "is not an HTTP address"),
        ("http://127.0.0.1:99999/hook", SECRET, "is not an HTTP address"),
        ("http://127.0.0.1/hook", "", "a secret is needed"),
        ("http://127.0.0.1/hook", "whsec_!", "is not base64"),
    ],
)
def test_wrong_endpoints(url: str, secret: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        parse_endpoint(url, secret)
    assert not secret or secret not in str(refused.value)


def test_pauses_grow_up_to_a_bound() -> None:
    pauses = list(itertools.islice(plan_pauses(), 20))
    assert pauses[:3] == [0.5, 1.0, 2.0]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE_S


@dataclass
class Application:
    """A server that takes webhooks and answers with given statuses, the last one for ever."""

    statuses: Sequence[int]
    url: str = ""
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    on_taken: Callable[[], object] = lambda: None

    async def take(self, request: Request) -> Response:
        self.taken.append((dict(request.headers), await request.body()))
        self.on_taken()
        status = self.statuses[min(len(self.taken), len(self.statuses)) - 1]
        return Response(status_code=status, headers={"location": "/elsewhere"} if status == 302 else {})


@contextlib.asynccontextmanager
async def run_application(*statuses: int) -> AsyncIterator[Application]:
    application = Application(statuses)
    routes = [Route("/hook", application.take, methods=["POST"])]
    with open_listener("127.0.0.1", 0) as listener:
        async with run_asgi(Starlette(routes=routes), listener):
            application.url = f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
            yield application


def hurry(times: int = 10) -> Iterator[float]:
    return itertools.repeat(0.0, times)


async def test_is_sent_again_until_it_is_taken() -> None:
    async with run_application(500, 302, 404, 429, 204) as application:
        clock = itertools.count(int(time.time()))
        messenger = Messenger(
            Endpoint(application.url, Secret(SECRET)), now_s=lambda: next(clock), pauses=hurry
        )
        assert await messenger.deliver("wh_1", BODY, asyncio.Future()) == 5
    assert {headers["webhook-id"] for headers, _ in application.taken} == {"wh_1"}
    assert len({headers["webhook-timestamp"] for headers, _ in application.taken}) == 5
    for headers, body in application.taken:
        assert unwrap(headers, body).data.call_id == "rtc_1"


async def test_gives_up_when_the_pauses_end() -> None:
    async with run_application(500) as application:
        messenger = Messenger(Endpoint(application.url, Secret(SECRET)), pauses=lambda: hurry(3))
        assert await messenger.deliver("wh_1", BODY, asyncio.Future()) is None
        assert len(application.taken) == 3


async def test_gives_up_when_the_call_is_over() -> None:
    over = asyncio.Future[object]()
    async with run_application(500) as application:
        application.on_taken = over.cancel
        messenger = Messenger(
            Endpoint(application.url, Secret(SECRET)), pauses=lambda: itertools.repeat(60.0)
        )
        assert await messenger.deliver("wh_1", BODY, over) is None
        assert len(application.taken) == 1


async def test_nobody_there() -> None:
    with open_listener("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    messenger = Messenger(Endpoint(f"http://127.0.0.1:{port}/hook", Secret(SECRET)), pauses=lambda: hurry(2))
    assert await messenger.deliver("wh_1", BODY, asyncio.Future()) is None


@pytest.mark.parametrize(("copies", "attempts"), [(0, None), (1, 2), (3, 2)])
async def test_it_can_be_lost_or_repeated(copies: int, attempts: int | None) -> None:
    async with run_application(500, 200) as application:
        messenger = Messenger(
            Endpoint(application.url, Secret(SECRET)),
            find_fate=lambda: Delivery(copies, wait_ms=1),
            pauses=hurry,
        )
        assert await messenger.deliver("wh_1", BODY, asyncio.Future()) == attempts
        assert [headers["webhook-id"] for headers, _ in application.taken] == (
            ["wh_1"] * (copies + 1) if attempts else []
        )
