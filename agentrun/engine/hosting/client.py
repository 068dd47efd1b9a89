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
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentrun.engine.hosting.contents import render_result
from agentrun.engine.hosting.failures import HostedFailure
from agentrun.engine.hosting.listing import clean_tools
from agentrun.engine.hosting.values import (
    CONNECTION_LOST,
    INTERNAL_ERROR,
    HostedError,
    HostedServer,
    HostedTool,
)
from agentrun.mcp.groups import find_leaves, quieten, shorten_error
from agentrun.mcp.listing import read_pages
from agentrun.wire.json import JsonObject

if TYPE_CHECKING:
    import httpx2
    from mcp import Client

log = logging.getLogger(__name__)

CONNECT_LIMIT_S = 10.0
_CLOSE_LIMIT_S = 2.0
_LONGEST_MESSAGE = 2000


class McpHost:
    """The MCP connections of one session, opened when they are first needed."""

    def __init__(self) -> None:
        self._links: dict[str, _Link] = {}
        self._owners: set[asyncio.Task[None]] = set()

    async def list_tools(self, server: HostedServer) -> Sequence[HostedTool]:
        """Connect, and return all tools; raises HostedFailure."""
        async with self._find_link(server).use() as client:
            tools = await read_pages(client)
        return clean_tools(tools)

    async def run_tool(self, server: HostedServer, tool: str, arguments: JsonObject) -> str:
        """Call a tool and return its output as text; raises HostedFailure."""
        link = self._find_link(server)
        async with link.use() as client:
            result = await client.call_tool(tool, arguments)
        text = render_result(result)
        if result.is_error:
            message = link.tidy(text) or "The tool failed and does not say why."
            raise HostedFailure(HostedError("tool_execution_error", message))
        return text

    async def close(self) -> None:
        """Close all connections; a server that does not let go is left."""
        for link in self._links.values():
            link.retire()
        if owners := set(self._owners):
            _, busy = await asyncio.wait(owners, timeout=_CLOSE_LIMIT_S)
            for owner in busy:
                owner.cancel()

    def _find_link(self, server: HostedServer) -> _Link:
        """Return the way to a server; one label means one server at a time."""
        link = self._links.get(server.label)
        if link is None or link.server != server:
            if link is not None:
                link.retire()
            link = self._links[server.label] = _Link(server, self._owners)
        return link


@dataclass(slots=True)
class _Connection:
    """One connection: its client once there is one, how to end it, and how many use it or wait for it.

    Attributes:
        retired: whether it ends as soon as nobody uses it.

    """

    client: asyncio.Future[Client]
    leave: asyncio.Event
    owner: asyncio.Task[None]
    users: int = 0
    retired: bool = False

    def end_if_idle(self) -> None:
        """End it where nobody uses it: an attempt to connect at once, a retired one in good order."""
        if self.users:
            return
        if not self.client.done():
            self.owner.cancel()
        elif self.retired:
            self.leave.set()


class _Link:
    """The way to one server: at most one connection that can be used."""

    def __init__(self, server: HostedServer, owners: set[asyncio.Task[None]]) -> None:
        self.server = server
        self._owners = owners
        self._current: _Connection | None = None
        self._status = 0  # of the last HTTP answer that was an error

    @contextlib.asynccontextmanager
    async def use(self) -> AsyncIterator[Client]:
        """Yield the client, connected; whatever goes wrong inside becomes a HostedFailure."""
        self._status = 0
        connection = self._current
        if connection is None or connection.owner.done():
            connection = self._current = self._open()
        connection.users += 1
        try:
            client = await asyncio.shield(connection.client)
            self._status = 0  # a server may refuse what was only tried to find out how to speak to it
            yield client
        except Exception as error:  # a border: here answers of strangers are parsed
            log.debug("the MCP server %s failed", self.server.label, exc_info=error)
            if connection is self._current and _is_lost(error):
                self.retire()
            raise HostedFailure(self._explain(error)) from error
        finally:
            connection.users -= 1
            connection.end_if_idle()

    def retire(self) -> None:
        """Let the next order connect afresh; calls on the old connection may still end."""
        connection, self._current = self._current, None
        if connection is not None:
            connection.retired = True
            connection.end_if_idle()

    def tidy(self, text: str) -> str:
        """Return a server's words without the credentials that it was sent, and not too many of them."""
        secrets = [value for _, value in self.server.headers]
        if self.server.authorization is not None:
            secrets.append(self.server.authorization)
        for secret in secrets:
            if len(secret.reveal()) > 3:
                text = text.replace(secret.reveal(), str(secret))
        return text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]} …"

    def _explain(self, error: Exception) -> HostedError:
        from mcp import MCPError
        from mcp_types import METHOD_NOT_FOUND

        if not isinstance(error, MCPError):
            message = f"The answer breaks the protocol: {shorten_error(error)}."
            return HostedError("protocol_error", self.tidy(message), INTERNAL_ERROR)
        code, message = error.code, error.message or "The server does not say what is wrong."
        if self._status and (
            code in (CONNECTION_LOST, INTERNAL_ERROR) or (code, message) == (METHOD_NOT_FOUND, "Not Found")
        ):
            # the package does not tell the status; of two calls that fail at a time it may be the other's
            return HostedError("http_error", f"The server answered with status {self._status}.", self._status)
        return HostedError("protocol_error", self.tidy(message), code)

    def _open(self) -> _Connection:
        client: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        leave = asyncio.Event()
        owner = asyncio.create_task(self._own(client, leave))
        self._owners.add(owner)
        owner.add_done_callback(self._owners.discard)
        return _Connection(client, leave, owner)

    async def _own(self, ready: asyncio.Future[Client], leave: asyncio.Event) -> None:
        """Hold a connection until it is lost, given up or closed."""
        error: BaseException | None = None
        try:
            await self._hold(ready, leave)
        except BaseException as failure:  # also what the package cancels, which comes in groups
            error = failure
            if any(isinstance(leaf, (KeyboardInterrupt, SystemExit)) for leaf in find_leaves(failure)):
                raise
        finally:
            if not ready.done():
                ready.set_exception(_explain_connecting(self.server, error))
                ready.exception()  # seen, also where nobody waits any more

    async def _hold(self, ready: asyncio.Future[Client], leave: asyncio.Event) -> None:
        # the package takes a second to load; other sessions go on meanwhile
        await asyncio.get_running_loop().run_in_executor(None, importlib.import_module, "mcp")
        from mcp import Client
        from mcp.client.streamable_http import streamable_http_client

        quieten("mcp.client.streamable_http")
        url = self.server.url or ""
        async with self._open_http() as http:
            transport = streamable_http_client(url, http_client=http)
            async with Client(transport, cache=None) as client:
                ready.set_result(client)
                await leave.wait()

    def _open_http(self) -> httpx2.AsyncClient:
        import httpx2

        from agentrun.mcp.bounded import BoundedTransport

        async def note_status(response: httpx2.Response) -> None:
            if response.status_code >= 400 and response.request.method == "POST":
                self._status = response.status_code

        server = self.server
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


def _is_lost(error: Exception) -> bool:
    """Whether nothing more can come of a connection; a server that forgot a session refuses it for ever."""
    from mcp import MCPError
    from mcp_types import INVALID_REQUEST

    return isinstance(error, MCPError) and (
        error.code == CONNECTION_LOST or (error.code == INVALID_REQUEST and "ession" in error.message)
    )


def _explain_connecting(server: HostedServer, error: BaseException | None) -> Exception:
    from mcp import MCPError

    leaves = list(find_leaves(error)) if error is not None else []
    # what the transport says is nearer to the cause than what the session made of it
    cause = next((leaf for leaf in leaves if type(leaf).__module__.startswith("httpx2")), None)
    known = next((leaf for leaf in leaves if isinstance(leaf, MCPError)), None)
    if known is not None and cause is None:
        return known
    return MCPError(CONNECTION_LOST, f"Cannot connect to {server.url}: {shorten_error(cause)}.")
