"""A call from a browser: from the handshake to the last word."""

from __future__ import annotations

import asyncio

from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket

from agentrun.channels.browser import BrowserChannel
from agentrun.conversation.reports import CallEnded
from agentrun.errors import AgentrunError, ConfigError, ConnectFailed
from agentrun.server.desk import CallDesk
from agentrun.server.lines import Lines
from agentrun.server.sockets import StarletteSocket

GOING_AWAY = 1001
POLICY_VIOLATION = 1008
INTERNAL_ERROR = 1011

DRAINING = "the server is shutting down"


async def answer_browser(websocket: WebSocket) -> None:
    """Serve `WS /agents/{name}/ws`."""
    desk: CallDesk = websocket.app.state.desk
    lines: Lines = websocket.app.state.lines
    name: str = websocket.path_params["name"]
    if (denial := deny_call(desk, lines, name)) is not None:
        await websocket.send_denial_response(denial)
        return
    await websocket.accept()
    line = BrowserLine(BrowserChannel(StarletteSocket(websocket)))
    with lines.hold(line):
        await line.hold(desk, name)


def deny_call(desk: CallDesk, lines: Lines, name: str) -> Response | None:
    """Return why a call to the agent `name` cannot be taken now, or None if it can.

    An engine that is out of reach is no reason: it may be back, and if not, the call says what is wrong.
    """
    if name not in {card.name for card in desk.agents()}:
        return _deny(404, "unknown_agent", "no agent has this name; `GET /agents` lists them")
    if desk.draining:
        return _deny(503, "draining", DRAINING)
    if desk.max_calls is not None and len(lines) >= desk.max_calls:
        return _deny(503, "busy", f"all {desk.max_calls} lines are busy; try again later")
    return None


def check_ready(desk: CallDesk) -> tuple[bool, str]:
    """Return whether calls should be sent here, and why not."""
    return (False, DRAINING) if desk.draining else desk.ready()


def _deny(status: int, code: str, message: str) -> Response:
    return JSONResponse({"code": code, "message": message}, status)


class BrowserLine:
    """One call from a browser; satisfies `agentrun.server.lines.Line`."""

    def __init__(self, channel: BrowserChannel) -> None:
        self._channel = channel
        self._holding: asyncio.Task[None] | None = None

    def warn(self, code: str, message: str) -> None:
        """Tell the page something."""
        self._channel.warn(code, message)

    def leave(self, reason: str) -> None:
        """End the call as if the caller had left."""
        self._channel.leave(reason)

    def cut(self) -> None:
        """Stop the call where it is; the page is still told."""
        if self._holding is not None:
            self._holding.cancel()

    async def hold(self, desk: CallDesk, agent: str) -> None:
        """Hold the call until it is over, and close the socket with a code that says how."""
        # The call has a task of its own, because `cut` must not cancel the task of the web server.
        self._holding = asyncio.create_task(self._take(desk, agent))
        try:
            await asyncio.wait([self._holding])
            if self._holding.cancelled():
                self._tell_end("shutting_down")
                await self._channel.aclose(GOING_AWAY, "shutting down")
            else:
                self._holding.result()
        finally:
            self._holding.cancel()
            await self._channel.aclose(INTERNAL_ERROR, "internal error")

    async def _take(self, desk: CallDesk, agent: str) -> None:
        variables = await self._channel.wait_start()
        if variables is None:
            await self._channel.aclose(POLICY_VIOLATION, "the call was not started")
            return
        try:
            self._tell_end(await desk.take(agent, variables, self._channel))
        except AgentrunError as error:
            self._tell_error(error)
            self._tell_end("error")
        await self._channel.aclose()

    def _tell_end(self, reason: str) -> None:
        if not self._channel.ended:
            self._channel.tell(CallEnded(reason))

    def _tell_error(self, error: AgentrunError) -> None:
        match error:
            case ConfigError():
                for finding in error.diagnostics:
                    if finding.severity == "error":
                        self._channel.warn(finding.code, finding.message, finding.hint)
            case ConnectFailed():
                self._channel.warn("link_failed", str(error), error.hint)
            case _:
                self._channel.warn("call_failed", str(error))
