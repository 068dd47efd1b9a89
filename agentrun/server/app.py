"""The routes of `serve`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from agentrun.secret import Secret
from agentrun.server.calls import answer_browser, check_ready
from agentrun.server.desk import CallDesk
from agentrun.server.guard import Guard
from agentrun.server.lines import Lines

STATIC = Path(__file__).parent / "static"

ENGINE_FOLDERS = ("/v1/", "/openai/v1/")
"""Where the embedded engine stands; it looks after itself, with the same token as its key."""


def build_app(desk: CallDesk, *, token: Secret | None = None, engine: Sequence[BaseRoute] = ()) -> Starlette:
    """Make the application; `app.state` has the `desk` and the live `lines`.

    Args:
        desk: takes the calls.
        token: needed on every route but health, if given; without it only loopback names are answered.
        engine: the routes of the embedded engine, where it is used.

    """
    routes: list[BaseRoute] = [
        Route("/", show_page),
        Route("/healthz", show_health),
        Route("/readyz", show_readiness),
        Route("/agents", list_agents),
        WebSocketRoute("/agents/{name}/ws", answer_browser),
        Mount("/static", StaticFiles(directory=STATIC)),
        *engine,
    ]
    guard = Middleware(Guard, token=token, guarded_by_others=ENGINE_FOLDERS if engine else ())
    app = Starlette(routes=routes, middleware=[guard])
    app.router.redirect_slashes = False  # such a redirection would go to whatever the `Host` header names
    app.state.desk = desk
    app.state.lines = Lines()
    return app


async def show_page(_request: Request) -> Response:
    """Serve the page."""
    return FileResponse(STATIC / "index.html", media_type="text/html")


async def show_health(_request: Request) -> Response:
    """Say that the process is alive."""
    return JSONResponse({"status": "ok"})


async def show_readiness(request: Request) -> Response:
    """Say whether new calls are taken (200) or not (503), and why."""
    desk: CallDesk = request.app.state.desk
    ready, message = check_ready(desk)
    lines = len(request.app.state.lines)
    body = {"ready": ready, "message": message, "calls": lines, "max_calls": desk.max_calls}
    return JSONResponse(body, 200 if ready else 503)


async def list_agents(request: Request) -> Response:
    """List the agents, and name the engine that speaks for them."""
    desk: CallDesk = request.app.state.desk
    return JSONResponse({"agents": [asdict(card) for card in desk.agents()], "engine": desk.engine})
