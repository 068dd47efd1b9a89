"""The chat mind against real HTTP servers, good and bad, and the official client against the chat mind."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from agentrun.engine.remote.server import complete_url
from agentrun.engine.responders.chat import ChatOptions, ChatResponder
from agentrun.engine.seams import Failure, MindFailed, More, Move, Prompt, Say
from agentrun.secret import Secret
from tests.engine.remote_kit import (
    Answer,
    RemoteKit,
    chunk,
    fragment,
    serve_posts,
    stream_chunks,
    stream_then_hang,
)
from tests.engine.responders.chat.test_request import ask, say
from tests.engine.test_server import USER, open_door, read_until

KEY = "sk-canary"


def answer_with(make: Callable[[], Response]) -> Answer:
    async def answer(_: Request) -> Response:
        return make()

    return answer


async def collect(url: str, prompt: Prompt | None = None, **options: Any) -> list[Move]:
    mind = ChatResponder(ChatOptions(url, "m", Secret(KEY), **options))
    try:
        return [move async for move in mind.respond(prompt or ask())]
    finally:
        await mind.aclose()


async def fail(url: str, **options: Any) -> Failure:
    with pytest.raises(MindFailed) as failed:
        await collect(url, **options)
    return failed.value.failure


async def test_asks_and_streams() -> None:
    chunks = [chunk({"content": "Hel"}), chunk({"content": "lo"}), chunk(finish="stop")]
    async with serve_posts(answer_with(lambda: stream_chunks(*chunks))) as kit:
        prompt = ask(say("user", {"type": "input_text", "text": "hi"}))
        assert await collect(kit.url, prompt) == [Say("Hel", "final_answer", growing=True), More("lo")]
    assert kit.paths == ["/v1/chat/completions"]
    assert kit.headers[0]["authorization"] == f"Bearer {KEY}"
    assert kit.bodies[0]["messages"][-1] == {"role": "user", "content": "hi"}


async def test_a_server_that_does_not_stream() -> None:
    body = {"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}
    async with serve_posts(answer_with(lambda: JSONResponse(body))) as kit:
        assert await collect(kit.url) == [Say("Hello", "final_answer", growing=True)]


def refuse(status: int, message: str = "", code: str | None = None, **headers: str) -> Callable[[], Response]:
    body = {"error": {"message": message, "code": code}}
    return lambda: JSONResponse(body, status, {name.replace("_", "-"): v for name, v in headers.items()})


@pytest.mark.parametrize(
    ("make", "code", "words"),
    [
        (refuse(401, f"Incorrect API key provided: {KEY}"), "invalid_api_key", "refuses the key (401)"),
        (refuse(404, "model `m` not found"), "not_found", "model `m` not found"),
        (refuse(429, retry_after="7"), "inference_rate_limit_exceeded", "wait 7 s"),
        (refuse(429, "pay first", "insufficient_quota"), "insufficient_quota", "pay first"),
        (refuse(400, "too long", "context_length_exceeded"), "context_length_exceeded", "too long"),
        (refuse(400), "refused", "refuses the request (400)"),
        (refuse(500, "boom"), "server_error", "boom"),
        (lambda: HTMLResponse("<h1>502</h1>", 502), "server_error", "has failed (502)"),
        (lambda: HTMLResponse("<h1>Welcome</h1>"), "bad_answer", "text/html"),
        (lambda: PlainTextResponse("", 302, {"location": "/x"}), "refused", "redirects"),
        (lambda: JSONResponse({"choices": []}), "connection_lost", "in the middle"),
        (lambda: PlainTextResponse("{", media_type="application/json"), "bad_answer", "no JSON"),
        (lambda: stream_chunks(chunk({"content": "Half"}), done=False), "connection_lost", "in the middle"),
        (lambda: stream_chunks("{nonsense"), "bad_answer", "no JSON"),
        (lambda: stream_chunks({"error": {"message": "oom"}}), "server_error", "oom"),
    ],
)
async def test_what_goes_wrong_is_said(make: Callable[[], Response], code: str, words: str) -> None:
    async with serve_posts(answer_with(make)) as kit:
        failure = await fail(kit.url)
    assert failure.code == code
    assert words in failure.message
    assert KEY not in failure.message


async def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        failure = await fail(f"http://127.0.0.1:{taken.getsockname()[1]}/v1")
    assert failure.code == "unreachable"


async def test_a_connection_that_breaks() -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head + b"5\r\ndat")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    async with server:
        failure = await fail(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
    assert failure.code == "connection_lost"


async def test_a_server_that_never_begins() -> None:
    asked_too_long = asyncio.Event()

    async def hang(_: Request) -> Response:
        await asked_too_long.wait()
        return PlainTextResponse("")

    async with serve_posts(hang) as kit:
        failure = await fail(kit.url, first_byte_s=0.05)
        asked_too_long.set()
    assert failure.code == "timeout"


async def test_a_server_that_stops_in_the_middle() -> None:
    kit: RemoteKit
    piece = b'data: {"choices": [{"delta": {"content": "Half"}}]}\n\n: still here\n\n'
    answer = answer_with(lambda: stream_then_hang(lambda: kit, piece, media_type="text/event-stream"))
    async with serve_posts(answer) as kit:
        failure = await fail(kit.url, pause_s=0.05)
        assert failure.code == "timeout"
        await kit.gone.wait()


async def test_cancelling_closes_the_connection_at_once() -> None:
    kit: RemoteKit
    piece = b'data: {"choices": [{"delta": {"content": "A long story. It goes on"}}]}\n\n'
    answer = answer_with(lambda: stream_then_hang(lambda: kit, piece, media_type="text/event-stream"))
    async with serve_posts(answer) as kit:
        mind = ChatResponder(ChatOptions(kit.url, "m"))
        async with open_door(mind) as door, door.call() as connection:
            await connection.response.create()
            await read_until(connection, "response.output_audio.delta")  # the first sentence is spoken
            await connection.response.cancel()
            done = (await read_until(connection, "response.done"))[-1].response
            assert done.status_details.reason == "client_cancelled"
            await kit.gone.wait()
        await mind.aclose()


async def test_a_failure_fails_the_response_and_not_the_session() -> None:
    answers = iter([refuse(429, retry_after="3")(), stream_chunks(chunk({"content": "Hi."}, "stop"))])
    async with serve_posts(answer_with(lambda: next(answers))) as kit:
        mind = ChatResponder(ChatOptions(kit.url, "m"))
        async with open_door(mind) as door, door.call() as connection:
            await connection.response.create()
            done = (await read_until(connection, "response.done"))[-1].response
            assert done.status_details.error.code == "inference_rate_limit_exceeded"
            await connection.response.create()
            done = (await read_until(connection, "response.done"))[-1].response
            assert done.output[0].content[0].transcript == "Hi."
        await mind.aclose()


async def test_a_function_turn_of_the_official_client() -> None:
    answers = iter(
        [
            stream_chunks(
                chunk({"content": "Let me look."}),
                chunk(fragment(0, '{"id":', "c1", "lookup")),
                chunk(fragment(0, ' "A1"}'), "tool_calls"),
                {"choices": [], "usage": {"prompt_tokens": 50, "completion_tokens": 9}},
            ),
            stream_chunks(chunk({"content": "It has shipped."}, "stop")),
        ]
    )
    async with serve_posts(answer_with(lambda: next(answers))) as kit:
        mind = ChatResponder(ChatOptions(kit.url, "m"))
        async with open_door(mind) as door, door.call() as connection:
            tool = {"type": "function", "name": "lookup", "parameters": {"type": "object", "properties": {}}}
            session: Any = {"type": "realtime", "tools": [tool], "output_modalities": ["text"]}
            await connection.session.update(session=session)
            await connection.conversation.item.create(item=USER)  # type: ignore[arg-type]
            await connection.response.create()
            first = (await read_until(connection, "response.done"))[-1].response
            message, call = first.output
            assert message.content[0].text == "Let me look."
            assert json.loads(call.arguments) == {"id": "A1"}
            assert (first.usage.input_tokens, first.usage.output_tokens) == (50, 9)
            await connection.conversation.item.create(
                item={"type": "function_call_output", "call_id": call.call_id, "output": "shipped"}
            )
            await connection.response.create()
            second = (await read_until(connection, "response.done"))[-1].response
            assert second.output[0].content[0].text == "It has shipped."
        await mind.aclose()
    assert [m["role"] for m in kit.bodies[1]["messages"]][-3:] == ["user", "assistant", "tool"]


@pytest.mark.parametrize(
    ("url", "full"),
    [
        ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1/chat/completions"),
        ("http://127.0.0.1:11434/v1/", "http://127.0.0.1:11434/v1/chat/completions"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1/chat/completions"),
        ("https://host/api/v1beta/openai/", "https://host/api/v1beta/openai/chat/completions"),
        ("http://host/v1/chat/completions", "http://host/v1/chat/completions"),
        ("http://host/inference?x=1", "http://host/inference?x=1"),
    ],
)
def test_a_base_is_completed(url: str, full: str) -> None:
    assert complete_url(url, "/chat/completions") == full


@pytest.mark.parametrize("url", ["localhost:11434", "ftp://x", "", "http://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not an HTTP address"):
        complete_url(url, "/x")
