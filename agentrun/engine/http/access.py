"""Who may come in: keys, client secrets, and which web pages.

Keys: with keys set, a request must show one of them or a client secret made with one. Without keys anything
will do, as a test of a client should not need a real key, but a client secret (`ek_…`) that is unknown or has
expired is refused in any case.

Web pages: without keys, a page that the operator happens to visit could drive the engine, and the engine
dials the MCP servers that a session names. So a request from a page must come from a page of this machine,
unless it shows a client secret that was made here. A page whose own name points at 127.0.0.1 (DNS rebinding)
is told by its `Host`: where the engine listens on loopback only, no other name is answered.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Literal
from urllib.parse import urlsplit

from agentrun.engine.http.refusals import RequestRefused
from agentrun.secret import Secret

SUBPROTOCOL = "realtime"
SECRET_PREFIX = "ek_"
_KEY_SUBPROTOCOL = "openai-insecure-api-key."

Target = Literal["model", "call_id", "intent"]
_TARGETS: tuple[Target, ...] = ("model", "call_id", "intent")


def find_key(headers: Mapping[str, str]) -> str:
    """Return the key of a request, from a header or from a browser's subprotocol; empty if none.

    Args:
        headers: names in lower case.

    """
    bearer = headers.get("authorization", "")
    if bearer[:7].lower() == "bearer ":
        return bearer[7:].strip()
    offered = (name.strip() for name in headers.get("sec-websocket-protocol", "").split(","))
    keys = (name.removeprefix(_KEY_SUBPROTOCOL) for name in offered if name.startswith(_KEY_SUBPROTOCOL))
    return headers.get("api-key") or next(keys, "")


def check_key(key: str, keys: Sequence[Secret]) -> None:
    """Refuse a key that is not one of those set; none set means that any will do.

    Raises:
        RequestRefused: 401.

    """
    if key.startswith(SECRET_PREFIX):
        raise refuse_key("The client secret is unknown or has expired.")
    # every key is compared, so that the time taken tells nothing
    known = [hmac.compare_digest(key.encode(errors="replace"), one.reveal().encode()) for one in keys]
    if keys and not any(known):
        raise refuse_key("Incorrect API key provided." if key else "You didn't provide an API key.")


def refuse_key(message: str) -> RequestRefused:
    """Return the refusal of a key."""
    headers = {"www-authenticate": "Bearer"}
    return RequestRefused(HTTPStatus.UNAUTHORIZED, "invalid_api_key", message, headers=headers)


def check_host(headers: Mapping[str, str]) -> None:
    """Refuse a request that calls this machine by a name from outside, for engines on loopback.

    Raises:
        RequestRefused: 403.

    """
    host = _find_host(f"http://{headers.get('host', '')}")
    if host is None or not is_loopback(host):
        message = "This engine answers to loopback names only, such as 127.0.0.1 and localhost."
        raise RequestRefused(HTTPStatus.FORBIDDEN, "wrong_host", message)


def check_origin(headers: Mapping[str, str]) -> None:
    """Refuse a request from a web page of another machine; programs send no `Origin`.

    Raises:
        RequestRefused: 403.

    """
    origin = headers.get("origin")
    if origin is None:
        return
    host = _find_host(origin)
    if host is None or not is_loopback(host):
        message = (
            "Without API keys this engine serves no web pages of other machines: start it with a key, or"
            " connect with a client secret."
        )
        raise RequestRefused(HTTPStatus.FORBIDDEN, "wrong_origin", message)


def is_loopback(host: str) -> bool:
    """Return True for names and addresses that never leave this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _find_host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def find_target(query: Mapping[str, str]) -> tuple[Target, str] | None:
    """Return what a connection is for: a model's name, the id of a call, or the kind of session.

    A model makes it a conversation whatever its `intent`, as at the service.

    Returns:
        The parameter and its value; None if the query names none, for connections whose key says it.

    Raises:
        RequestRefused: 400: there is more than one.

    """
    named: list[tuple[Target, str]] = [(name, query[name]) for name in _TARGETS if query.get(name)]
    if [name for name, _ in named] == ["model", "intent"]:
        return named[0]
    if len(named) > 1:
        both = " and ".join(f"'{name}'" for name, _ in named)
        message = f"Only one of {both} may be given."
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "invalid_value", message, named[1][0])
    return named[0] if named else None
