"""Faults of HTTP requests, in front of all routes."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from agentrun.engine.faults.desk import FaultDesk
from agentrun.engine.faults.shell import spoil_handshake
from agentrun.engine.http.front import render_refusal
from agentrun.engine.http.refusals import RequestRefused

_PART = "/realtime"
"""Stands in the path of every request of the API; health stays what it is."""


class SpoiledRequests:
    """ASGI middleware that refuses, delays or never answers requests of the API, where faults ask for it."""

    def __init__(self, app: ASGIApp, faults: FaultDesk) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, unless something happens to it."""
        if scope["type"] == "http" and _PART in scope["path"] and scope["method"] != "OPTIONS":
            try:
                if not await self._spoil(scope, receive):
                    return
            except RequestRefused as refusal:
                await render_refusal(refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _spoil(self, scope: Scope, receive: Receive) -> bool:
        async def wait_until_gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        plans = self._faults.find(Headers(scope=scope))
        actions = [action for plan in plans for action in plan.request()]
        return await spoil_handshake(actions, wait_until_gone)
