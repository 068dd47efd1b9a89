"""Every fault on a real socket: our own link says what happened, and the official client holds on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from agentrun.conversation.inputs import LinkDown, LinkInput, LinkUp
from agentrun.engine.http import realtime
from agentrun.engine.seams import Say
from agentrun.link import websocket
from agentrun.wire import server
from tests.engine.faults.kit import open_faulty, run_link
from tests.engine.test_server import Door, open_door, read_until


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the link try again at once."""
    monkeypatch.setattr(websocket, "FIRST_DELAY_S", 0)


def types_of(seen: Sequence[LinkInput]) -> list[str]:
    return [str(getattr(one, "type", type(one).__name__)) for one in seen]


def ended(seen: Sequence[LinkInput]) -> LinkDown:
    assert isinstance(seen[-1], LinkDown), seen
    return seen[-1]


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("connect: refuse 401", 401, "refuses the key (401)"),
        ("connect: refuse 403", 403, "denies access (403)"),
        ("connect: refuse 404", 404, "does not know this address or model (404)"),
        ("connect: refuse 429 retry_after=1", 429, "has no capacity or quota left (429)"),
        ("connect: refuse 500", 500, "refuses the connection (500)"),
        ("connect: refuse", 503, "refuses the connection (503)"),
        ("session: drop", 1006, "the connection was lost (code 1006)"),
        ("session.created: drop 1011 reason='out of memory'", 1011, "1011: out of memory"),
        ("response.created: drop 1012", 1012, "code 1012"),
        ("response.output_text.delta#2: drop", 1006, "code 1006"),
        ("response.done: drop 1000", 1000, "code 1000"),
        ("response.create: drop 1008 reason=policy", 1008, "1008: policy"),
        ("session after=1ms: drop 1001", 1001, "code 1001"),
        ("response.created: stall; response.created after=20ms: drop", 1006, "code 1006"),
        ("session: expire", 1001, "maximum duration of 60 minutes"),
        ("session.updated: error insufficient_quota close=4000", 4000, "insufficient_quota"),
    ],
)
async def test_the_link_says_why_it_ended(line: str, code: int, words: str) -> None:
    async with open_faulty(line) as door:
        down = ended(await run_link(door))
    assert down.code == code
    assert words in down.message
    assert "127.0.0.1" in down.message


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_the_link_tries_again_where_that_helps(status: int) -> None:
    async with open_faulty(f"connect#1: refuse {status}; connect#2: refuse {status}") as door:
        seen = await run_link(door, until="response.done")
    assert isinstance(seen[0], LinkUp)
    assert types_of(seen)[-2:] == ["response.done", "rate_limits.updated"] or "response.done" in types_of(
        seen
    )


async def test_the_link_gives_up_a_handshake_without_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "OPEN_TIMEOUT_S", 0.05)
    monkeypatch.setattr(websocket, "TRIES", 1)
    async with open_faulty("connect: stall") as door:
        down = ended(await run_link(door))
    assert "did not answer within" in down.message


@pytest.mark.parametrize(
    "line",
    [
        "connect: delay 1ms",
        "session.created: delay 1ms",
        "response.create: delay 1ms",
        "*: delay 1ms",
        "*: slice 1",
        "session.created: slice 7",
        "session.created: malformed",
        "*: malformed",
        "session.created: unknown",
        "response.create: unknown session.fog",
        "session.created: error server_error",
        "response.created: error rate_limit_exceeded message='slow down'",
        "session.created: lose",
        "response.created: lose",
        "response.output_text.delta every=2: lose",
        "session.updated: duplicate",
        "response.output_text.delta p=0.5: duplicate; seed=3",
        "response: delay 1ms",
        "mcp: stall; webhook: lose; response#9: fail",
    ],
)
async def test_the_link_lives_on(line: str, caplog: Any) -> None:
    async with open_faulty(line.replace("*: slice", "*.done: slice").replace("*: ", "response.*: ")) as door:
        seen = await run_link(door, until="response.done")
    assert "response.done" in types_of(seen)
    assert not any(isinstance(one, LinkDown) for one in seen)
    assert ("sent a broken event, ignored" in caplog.text) == ("malformed" in line)
    assert ("unknown" in line) == any(isinstance(one, server.UnknownEvent) for one in seen)
    assert ("error" in line) == any(isinstance(one, server.Error) for one in seen)


async def collect(door: Door, *sent: dict[str, Any]) -> tuple[list[dict[str, Any]], ConnectionClosed]:
    """Send events and return all that comes until the connection ends."""
    events = []
    async with asyncio.timeout(20), connect(door.url, proxy=None) as socket:
        for event in sent:
            await socket.send(json.dumps(event))
        while True:
            try:
                events.append(json.loads(await socket.recv()))
            except ConnectionClosed as closed:
                return events, closed


UPDATE = {"type": "session.update", "session": {"type": "realtime", "output_modalities": ["text"]}}
CREATE = {"type": "response.create", "event_id": "mine"}


def list_types(events: Sequence[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


async def test_events_are_lost_and_doubled_and_the_rest_keeps_its_order() -> None:
    line = "response.created: lose; response.output_text.done: duplicate; response.done: drop"
    async with open_faulty(line) as door:
        events, _ = await collect(door, UPDATE, CREATE)
    types = list_types(events)
    assert "response.created" not in types
    assert types.count("response.output_text.done") == 2
    assert types[-1] == "response.done"


async def test_a_stalled_connection_says_nothing_more() -> None:
    async with open_faulty("response.created: stall; response.created after=50ms: drop") as door:
        events, closed = await collect(door, UPDATE, CREATE)
    assert list_types(events)[-1] == "response.created"
    assert closed.rcvd is None


async def test_what_the_client_sends_can_be_lost_and_doubled() -> None:
    item = {"id": "item_1", "type": "message", "role": "user", "content": []}
    create = {"type": "conversation.item.create", "item": item}
    line = "session.update: lose; conversation.item.create: duplicate; error: drop"
    async with open_faulty(line) as door:
        events, _ = await collect(door, UPDATE, create)
    types = ["session.created", "conversation.item.added", "conversation.item.done", "error"]
    assert list_types(events) == types
    assert "already exists" in events[-1]["error"]["message"]


async def test_an_error_names_the_event_at_which_it_happens() -> None:
    async with open_faulty("response.create: error quota message=no close=4001") as door:
        events, closed = await collect(door, CREATE)
    assert events[-1]["error"] == {
        "type": "invalid_request_error",
        "code": "quota",
        "message": "no",
        "param": None,
        "event_id": "mine",
    }
    assert (closed.rcvd.code, closed.rcvd.reason) == (4001, "invalid_request_error.quota")  # type: ignore[union-attr]


async def test_expiry_comes_early_and_says_so() -> None:
    async with open_faulty("session after=1ms: expire") as door:
        events, closed = await collect(door)
    assert events[-1]["error"]["code"] == "session_expired"
    assert closed.rcvd is not None
    assert (closed.rcvd.code, closed.rcvd.reason) == (
        1001,
        "Your session hit the maximum duration of 60 minutes.",
    )


async def test_slices_are_real_fragments() -> None:
    async with open_faulty("session.created: slice 100") as door, connect(door.url, proxy=None) as socket:
        pieces = [piece async for piece in socket.recv_streaming()]
    assert {len(piece) for piece in pieces[:-1]} == {100}
    assert json.loads("".join(map(str, pieces)))["type"] == "session.created"


async def test_a_refusal_is_the_error_of_the_api() -> None:
    async with open_faulty("connect: refuse 429 retry_after=7 code=insufficient_quota") as door:
        with pytest.raises(InvalidStatus) as refused:
            await connect(door.url, proxy=None)
    response = refused.value.response
    assert (response.status_code, response.headers["retry-after"]) == (429, "7")
    assert json.loads(response.body or b"")["error"]["code"] == "insufficient_quota"


async def test_requests_over_http_fail_and_health_does_not() -> None:
    line = "request#1: refuse 500; request#2: refuse 429 retry_after=3; request: delay 1ms"
    async with open_faulty(line) as door, httpx.AsyncClient(trust_env=False) as browser:
        base = f"http://127.0.0.1:{door.port}"
        answers = [await browser.post(f"{base}/v1/realtime/client_secrets", json={}) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [500, 429, 200]
        assert answers[1].headers["retry-after"] == "3"
        assert answers[0].json()["error"]["code"] == "server_error"
        assert "x-request-id" in answers[0].headers
        assert (await browser.get(f"{base}/healthz")).status_code == 200


async def test_a_request_without_an_answer_is_let_go_with_its_client() -> None:
    async with open_faulty("request: stall") as door, httpx.AsyncClient(trust_env=False) as browser:
        url = f"http://127.0.0.1:{door.port}/v1/realtime/client_secrets"
        with pytest.raises(httpx.ReadTimeout):
            await browser.post(url, json={}, timeout=0.05)


async def test_responses_fail_and_the_session_goes_on() -> None:
    line = "response#1: fail inference_rate_limit_exceeded; response#2: fail message='lost my mind'"
    async with open_faulty(line) as door, door.call() as connection:
        seen = []
        for _ in range(3):
            await connection.response.create()
            seen.append((await read_until(connection, "response.done"))[-1].response)
    assert [one.status for one in seen] == ["failed", "failed", "completed"]
    assert seen[0].status_details.error.code == "inference_rate_limit_exceeded"
    assert seen[1].status_details.error.code == "server_error"


async def test_a_response_that_stalls_can_be_cancelled() -> None:
    async with open_faulty("response#1: stall") as door, door.call() as connection:
        await connection.response.create()
        await read_until(connection, "response.created")
        await connection.response.cancel()
        assert (await read_until(connection, "response.done"))[-1].response.status == "cancelled"
        await connection.response.create()
        assert (await read_until(connection, "response.done"))[-1].response.status == "completed"


async def test_a_listing_fails() -> None:
    tool: Any = {"type": "mcp", "server_label": "desk", "server_url": "http://127.0.0.1:9/mcp"}
    async with (
        open_faulty("mcp: delay 1ms; mcp: fail message='not today'") as door,
        door.call() as connection,
    ):
        await connection.session.update(session={"type": "realtime", "tools": [tool]})
        await read_until(connection, "mcp_list_tools.failed")


async def test_a_request_can_ask_for_faults_of_its_own() -> None:
    async with open_door([[Say("Hi.")]]) as door:
        headers = {"x-agentrun-faults": "session.created: drop 1013"}
        async with connect(door.url, proxy=None, additional_headers=headers) as socket:
            await socket.recv()
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1013
        async with door.call() as connection:  # and nobody else has them
            await connection.response.create()
            await read_until(connection, "response.done")
        with pytest.raises(InvalidStatus) as refused:
            await connect(door.url, proxy=None, additional_headers={"x-agentrun-faults": "fog"})
        assert refused.value.response.status_code == 400


async def test_the_official_client_dials_again_after_a_drop() -> None:
    codes: list[int | None] = []

    def dial_again(event: Any) -> None:
        codes.append(event.close_code)

    async with (
        open_faulty("session#1 after=1ms: drop 1012 reason=restart") as door,
        door.client.realtime.connect(
            model="m", on_reconnecting=dial_again, initial_delay=0.001
        ) as connection,
    ):
        created = 0
        async for event in connection:
            created += event.type == "session.created"
            if created == 2:
                break
    assert codes == [1012]


async def test_a_session_without_faults_runs_through_none_of_this(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(realtime, "FaultySocket", refuse)
    monkeypatch.setattr(realtime, "spoil_parts", refuse)
    async with open_door([[Say("Hi.")]]) as door, door.call() as connection:
        await connection.response.create()
        await read_until(connection, "response.done")
