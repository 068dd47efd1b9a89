"""What stands on every answer of the engine: an id, CORS, and errors in the API's shape."""

from __future__ import annotations

import json
import secrets
from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agentrun.engine.http.refusals import RequestRefused

_CORS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "Location, X-Request-Id, Retry-After",
}
_PREFLIGHT_AGE_S = 600


class Front:
    """ASGI middleware that puts the usual headers on answers and answers the preflights of browsers.

    A web page may read every answer; whether it is served is decided by `access`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is not HTTP untouched: nothing stands in the way of frames."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in make_headers().items():
                    headers[name] = value
            await send(message)

        if scope["method"] == "OPTIONS":
            await _answer_preflight(scope, receive, send_dressed)
        else:
            await self._app(scope, receive, send_dressed)


def make_headers() -> dict[str, str]:
    """Return the headers of one answer."""
    return {**_CORS, "x-request-id": make_request_id()}


def make_request_id() -> str:
    """Return what an answer is known by in reports of trouble."""
    return f"req_{secrets.token_hex(16)}"


async def _answer_preflight(scope: Scope, receive: Receive, send: Send) -> None:
    asked = Request(scope).headers.get("access-control-request-headers", "*")
    headers = {
        "access-control-allow-methods": "GET, POST, OPTIONS",
        "access-control-allow-headers": asked,
        "access-control-max-age": str(_PREFLIGHT_AGE_S),
    }
    await Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)(scope, receive, send)


def render_refusal(refusal: RequestRefused) -> Response:
    """Return the response of a refusal."""
    return JSONResponse(refusal.render(), refusal.status, dict(refusal.headers))


async def deny_socket(refusal: RequestRefused, send: Send) -> None:
    """Refuse a WebSocket handshake with an HTTP response."""
    body = json.dumps(refusal.render()).encode()
    headers = {"content-type": "application/json", **refusal.headers, **make_headers()}
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    start = {"type": "websocket.http.response.start", "status": refusal.status, "headers": encoded}
    await send(start)
    await send({"type": "websocket.http.response.body", "body": body})


async def answer_refusal(_request: Request, error: Exception) -> Response:
    """Answer a request that an endpoint has refused."""
    assert isinstance(error, RequestRefused)
    return render_refusal(error)


async def answer_http_error(request: Request, error: Exception) -> Response:
    """Answer what the router refuses: unknown paths and wrong methods."""
    assert isinstance(error, HTTPException)
    asked = f"{request.method} {request.url.path}"
    if error.status_code == HTTPStatus.NOT_FOUND:
        refusal = RequestRefused(error.status_code, "unknown_url", f"Invalid URL ({asked})")
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        refusal = RequestRefused(
            error.status_code, "method_not_supported", f"Invalid method for URL ({asked})"
        )
    else:
        refusal = RequestRefused(error.status_code, "invalid_request", error.detail)
    refusal.headers = error.headers or {}
    return render_refusal(refusal)


async def answer_failure(_request: Request, _error: Exception) -> Response:
    """Answer where we have failed; the failure itself goes to the log."""
    message = "The engine had an error while processing your request."
    return render_refusal(RequestRefused(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", message))
