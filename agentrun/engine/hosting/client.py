"""The MCP connections of one session, with the official `mcp` package.

Each connection belongs to a task of its own, which does nothing else: the package cancels the task that
opened a client when its transport fails. Calls come from any task. A connection that was lost is opened again
by the next order; a call is never repeated, because it may have had its effect.

The engine dials what the session names, directly: no proxy and no `.netrc` of the environment, and no
redirect to another origin.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from agentrun.engine.hosting.contents import render_result
from agentrun.engine.hosting.failures import HostedFailure
from agentrun.engine.hosting.listing import MAX_TOOLS, RawTool, clean_tools
from agentrun.engine.hosting.values import (
    CONNECTION_LOST,
    INTERNAL_ERROR,
    HostedError,
    HostedServer,
    HostedTool,
)
from agentrun.wire.json import JsonObject

if TYPE_CHECKING:
    import httpx2
    from mcp import Client

log = logging.getLogger(__name__)

CONNECT_LIMIT_S = 10.0
_CLOSE_LIMIT_S = 2.0


class McpHost:
    """The MCP connections of one session, opened when they are first needed."""

    def __init__(self) -> None:
        self._links: dict[HostedServer, _Link] = {}

    async def list_tools(self, server: HostedServer) -> Sequence[HostedTool]:
        """Connect, and return all tools; raises HostedFailure."""
        link = self._find_link(server)
        with link.explaining():
            client = await link.connect()
            tools = await _read_pages(client)
        return clean_tools(tools)

    async def run_tool(self, server: HostedServer, tool: str, arguments: JsonObject) -> str:
        """Call a tool and return its output as text; raises HostedFailure."""
        link = self._find_link(server)
        with link.explaining():
            client = await link.connect()
            result = await client.call_tool(tool, arguments)
        text = render_result(result)
        if result.is_error:
            message = link.redact(text) or "The tool failed and does not say why."
            raise HostedFailure(HostedError("tool_execution_error", message))
        return text

    async def close(self) -> None:
        """Close all connections; a server that does not let go is left."""
        await asyncio.gather(*(link.close() for link in self._links.values()))
        self._links.clear()

    def _find_link(self, server: HostedServer) -> _Link:
        return self._links.setdefault(server, _Link(server))


async def _read_pages(client: Client) -> list[RawTool]:
    """Return the tools of all pages, as far as anybody could use them."""
    tools: list[RawTool] = []
    cursor: str | None = None
    while len(tools) <= MAX_TOOLS:
        page = await client.list_tools(cursor=cursor)
        for tool in page.tools:
            notes = tool.annotations.model_dump(by_alias=True, exclude_none=True) if tool.annotations else {}
            tools.append(RawTool(tool.name, tool.description, tool.input_schema, notes))
        cursor = page.next_cursor
        if cursor is None:
            break
    return tools


class _Link:
    """One connection and the task that owns it."""

    def __init__(self, server: HostedServer) -> None:
        self._server = server
        self._owner: asyncio.Task[None] | None = None
        self._client: asyncio.Future[Client] | None = None
        self._waiting = 0
        self._leave = asyncio.Event()
        self._status = 0  # of the last HTTP answer that was an error

    async def connect(self) -> Client:
        """Return the client, connected; whoever waits last and is cancelled gives the attempt up."""
        self._status = 0
        if self._owner is None or self._owner.done() or self._client is None:
            self._client = asyncio.get_running_loop().create_future()
            self._owner = asyncio.create_task(self._own(self._client))
        client = self._client
        self._waiting += 1
        try:
            return await asyncio.shield(client)
        finally:
            self._waiting -= 1
            if not client.done() and not self._waiting:
                self._owner.cancel()

    async def close(self) -> None:
        """Let the owner leave in good order, for a moment."""
        if self._owner is None:
            return
        self._leave.set()
        await asyncio.wait([self._owner], timeout=_CLOSE_LIMIT_S)
        self._owner.cancel()

    @contextlib.contextmanager
    def explaining(self) -> Iterator[None]:
        """Turn whatever goes wrong inside into a HostedFailure: what a server does is beyond our control."""
        try:
            yield
        except Exception as error:  # a border: here answers of strangers are parsed
            log.debug("the MCP server %s failed", self._server.label, exc_info=error)
            raise HostedFailure(self._explain(error)) from error

    def redact(self, text: str) -> str:
        """Return a text without the credentials of this server."""
        secrets = [value for _, value in self._server.headers]
        if self._server.authorization is not None:
            secrets.append(self._server.authorization)
        for secret in secrets:
            if len(secret.reveal()) > 3:
                text = text.replace(secret.reveal(), str(secret))
        return text

    def _explain(self, error: Exception) -> HostedError:
        from mcp import MCPError

        if isinstance(error, MCPError):
            code, message = error.code, error.message or "the server does not say what is wrong"
        else:
            code, message = INTERNAL_ERROR, f"the answer breaks the protocol: {_shorten(error)}"
        if self._status and code in (CONNECTION_LOST, INTERNAL_ERROR):
            # the package does not tell the status; of two calls that fail at a time it may be the other's
            return HostedError("http_error", f"the server answered with status {self._status}", self._status)
        return HostedError("protocol_error", self.redact(message), code)

    async def _own(self, ready: asyncio.Future[Client]) -> None:
        """Hold the connection until it is lost, given up or closed."""
        error: BaseException | None = None
        try:
            await self._hold(ready)
        except asyncio.CancelledError as cancelled:
            error = cancelled
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise
        except BaseException as failure:
            error = failure
            if any(isinstance(leaf, (KeyboardInterrupt, SystemExit)) for leaf in _find_leaves(failure)):
                raise
        finally:
            if not ready.done():
                ready.set_exception(self._explain_connecting(error))
                ready.exception()  # seen, also where nobody waits any more

    async def _hold(self, ready: asyncio.Future[Client]) -> None:
        # the package takes a second to load; other sessions go on meanwhile
        await asyncio.get_running_loop().run_in_executor(None, importlib.import_module, "mcp")
        from mcp import Client
        from mcp.client.streamable_http import streamable_http_client

        url = self._server.url or ""
        async with self._open_http() as http:
            transport = streamable_http_client(url, http_client=http)
            async with Client(transport, cache=None) as client:
                ready.set_result(client)
                await self._leave.wait()

    def _open_http(self) -> httpx2.AsyncClient:
        import httpx2

        from agentrun.engine.hosting.bounded import BoundedTransport

        async def note_status(response: httpx2.Response) -> None:
            if response.status_code >= 400:
                self._status = response.status_code

        server = self._server
        headers = {name: value.reveal() for name, value in server.headers}
        if server.authorization is not None:
            headers["Authorization"] = f"Bearer {server.authorization.reveal()}"
        return httpx2.AsyncClient(
            headers=headers,
            timeout=httpx2.Timeout(CONNECT_LIMIT_S, read=None),  # the core keeps the deadlines of answers
            trust_env=False,
            transport=BoundedTransport(httpx2.AsyncHTTPTransport(trust_env=False)),
            event_hooks={"response": [note_status]},
        )

    def _explain_connecting(self, error: BaseException | None) -> Exception:
        from mcp import MCPError

        leaves = list(_find_leaves(error)) if error is not None else []
        known = next((leaf for leaf in leaves if isinstance(leaf, MCPError)), None)
        # what the transport says is nearer to the cause than what the session made of it
        cause = next((leaf for leaf in leaves if type(leaf).__module__.startswith("httpx2")), None)
        if known is not None and cause is None:
            return known
        return MCPError(CONNECTION_LOST, f"cannot connect to {self._server.url}: {_shorten(cause)}")


def _find_leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _find_leaves(inner)
    else:
        yield error


def _shorten(error: BaseException | None) -> str:
    words = " ".join(str(error or "").split())[:300]
    return words or (type(error).__name__ if error is not None else "no reason given")
