"""The connection to one MCP server: one for the whole process, restarted when it is lost.

One task supervises; each attempt runs in a task of its own, because the `mcp` package cancels the task that
opened a client when its transport fails. Calls come from any task. A call is never repeated, because it may
have had its effect.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from agentrun.mcp.groups import find_leaves
from agentrun.mcp.listing import ListedTool, clean_listing, read_pages
from agentrun.plan import McpAddress
from agentrun.tools.call import CodedFailure
from agentrun.tools.mcp.backoff import Backoff
from agentrun.tools.mcp.failures import explain_start, hide_secrets, is_lost
from agentrun.tools.mcp.program import ProgramLog, open_program
from agentrun.tools.mcp.remote import open_remote
from agentrun.wire.json import JsonObject

if TYPE_CHECKING:
    from mcp import Client
    from mcp.client._transport import TransportStreams
    from mcp_types import CallToolResult

log = logging.getLogger("agentrun.mcp")

START_LIMIT_S = 20.0
"""From the start of a server to its list of tools."""
WAIT_S = 2.0
"""How long a tool call waits for a server that is just being started."""
_RELIST_PAUSE_S = 0.2
_MOST_UNANSWERED = 3
"""After so many calls in a row that ran out of time, with no answer between them, a connection is dead."""

OnProgress = Callable[[float, float | None, str | None], None]


class McpLink:
    """The way to one server.

    Args:
        label: names the server in the log.
        address: how it is reached.

    Attributes:
        tools: what it listed last; None until it has been reached for the first time.
        problem: why it cannot be used now; empty if it can, or has not been tried to the end yet.

    """

    def __init__(self, label: str, address: McpAddress) -> None:
        self.label = label
        self.address = address
        self.tools: tuple[ListedTool, ...] | None = None
        self.problem = ""
        self._status = 0
        self._unanswered = 0
        self._client: Client | None = None
        self._up = asyncio.Event()
        self._tried = asyncio.Event()
        self._drop = asyncio.Event()
        self._changed = asyncio.Event()
        self._complaints: set[str] = set()
        self._watchers: list[Callable[[], None]] = []
        self._backoff = Backoff()
        self._owner = asyncio.create_task(self._supervise(), name=f"MCP server {label}")

    @property
    def is_up(self) -> bool:
        """Whether calls can be made now."""
        return self._up.is_set()

    def complain(self, problem: str) -> None:
        """Log what is wrong with what the server offers, once."""
        if problem not in self._complaints:
            self._complaints.add(problem)
            log.warning("MCP server %s: %s", self.label, self.hide(problem))

    def watch(self, note: Callable[[], None]) -> Callable[[], None]:
        """Have `note` called whenever the list of tools is known anew; returns what ends that."""
        self._watchers.append(note)
        return lambda: self._watchers.remove(note)

    async def wait_tried(self) -> None:
        """Return when the server is up, or the first attempt has failed."""
        await self._tried.wait()

    def hide(self, text: str) -> str:
        """Return a text without the credentials of this server."""
        return hide_secrets(self.address, text)

    @property
    def status(self) -> int:
        """Status of the last HTTP answer that was an error, or 0."""
        return self._status

    async def call(
        self, tool: str, arguments: JsonObject, timeout_ms: int, on_progress: OnProgress
    ) -> CallToolResult:
        """Call a tool of the server. Cancelling this tells the server that nobody waits any more.

        Raises:
            CodedFailure: the server is down, so that nothing was sent.
            Exception: whatever the `mcp` package raises; see `failures.judge_failure`.

        """
        client = await self._wait_client()
        loop = asyncio.get_running_loop()
        began_s, self._status = loop.time(), 0

        async def report(progress: float, total: float | None, message: str | None) -> None:
            on_progress(progress, total, message)

        try:
            result = await client.call_tool(tool, arguments, progress_callback=report)
        except asyncio.CancelledError:
            if loop.time() - began_s >= 0.9 * timeout_ms / 1000:
                self._note_unanswered(client)
            raise
        except Exception as error:
            if is_lost(error):
                self._give_up(client)
            raise
        self._unanswered = 0
        return result

    async def aclose(self) -> None:
        """End the connection and, if agentrun started the server, the server with its children."""
        self._owner.cancel()
        await asyncio.wait([self._owner])

    async def _wait_client(self) -> Client:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                await self._up.wait()
        if self._client is None:
            message = f"The server `{self.label}` of this tool cannot be reached now; nothing was sent to it."
            raise CodedFailure("server_down", message)
        return self._client

    def _note_unanswered(self, client: Client) -> None:
        self._unanswered += 1
        if self._unanswered >= _MOST_UNANSWERED:
            self._give_up(client)

    def _give_up(self, client: Client) -> None:
        if client is self._client:
            self._lose()

    def _lose(self) -> None:
        """Take no more calls on a connection that is dead, and start anew."""
        self._client = None
        self._up.clear()
        self._drop.set()

    async def _supervise(self) -> None:
        """Hold one connection after the other, for the life of the process."""
        # the package takes a second to load; calls that need none of this go on meanwhile
        await asyncio.get_running_loop().run_in_executor(None, importlib.import_module, "mcp")
        clock = asyncio.get_running_loop()
        while True:
            self._backoff.note_start(clock.time())
            await self._attempt()
            self._tried.set()
            await asyncio.sleep(self._backoff.next_start_s(clock.time()) - clock.time())

    async def _attempt(self) -> None:
        """Hold one connection until it ends, whatever ends it."""
        notes = ProgramLog(self.label, self.hide)
        self._status, self._unanswered = 0, 0
        self._drop.clear()
        holding = asyncio.create_task(self._hold(notes), name=f"MCP connection {self.label}")
        try:
            await asyncio.wait([holding])
        finally:
            holding.cancel()
            await asyncio.wait([holding])
            self._client = None
            self._up.clear()
        error = None if holding.cancelled() else holding.exception()
        if any(isinstance(leaf, (KeyboardInterrupt, SystemExit)) for leaf in find_leaves(error)):
            raise error or asyncio.CancelledError
        self._tell_down(explain_start(self.address, error, self._status, notes.last))

    def _tell_down(self, problem: str) -> None:
        if problem != self.problem:
            log.warning("MCP server %s cannot be used: %s; it is tried again", self.label, problem)
        self.problem = problem

    async def _hold(self, notes: ProgramLog) -> None:
        from mcp import Client

        async with contextlib.AsyncExitStack() as stack:
            async with asyncio.timeout(START_LIMIT_S):
                client = Client(self._open(notes), cache=None, message_handler=self._on_message)
                await stack.enter_async_context(client)
                tools = await self._list(client)
            # A server may describe its results wrongly, with references that would be dialled, or with
            # patterns that take for ever. What it answers is what counts.
            client.session.validate_tool_result = _accept  # type: ignore[method-assign, assignment]
            self._publish(client, tools)
            following = asyncio.create_task(self._follow(client), name=f"MCP changes {self.label}")
            try:
                await self._drop.wait()
            finally:
                following.cancel()
                await asyncio.wait([following])

    @contextlib.asynccontextmanager
    async def _open(self, notes: ProgramLog) -> AsyncIterator[TransportStreams]:
        if self.address.command:
            opened = open_program(self.address, notes, self._lose)
        else:
            opened = open_remote(self.address, self._note_status)
        async with opened as streams:
            yield streams

    def _note_status(self, status: int) -> None:
        self._status = status

    async def _list(self, client: Client) -> tuple[ListedTool, ...]:
        raw = await read_pages(client)
        tools = clean_listing(raw)
        if len(tools) < len(raw):
            left_out = len(raw) - len(tools)
            log.warning(
                "MCP server %s: %d of its tools left out: a name twice, or one that nobody can call",
                self.label,
                left_out,
            )
        return tools

    def _publish(self, client: Client, tools: tuple[ListedTool, ...]) -> None:
        self._status = 0  # a server may refuse what was only tried to find out how to speak to it
        if tools != self.tools or self.problem:
            log.info("MCP server %s: %d tools", self.label, len(tools))
        changed, self.tools, self.problem = tools != self.tools, tools, ""
        self._client = client
        self._up.set()
        self._tried.set()
        for note in list(self._watchers) if changed else ():
            note()

    async def _on_message(self, message: Any) -> None:
        from mcp_types import ToolListChangedNotification

        if isinstance(message, ToolListChangedNotification):
            self._changed.set()

    async def _follow(self, client: Client) -> None:
        """List anew whenever the server says that its tools have changed."""
        listening = asyncio.create_task(self._listen(client))
        try:
            while True:
                await self._changed.wait()
                await asyncio.sleep(_RELIST_PAUSE_S)  # changes come in swarms
                self._changed.clear()
                try:
                    async with asyncio.timeout(START_LIMIT_S):
                        tools = await self._list(client)
                except Exception as error:  # noqa: BLE001 - answers of a stranger; the old tools stay
                    log.warning("MCP server %s does not list its tools anew: %s", self.label, error)
                else:
                    self._publish(client, tools)
        finally:
            listening.cancel()
            await asyncio.wait([listening])

    async def _listen(self, client: Client) -> None:
        """Hear of changes where the protocol wants one to ask for that (from 2026 on)."""
        from mcp_types.version import MODERN_PROTOCOL_VERSIONS

        offered = client.server_capabilities.tools
        if client.protocol_version not in MODERN_PROTOCOL_VERSIONS or not (offered and offered.list_changed):
            return
        try:
            async with client.listen(tools_list_changed=True) as changes:
                async for _ in changes:
                    self._changed.set()
        except Exception as error:  # a server may promise what it does not have
            log.debug("MCP server %s tells no changes", self.label, exc_info=error)


async def _accept(*_: object) -> None:
    """Take a result as it is."""
