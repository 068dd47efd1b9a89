"""Real MCP servers over streamable HTTP on loopback, made with the official package, and a cable to cut."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import mcp_types as types
from mcp.server.lowlevel import Server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from agentrun.asgi import open_listener, run_asgi

ORDER = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}


def make_tool(name: str, *, read_only: bool = False, **members: Any) -> types.Tool:
    """Return a tool as a server lists it."""
    notes = types.ToolAnnotations(read_only_hint=read_only)
    return types.Tool(name=name, description=f"Do {name}", input_schema=ORDER, annotations=notes, **members)


def make_text(text: str, *, failed: bool = False) -> types.CallToolResult:
    """Return a result of one text."""
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=failed)


Answer = Callable[[str, dict[str, Any]], Awaitable[types.CallToolResult]]


@dataclass
class Lab:
    """An MCP server.

    Attributes:
        pages: of its list of tools.
        answer: what its tools do.
        endless: whether every page is said to have another after it.
        elderly: whether it speaks the protocol of 2025, with sessions.
        seen: the `Authorization` and `X-Tenant` headers of requests.
        calls: what was called with what.
        entered: set when a call has arrived.
        cancelled: set when a call was cancelled.

    """

    pages: Sequence[Sequence[types.Tool]]
    answer: Answer
    endless: bool = False
    elderly: bool = False
    seen: set[tuple[str | None, str | None]] = field(default_factory=set)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        """Serve it; yields its URL."""
        async with self.start() as app, serve_app(app) as url:
            yield f"{url}/mcp"

    @contextlib.asynccontextmanager
    async def start(self) -> AsyncIterator[ASGIApp]:
        """Start it; yields the application, which knows no sessions of an earlier start."""
        server: Server[Any] = Server("lab", version="1", on_list_tools=self._list, on_call_tool=self._call)
        app = server.streamable_http_app()

        async def note(scope: Scope, receive: Receive, send: Send) -> None:
            headers = {name: value.decode() for name, value in scope["headers"]}
            self.seen.add((headers.get(b"authorization"), headers.get(b"x-tenant")))
            modern = headers.get(b"mcp-protocol-version", "") > "2026"
            await (refuse if self.elderly and modern else app)(scope, receive, send)

        refuse = PlainTextResponse("what is that?", 404)
        async with app.router.lifespan_context(app):
            yield note

    async def _list(self, _: Any, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        number = int(params.cursor) if params is not None and params.cursor else 0
        more = self.endless or number + 1 < len(self.pages)
        return types.ListToolsResult(
            tools=list(self.pages[number % len(self.pages)]), next_cursor=str(number + 1) if more else None
        )

    async def _call(self, _: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        self.calls.append((params.name, dict(params.arguments or {})))
        self.entered.set()
        try:
            return await self.answer(params.name, dict(params.arguments or {}))
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


async def answer_order(name: str, arguments: dict[str, Any]) -> types.CallToolResult:
    """Answer as an order desk does: `lookup` works, `refund` fails, anything else never answers."""
    match name:
        case "lookup":
            return make_text(f"Order {arguments['order']} has shipped.")
        case "refund":
            return make_text("Refunds are closed.", failed=True)
    await asyncio.Event().wait()
    raise AssertionError


def make_lab() -> Lab:
    """Return an order desk."""
    tools = [make_tool("lookup", read_only=True), make_tool("refund"), make_tool("stall")]
    return Lab([tools], answer_order)


@contextlib.asynccontextmanager
async def serve_app(app: ASGIApp) -> AsyncIterator[str]:
    """Serve an application; yields the URL of its root."""
    with open_listener("127.0.0.1", 0) as listener:
        async with run_asgi(app, listener):
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextlib.asynccontextmanager
async def serve_answer(make: Callable[[Request], Response]) -> AsyncIterator[str]:
    """Serve something that is no MCP server; yields its URL."""

    async def answer(request: Request) -> Response:
        return make(request)

    app = Starlette(routes=[Route("/mcp", answer, methods=["GET", "POST", "DELETE"])])
    async with serve_app(app) as url:
        yield f"{url}/mcp"


class Cable:
    """A way to a server that can be cut while answers are on it; `left` is set when a client hangs up."""

    def __init__(self) -> None:
        self._writers: set[asyncio.StreamWriter] = set()
        self.left = asyncio.Event()

    @contextlib.asynccontextmanager
    async def lay(self, url: str) -> AsyncIterator[str]:
        """Yield a URL that leads to another."""
        target = urlsplit(url)

        async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there, back = await asyncio.open_connection(target.hostname, target.port)
            self._writers |= {writer, back}
            ended: list[str] = []
            await asyncio.gather(
                _pump(reader, back, lambda: ended.append("client")),
                _pump(there, writer, lambda: ended.append("server")),
            )
            if ended[0] == "client":
                self.left.set()

        server = await asyncio.start_server(join, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}{target.path}"
        server.close()
        self.cut()

    def cut(self) -> None:
        """Break every connection."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, note_end: Callable[[], None]
) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
    note_end()
    writer.close()
