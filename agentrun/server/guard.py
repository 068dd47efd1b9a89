"""Who may come in: the token, the host name, the origin.

Three dangers, three checks. Somebody else on the network: with a token set, every route but health and the
page's own files needs it. A foreign web page in the operator's browser: a WebSocket (or any request that
changes something) whose `Origin` is not this very host is refused. A foreign page that makes its own name
point at 127.0.0.1 (DNS rebinding): without a token, only loopback names are answered.

The token comes as `Authorization: Bearer …`, as `?token=…`, or in a cookie. The page is opened once with
`/?token=…`, which sets the cookie and drops the token from the address. The cookie holds a digest of the
token only.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from agentrun.secret import Secret

_OPEN_PATHS = ("/healthz", "/readyz")
_OPEN_FOLDERS = ("/static/",)

_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "microphone=(self), camera=(), geolocation=()",
    "cache-control": "no-cache",
}

_TOKEN_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>agentrun</title>
<link rel="stylesheet" href="static/style.css">
<main class="token">
  <h1>This page needs a token</h1>
  <p>The terminal where <code>agentrun serve</code> runs shows it.</p>
  <form action="./" method="get">
    <label for="token">Token</label>
    <input id="token" name="token" type="password" autocomplete="off" required autofocus>
    <button class="primary">Open</button>
  </form>
</main>
</html>
"""


class Guard:
    """ASGI middleware in front of every route.

    Args:
        app: what it protects.
        token: what a client must show; None if the server listens on loopback only.
        guarded_by_others: folders of the URL that look after themselves.

    """

    def __init__(self, app: ASGIApp, token: Secret | None, guarded_by_others: tuple[str, ...] = ()) -> None:
        self._app = app
        self._guarded_by_others = guarded_by_others
        self._token = token
        self._digest = digest_token(token) if token else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer for the application, or let the request through with security headers on its answer."""
        if scope["type"] not in ("http", "websocket") or scope["path"].startswith(self._guarded_by_others):
            await self._app(scope, receive, send)
            return
        denial = self._check(HTTPConnection(scope))
        if denial is None:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await WebSocket(scope, receive, send).send_denial_response(denial)
        else:
            await denial(scope, receive, _with_headers(send))

    def _check(self, connection: HTTPConnection) -> Response | None:
        """Return the refusal (or redirection), or None if the request may pass."""
        own = _own_authority(connection)
        if own is None:
            return _deny(400, "bad_host", "the `Host` header names no host")
        if self._token is None and not is_loopback(own[0]):
            return _deny(403, "wrong_host", "only loopback names are served; start with `--token` for others")
        if not has_own_origin(connection):
            return _deny(403, "wrong_origin", "another web page may not use this server")
        path = _path(connection)
        if self._token is None or path in _OPEN_PATHS or path.startswith(_OPEN_FOLDERS):
            return None
        return self._check_token(connection, path)

    def _check_token(self, connection: HTTPConnection, path: str) -> Response | None:
        asked = connection.query_params.get("token")
        if path == "/" and asked is not None and self._is_token(asked):
            return self._welcome(connection)
        scheme, _, bearer = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._is_token(bearer.strip()):
            return None
        if asked is not None and self._is_token(asked):
            return None
        if _same(connection.cookies.get(_cookie_name(connection), ""), self._digest):
            return None
        if path == "/":
            return HTMLResponse(_TOKEN_PAGE, 401)
        message = "a token is needed: `Authorization: Bearer …` or `?token=…`"
        return _deny(401, "unauthorized", message, {"www-authenticate": "Bearer"})

    def _is_token(self, text: str) -> bool:
        return self._token is not None and _same(text, self._token.reveal())

    def _welcome(self, connection: HTTPConnection) -> Response:
        secure = connection.scope["scheme"] == "https"
        response = RedirectResponse("./", 303)
        name = _cookie_name(connection)
        response.set_cookie(name, self._digest, httponly=True, samesite="strict", secure=secure)
        return response


def digest_token(token: Secret) -> str:
    """Return what the cookie holds in place of the token."""
    return hashlib.sha256(b"agentrun page\0" + token.reveal().encode()).hexdigest()


def is_loopback(host: str) -> bool:
    """Return True for names and addresses that never leave this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def has_own_origin(connection: HTTPConnection) -> bool:
    """Return False if a page of another host stands behind the request.

    Programs send no `Origin` and pass; so does plain reading, which browsers protect themselves.
    """
    origin = connection.headers.get("origin")
    if origin is None or connection.scope.get("method") in ("GET", "HEAD"):
        return True
    # A proxy may have taken off the TLS, so the scheme is the page's, not ours.
    scheme = origin.partition(":")[0]
    return _authority(origin) == _authority(f"{scheme}://{connection.headers.get('host', '')}")


def _own_authority(connection: HTTPConnection) -> tuple[str, int] | None:
    return _authority(f"{connection.scope['scheme']}://{connection.headers.get('host', '')}")


def _authority(url: str) -> tuple[str, int] | None:
    """Return host and port of a URL, or None if it has none that can be read."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "ws": 80, "https": 443, "wss": 443}.get(parts.scheme, 0)
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname else None


def _path(connection: HTTPConnection) -> str:
    path: str = connection.scope["path"]
    return path.removeprefix(connection.scope.get("root_path", "")) or "/"


def _cookie_name(connection: HTTPConnection) -> str:
    """Cookies do not keep ports apart, so that the name has to."""
    own = _own_authority(connection)
    return f"agentrun_{own[1] if own else 0}"


def _same(given: str, wanted: str) -> bool:
    return secrets.compare_digest(given.encode(errors="replace"), wanted.encode())


def _deny(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"code": code, "message": message}, status, headers)


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers
