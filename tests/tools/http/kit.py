"""A server of a few lines on loopback, in the loop of the test: it sends the very bytes it is told."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from agentrun.plan import Effect, HttpTarget, ToolBinding

Handle = Callable[["Heard", asyncio.StreamWriter], Awaitable[None]]
PARAMETERS = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "n": {"type": "number"}, "note": {"type": "string"}},
}


@dataclass(frozen=True, slots=True)
class Heard:
    """One request. `connection` counts from 1."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass
class Wire:
    """What a server heard; its connections stay open between requests."""

    port: int = 0
    heard: list[Heard] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def reply(status: int = 200, body: Any = None, *, kind: str = "application/json", **headers: str) -> bytes:
    """Return a whole answer."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(content)}", f"Content-Type: {kind}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def in_turn(*answers: bytes | None) -> Handle:
    """Answer each request with the next of `answers`, the last one for ever; None closes the connection."""
    left = list(answers)

    async def handle(_heard: Heard, writer: asyncio.StreamWriter) -> None:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if answer is None:
            writer.close()
        else:
            writer.write(answer)

    return handle


async def silence(_heard: Heard, _writer: asyncio.StreamWriter) -> None:
    """Say nothing."""


@contextlib.asynccontextmanager
async def open_wire(handle: Handle) -> AsyncIterator[Wire]:
    """Serve until the block ends."""
    wire, connections = Wire(), 0
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        mine = connections
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while not writer.is_closing():
                heard = await _hear(reader, mine)
                wire.heard.append(heard)
                await handle(heard, writer)
                await writer.drain()
        writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(serve(reader, writer))
        serving.add(task)
        task.add_done_callback(serving.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


async def _hear(reader: asyncio.StreamReader, connection: int) -> Heard:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
    return Heard(
        method, path, headers, await reader.readexactly(int(headers.get("content-length", 0))), connection
    )


def bind(
    url: str, effect: Effect = "read", *, rules: Iterable[tuple[str, Any]] = (), **target: Any
) -> ToolBinding:
    """Return a tool that asks `url`; `rules` are fields of the binding, the others of the target."""
    method = target.pop("method", "GET" if effect == "read" else "POST")
    http = HttpTarget(method, url, **{"allow_hosts": ("127.0.0.1",), **target})
    return ToolBinding("ask", "", PARAMETERS, http, **{"effect": effect, "timeout_ms": 5000, **dict(rules)})
