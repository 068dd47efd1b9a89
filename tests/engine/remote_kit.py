"""Servers that think, listen and speak, on real sockets, as well or as badly as a test wants them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from agentrun.asgi import open_listener, run_asgi

Answer = Callable[[Request], Awaitable[Response]]


class RemoteKit:
    """A server with one route for everything.

    Attributes:
        url: its base, with `/v1`.
        bodies: what was posted as JSON, or the fields of a form.
        headers: of the requests.
        paths: of the requests.
        gone: set when a client has left in the middle of an answer.

    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.url = ""
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.gone = asyncio.Event()

    async def take(self, request: Request) -> Response:
        self.paths.append(request.url.path)
        self.headers.append(dict(request.headers))
        if request.headers["content-type"].startswith("multipart/"):
            async with request.form() as form:
                fields: dict[str, Any] = {}
                for name, value in form.items():
                    fields[name] = value if isinstance(value, str) else await value.read()
            self.bodies.append(fields)
        else:
            self.bodies.append(await request.json())
        return await self._answer(request)


@contextlib.asynccontextmanager
async def serve_posts(answer: Answer) -> AsyncIterator[RemoteKit]:
    kit = RemoteKit(answer)
    app = Starlette(routes=[Route("/{path:path}", kit.take, methods=["POST"])])
    with open_listener("127.0.0.1", 0) as listener:
        async with run_asgi(app, listener):
            kit.url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
            yield kit


def stream_chunks(*chunks: Any, done: bool = True) -> Response:
    """Answer as a chat server streams: each chunk an event."""

    async def write() -> AsyncIterator[str]:
        for chunk in chunks:
            yield f"data: {chunk if isinstance(chunk, str) else json.dumps(chunk)}\n\n"
        if done:
            yield "data: [DONE]\n\n"

    return StreamingResponse(write(), media_type="text/event-stream")


def stream_then_hang(kit: Callable[[], RemoteKit], *pieces: bytes, media_type: str) -> Response:
    """Answer with some bytes and then with nothing, until the client goes."""

    async def write() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece
        try:
            await asyncio.Event().wait()
        finally:
            kit().gone.set()

    return StreamingResponse(write(), media_type=media_type)


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **members: Any) -> dict[str, Any]:
    """Return a chunk of a chat completion."""
    return {"choices": [{"index": 0, "delta": delta or {}, "finish_reason": finish}], **members}


def fragment(index: int | None, arguments: str, call_id: str = "", name: str = "") -> dict[str, Any]:
    """Return a delta with a piece of a tool call."""
    function: dict[str, Any] = {"arguments": arguments}
    if name:
        function["name"] = name
    call: dict[str, Any] = {"type": "function", "function": function}
    if index is not None:
        call["index"] = index
    if call_id:
        call["id"] = call_id
    return {"tool_calls": [call]}
