"""The engine as a web application: its routes, alone on a port or inside another application.

`API_ROUTES` names every group of routes below `/v1`. Each takes the engine's switchboard and returns routes;
a new part of the API is a module with such a function and a line here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from agentrun.engine.calls.routes import call_routes
from agentrun.engine.calls.simulating import simulating_routes
from agentrun.engine.http.front import Front, answer_failure, answer_http_error, answer_refusal, deny_socket
from agentrun.engine.http.minting import minting_routes
from agentrun.engine.http.realtime import RealtimeSocket
from agentrun.engine.http.refusals import RequestRefused
from agentrun.engine.http.spoiling import SpoiledRequests
from agentrun.engine.http.switchboard import Switchboard

PREFIXES = ("/v1", "/openai/v1")
"""Where the API stands: as at OpenAI, and as at Azure OpenAI."""


def _realtime_routes(board: Switchboard) -> list[BaseRoute]:
    socket = RealtimeSocket(board)
    return [
        WebSocketRoute("/realtime", socket),
        WebSocketRoute("/realtime/", socket),
        Route("/realtime", _ask_for_upgrade, methods=["GET"]),
    ]


RouteGroup = Callable[[Switchboard], list[BaseRoute]]
API_ROUTES: Sequence[RouteGroup] = (_realtime_routes, minting_routes, call_routes)


def build_app(board: Switchboard) -> ASGIApp:
    """Make the application of an engine that has a port of its own."""
    api = _build_api(board)
    own = [Route("/healthz", _show_health), *simulating_routes(board)]
    return _finish(board, [*own, *(Mount(prefix, api) for prefix in PREFIXES)])


def build_mounts(board: Switchboard) -> list[BaseRoute]:
    """Make the routes of an engine inside another application."""
    app = _finish(board, _build_api(board).routes)
    return [Mount(prefix, app) for prefix in PREFIXES]


def _build_api(board: Switchboard) -> Router:
    routes = [route for group in API_ROUTES for route in group(board)]
    return Router(routes, redirect_slashes=False, default=_find_nothing)


def _finish(board: Switchboard, routes: Sequence[BaseRoute]) -> ASGIApp:
    app = Starlette(
        routes=routes,
        exception_handlers={
            RequestRefused: answer_refusal,
            HTTPException: answer_http_error,
            Exception: answer_failure,
        },
    )
    app.router.redirect_slashes = False
    app.router.default = _find_nothing
    return Front(SpoiledRequests(app, board.faults))


async def _find_nothing(scope: Scope, _receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await deny_socket(RequestRefused(404, "unknown_url", f"Invalid URL ({scope['path']})"), send)
        return
    raise HTTPException(404)


async def _show_health(_request: Request) -> Response:
    return PlainTextResponse("ok\n")


async def _ask_for_upgrade(_request: Request) -> Response:
    message = "This URL speaks WebSocket: send an upgrade request."
    raise RequestRefused(426, "upgrade_required", message, headers={"upgrade": "websocket"})
