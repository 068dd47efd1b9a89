"""Tries of one tool call, against a server that answers with the very bytes of the test."""

from __future__ import annotations

import asyncio
import gzip
from functools import partial
from typing import Any

import pytest

from agentrun.outcome import ToolOutcome
from agentrun.plan import Effect, Idempotency, Retry, ToolBinding
from agentrun.tools.call import ToolRequest
from agentrun.tools.dispatcher import RUNNERS, Dispatcher
from agentrun.tools.http import repeats
from agentrun.tools.http.connections import HttpConnections
from agentrun.tools.http.runner import HttpRunner
from tests.tools.conftest import RecordingCall, run_one
from tests.tools.http.kit import Heard, bind, in_turn, open_wire, reply, silence

FINE = reply(200, {"fine": True})
BUSY = reply(503, {"message": "Come back later"})
AGAIN = Retry(3, frozenset({"connect", "timeout", "lost", 429, 503}))
KEY = Idempotency("key", ("id",))


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "FIRST_WAIT_MS", 1)


async def ask(binding: ToolBinding, arguments: Any = None, call: RecordingCall | None = None) -> ToolOutcome:
    return await run_one(binding, arguments or {"id": "a"}, call or RecordingCall())


@pytest.mark.parametrize(
    ("effect", "kind", "tries"), [("read", "none", 3), ("write", "natural", 3), ("write", "none", 1)]
)
async def test_a_busy_service_is_asked_again_if_that_is_safe(effect: Effect, kind: Any, tries: int) -> None:
    async with open_wire(in_turn(BUSY, BUSY, FINE)) as wire:
        told = await ask(
            bind(wire.url, effect, rules={"retry": AGAIN, "idempotency": Idempotency(kind)}.items())
        )
    assert len(wire.heard) == tries
    assert told.outcome == ("ok" if tries == 3 else "unknown")


async def test_without_a_rule_there_is_one_try() -> None:
    async with open_wire(in_turn(BUSY, FINE)) as wire:
        told = await ask(bind(wire.url))
    assert (told.outcome, told.code, len(wire.heard)) == ("failed", "http_503", 1)
    assert told.message == "The service answered 503 Service Unavailable: Come back later"


async def test_a_rule_that_does_not_name_the_failure() -> None:
    async with open_wire(in_turn(reply(500), FINE)) as wire:
        told = await ask(bind(wire.url, rules=[("retry", AGAIN)]))
    assert (told.code, len(wire.heard)) == ("http_500", 1)


async def test_attempts_come_to_an_end() -> None:
    async with open_wire(in_turn(BUSY)) as wire:
        told = await ask(bind(wire.url, rules=[("retry", AGAIN)]))
    assert (told.outcome, told.code, len(wire.heard)) == ("failed", "http_503", 3)


async def test_a_pause_that_is_longer_than_the_time_ends_it_at_once() -> None:
    async with open_wire(in_turn(reply(429, Retry_After="60"), FINE)) as wire:
        told = await ask(bind(wire.url, rules=[("retry", AGAIN)]))
    assert (told.code, len(wire.heard)) == ("http_429", 1)


async def test_a_pause_of_no_time_is_kept() -> None:
    async with open_wire(in_turn(reply(429, Retry_After="0"), FINE)) as wire:
        told = await ask(bind(wire.url, rules=[("retry", AGAIN)]))
    assert (told.outcome, len(wire.heard)) == ("ok", 2)


async def test_the_same_key_goes_with_every_try_and_another_with_another_order() -> None:
    async with open_wire(in_turn(None, BUSY, FINE)) as wire:
        binding = bind(
            wire.url,
            "write",
            rules={"retry": AGAIN, "idempotency": KEY}.items(),
            headers={"idempotency-key": "x"},
        )
        first = await ask(binding, {"id": "a", "note": "first"})
        again = await ask(binding, {"id": "a", "note": "second"})
        other = await ask(binding, {"id": "b"})
    assert [told.outcome for told in (first, again, other)] == ["ok"] * 3
    keys = [heard.headers["idempotency-key"] for heard in wire.heard]
    assert len(keys) == 5
    assert len(set(keys[:4])) == 1
    assert keys[4] != keys[0]


async def test_silence_is_given_its_share_and_no_more() -> None:
    turn = 0

    async def handle(heard: Heard, writer: asyncio.StreamWriter) -> None:
        nonlocal turn
        turn += 1
        if turn == 2:
            writer.write(FINE)

    async with open_wire(handle) as wire:
        retry = Retry(2, frozenset({"timeout"}))
        told = await ask(bind(wire.url, rules={"retry": retry, "timeout_ms": 600}.items()))
    assert (told.outcome, turn) == ("ok", 2)


@pytest.mark.parametrize("last", [reply(422, {"detail": "no such day"}), BUSY])
async def test_a_doubt_does_not_go_away(last: bytes) -> None:
    """The first try may have taken effect; that the second was refused does not change that."""
    async with open_wire(in_turn(None, last)) as wire:
        told = await ask(bind(wire.url, "write", rules={"retry": AGAIN, "idempotency": KEY}.items()))
    assert told.outcome == "unknown"
    assert told.code in ("http_422", "http_503")


async def test_a_read_leaves_no_doubt() -> None:
    async with open_wire(in_turn(None, reply(404))) as wire:
        told = await ask(bind(wire.url, rules=[("retry", AGAIN)]))
    assert (told.outcome, told.code) == ("failed", "http_404")


async def test_nobody_listens_however_often_one_asks(caplog: pytest.LogCaptureFixture) -> None:
    async with open_wire(silence) as wire:
        url = wire.url
    told = await ask(bind(url, "write", rules=[("retry", AGAIN)]))
    assert (told.outcome, told.code) == ("failed", "unreachable")
    assert [record.message for record in caplog.records if "try" in record.message][-1].startswith(
        "call call_1: try 3: no answer from 127.0.0.1: ConnectError"
    )


HALF = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
CHUNK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1,2,"
PACKED = gzip.compress(b'{"fine": true}')[:-9]
FAULTS: list[tuple[bytes, str]] = [
    (HALF, "no_answer"),
    (CHUNK, "no_answer"),
    (b"HTTP/1.1 200 OK\r\n", "no_answer"),
    (b"SSH-2.0-OpenSSH_9.9\r\n", "no_answer"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "no_answer"),
    (reply(200, PACKED, Content_Encoding="gzip"), "no_answer"),
    (reply(200, b"hello", Content_Encoding="gzip"), "no_answer"),
    (reply(200, b"hello", Content_Encoding="br"), "no_answer"),
    (reply(200, b'{"a": '), "bad_answer"),
    (reply(200, b"\xff\xfe\xff"), "bad_answer"),
    (reply(200, b"[" * 5000), "bad_answer"),
    (reply(200, b"9" * 5000), "bad_answer"),
    (reply(200, b"<!DOCTYPE html><title>Sign in</title>"), "bad_answer"),
]


@pytest.mark.parametrize("number", range(len(FAULTS)))
async def test_an_answer_that_is_none_is_told_and_logged_once(
    number: int, caplog: pytest.LogCaptureFixture
) -> None:
    answer, code = FAULTS[number]

    async def handle(_heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    caplog.set_level("WARNING", "agentrun")
    async with open_wire(handle) as wire:
        told = [await ask(bind(wire.url, "read")), await ask(bind(wire.url, "write"))]
    assert [(one.outcome, one.code) for one in told] == [("failed", code), ("unknown", code)]
    assert len(caplog.records) == 2, "one line for each"
    assert all("127.0.0.1" in record.message for record in caplog.records)


async def test_bytes_that_trickle_in_do_not_outlive_the_time() -> None:
    async def handle(_heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(200):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with open_wire(handle) as wire:
        told = await ask(bind(wire.url, "write", rules=[("timeout_ms", 300)]))
    assert (told.outcome, told.code) == ("unknown", "timeout")


async def test_calls_share_connections_if_they_are_given_some() -> None:
    async with open_wire(in_turn(FINE)) as wire, HttpConnections() as web:
        for _ in range(3):
            await run_one(
                bind(wire.url), {}, RecordingCall(), runners={**RUNNERS, "http": partial(HttpRunner, web)}
            )
    assert [heard.connection for heard in wire.heard] == [1, 1, 1]


async def test_calls_have_connections_of_their_own_otherwise() -> None:
    async with open_wire(in_turn(FINE)) as wire:
        for _ in range(2):
            await ask(bind(wire.url))
    assert [heard.connection for heard in wire.heard] == [1, 2]


async def test_a_call_that_was_given_up_leaves_the_shared_connections_usable() -> None:
    asked = asyncio.Event()

    async def handle(heard: Heard, writer: asyncio.StreamWriter) -> None:
        asked.set()
        if heard.path != "/slow":
            writer.write(FINE)

    outcomes: asyncio.Queue[ToolOutcome] = asyncio.Queue()
    async with open_wire(handle) as wire, HttpConnections() as web:
        runners = {"http": partial(HttpRunner, web)}
        async with Dispatcher([bind(f"{wire.url}/slow", "write")], runners=runners) as dispatcher:
            dispatcher.start(ToolRequest("1", "ask", "{}"), RecordingCall(), outcomes.put_nowait)
            await asked.wait()
            dispatcher.cancel("1")
            assert (await outcomes.get()).outcome == "unknown"
        told = await run_one(bind(wire.url), {}, RecordingCall(), runners=runners)
    assert told.outcome == "ok"
