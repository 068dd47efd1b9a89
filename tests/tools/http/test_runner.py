from __future__ import annotations

import asyncio
import dataclasses
import gzip
import json
import socket
import zlib
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from agentrun.outcome import ToolOutcome
from agentrun.plan import Effect, HttpTarget, ToolBinding
from agentrun.tools.call import ToolRequest
from agentrun.tools.dispatcher import Dispatcher
from agentrun.tools.http.answer import MOST_BYTES
from agentrun.tools.http.runner import HttpRunner
from agentrun.tools.http.transport import Resolve
from tests.tools.conftest import RecordingCall, Site, run_one

PARAMETERS = {"type": "object", "properties": {"id": {"type": "string"}}}


def bind(url: str, effect: Effect = "write", timeout_ms: int = 5000, **target: Any) -> ToolBinding:
    method = target.pop("method", "POST" if effect == "write" else "GET")
    target.setdefault("allow_hosts", ("127.0.0.1",))
    http = HttpTarget(method, url, **target)
    return ToolBinding("ask", "", PARAMETERS, http, effect=effect, timeout_ms=timeout_ms)


async def ask(url: str, effect: Effect = "write", **target: Any) -> ToolOutcome:
    return await run_one(bind(url, effect, **target), {"id": "A 1/2"}, RecordingCall())


async def run_with(resolve: Resolve, binding: ToolBinding) -> ToolOutcome:
    """Run a tool with a resolver of our own."""
    runners = {"http": lambda: HttpRunner(resolve=resolve)}
    return await run_one(binding, {}, RecordingCall(), runners=runners)


async def test_what_goes_out_and_what_comes_back(site: Site) -> None:
    outcome = await ask(
        site.url + "/orders/{{id}}?a=1",
        query={"q": "{{id}}"},
        headers={"X-Name": "한글", "X-Call": "{{call.id}}"},
        json={"id": "{{id}}"},
        auth={"bearer": "t"},
    )
    assert (outcome.outcome, outcome.result) == ("ok", {"fine": True})
    (seen,) = site.seen
    assert (seen.method, seen.path) == ("POST", "/orders/A%201%2F2?a=1&q=A%201%2F2")
    assert json.loads(seen.body) == {"id": "A 1/2"}
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["authorization"] == "Bearer t"
    assert seen.headers["x-call"] == "call_1"
    assert seen.headers["x-name"].encode("latin-1").decode() == "한글"
    assert seen.headers["user-agent"].startswith("agentrun/")
    assert seen.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("body", "kind", "result"),
    [
        (b'{"a": 1}', "application/json; charset=utf-8", {"a": 1}),
        (b'{"a": 1}', "application/problem+json", {"a": 1}),
        (b"[NaN]", "application/json", [None]),
        (b"<p>hello</p>", "text/html", "hello"),
        ("grün".encode("latin-1"), "text/plain; charset=latin-1", "grün"),
        (b"\xff\xfe", "text/plain", "\ufffd\ufffd"),
        (b"text", "text/plain; charset=nonsense", "text"),
        (b"", "text/plain", {"status": 200}),
    ],
)
async def test_bodies(site: Site, body: bytes, kind: str, result: Any) -> None:
    site.answer_with(200, body, Content_Type=kind)
    assert (await ask(site.url)).result == result


@pytest.mark.parametrize(
    ("status", "read", "write"),
    [
        (201, "ok", "ok"),
        (300, "failed", "unknown"),
        (400, "failed", "failed"),
        (404, "failed", "failed"),
        (408, "failed", "unknown"),
        (409, "failed", "unknown"),
        (429, "failed", "unknown"),
        (500, "failed", "unknown"),
        (503, "failed", "unknown"),
        (599, "failed", "unknown"),
    ],
)
async def test_status_to_outcome(site: Site, status: int, read: str, write: str) -> None:
    site.answer_with(status, b"why", Content_Type="text/plain")
    told = [await ask(site.url, "read"), await ask(site.url, "write")]
    assert [outcome.outcome for outcome in told] == [read, write]
    if status != 201:
        assert told[0].code == f"http_{status}"
        assert told[0].result == {"status": status, "body": "why"}
        assert told[0].message.endswith(": why")
    assert len(site.seen) == 2


@pytest.mark.parametrize(("effect", "told"), [("read", "failed"), ("write", "unknown")])
async def test_a_service_that_does_not_answer_in_time(site: Site, effect: Effect, told: str) -> None:
    def wait(handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(1)  # until the client goes away

    site.answer = wait
    outcome = await ask(site.url, effect, timeout_ms=300)
    assert len(site.seen) == 1
    assert (outcome.outcome, outcome.code) == (told, "timeout")
    assert outcome.message == "`127.0.0.1` did not answer in 0.3 s."


@pytest.mark.parametrize(("effect", "told"), [("read", "failed"), ("write", "unknown")])
async def test_a_service_that_hangs_up_without_an_answer(site: Site, effect: Effect, told: str) -> None:
    def vanish(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True

    site.answer = vanish
    outcome = await ask(site.url, effect)
    assert (outcome.outcome, outcome.code) == (told, "no_answer")


async def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets it, nobody answers
        outcome = await ask(f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert (outcome.outcome, outcome.code) == ("failed", "unreachable")
    assert outcome.message == "`127.0.0.1` could not be reached."


async def test_a_request_that_is_not_http(site: Site) -> None:
    outcome = await ask(site.url, headers={"Bad Name": "x"})
    assert (outcome.outcome, outcome.code) == ("failed", "bad_request")
    assert site.seen == []


async def test_a_body_without_end_is_cut(site: Site) -> None:
    def pour(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.close_connection = True
        try:
            while True:
                handler.wfile.write(b"x" * 65536)
        except OSError:
            return

    site.answer = pour
    outcome = await ask(site.url)
    assert outcome.outcome == "ok"
    assert len(outcome.result) == MOST_BYTES


async def test_a_small_body_that_unpacks_to_very_much(site: Site) -> None:
    site.answer_with(
        200, gzip.compress(b"0" * 30_000_000), Content_Encoding="gzip", Content_Type="text/plain"
    )
    assert len((await ask(site.url)).result) == MOST_BYTES


@pytest.mark.parametrize(
    ("body", "encoding", "outcome"),
    [
        (gzip.compress(b"hello", mtime=0), "gzip", "ok"),
        (zlib.compress(b"hello"), "deflate", "ok"),
        (b"hello", "gzip", "unknown"),
        (b"hello", "br", "unknown"),
    ],
)
async def test_compression_that_nobody_asked_for(
    site: Site, body: bytes, encoding: str, outcome: str
) -> None:
    site.answer_with(200, body, Content_Encoding=encoding, Content_Type="text/plain")
    told = await ask(site.url)
    assert told.outcome == outcome
    assert outcome != "ok" or told.result == "hello"


async def test_cookies_do_not_pass_from_one_caller_to_the_next(site: Site) -> None:
    site.answer_with(200, b"{}", Set_Cookie="who=first; Path=/", Content_Type="application/json")
    outcomes: asyncio.Queue[ToolOutcome] = asyncio.Queue()
    async with Dispatcher([bind(site.url)]) as dispatcher:
        for number in range(2):
            dispatcher.start(ToolRequest(str(number), "ask", "{}"), RecordingCall(), outcomes.put_nowait)
            assert (await outcomes.get()).outcome == "ok"
    assert ["cookie" in seen.headers for seen in site.seen] == [False, False]


async def test_the_proxy_of_the_environment_is_not_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await ask(site.url)).outcome == "ok"


async def test_a_private_address_is_refused_before_anything_is_sent(site: Site) -> None:
    outcome = await ask(site.url, allow_hosts=())
    assert (outcome.outcome, outcome.code) == ("failed", "host_refused")
    assert outcome.message == "`127.0.0.1` may not be reached."
    assert site.seen == []


@pytest.mark.parametrize(
    "host", ["localhost", "0x7f.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"]
)
async def test_disguises_of_this_machine_are_refused(site: Site, host: str) -> None:
    outcome = await ask(f"http://{host}:{site.port}/", allow_hosts=())
    assert outcome.code in ("host_refused", "unreachable")
    assert site.seen == []


async def test_a_name_that_points_inside_is_refused_after_one_look_up(site: Site) -> None:
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1", "10.0.0.1"]

    binding = bind(f"http://public.example:{site.port}/")
    outcome = await run_one(
        binding, {}, RecordingCall(), runners={"http": lambda: HttpRunner(resolve=resolve)}
    )
    assert (outcome.outcome, outcome.code) == ("failed", "host_refused")
    assert asked == ["public.example"]
    assert site.seen == []


async def test_one_tool_does_not_get_the_connection_that_another_may_use(site: Site) -> None:
    allowed = bind(site.url)
    denied = dataclasses.replace(bind(site.url, allow_hosts=()), name="denied")
    outcomes: asyncio.Queue[ToolOutcome] = asyncio.Queue()
    async with Dispatcher([allowed, denied]) as dispatcher:
        told = []
        for name in ("ask", "denied"):
            dispatcher.start(ToolRequest(name, name, "{}"), RecordingCall(), outcomes.put_nowait)
            told.append((await outcomes.get()).code)
    assert told == ["", "host_refused"]
    assert len(site.seen) == 1


async def test_a_name_that_nobody_knows() -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        raise socket.gaierror("unknown")

    told = await run_one(
        bind("https://nobody.example/"),
        {},
        RecordingCall(),
        runners={"http": lambda: HttpRunner(resolve=resolve)},
    )
    assert (told.outcome, told.code) == ("failed", "unreachable")


async def test_a_secret_is_nowhere_in_what_the_model_reads(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "agentrun")
    site.answer_with(500)
    told = await ask(site.url + "/?key=canary", auth={"bearer": "canary"}, headers={"X-Key": "canary"})
    assert "canary" not in str(told)
    assert "canary" not in caplog.text
