"""OpenAPI documents at an address: read once in a process, under the rules for all HTTP tools.

It happens when an agent is loaded for running, before there is a call, and is waited for.
"""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from agentrun.errors import ToolError
from agentrun.tools.http.addresses import is_allowed
from agentrun.tools.http.answer import MOST_BYTES
from agentrun.tools.http.request import Request

if TYPE_CHECKING:
    from agentrun.tools.http.transport import Resolve

FETCH_S = 15.0
_lock = threading.Lock()
_known: dict[tuple[str, tuple[str, ...]], str] = {}


def fetch_document(address: str, allow_hosts: tuple[str, ...], *, resolve: Resolve | None = None) -> str:
    """Return the text at an address; blocks, also where an event loop is running.

    Args:
        address: `http` or `https`.
        allow_hosts: hosts that may be private.
        resolve: replaces the system's resolver, for tests.

    Raises:
        OSError: it cannot be had; the text says why.

    """
    with _lock:
        key = (address, allow_hosts)
        if key not in _known:
            _known[key] = _run_apart(_make_request(address, allow_hosts), resolve)
        return _known[key]


def forget_documents() -> None:
    """Read every document anew from now on."""
    with _lock:
        _known.clear()


def _make_request(address: str, allow_hosts: tuple[str, ...]) -> Request:
    url = urlsplit(address)
    host = url.hostname or ""
    headers = (("Accept", "application/json, application/yaml, */*;q=0.5"),)
    return Request("GET", address, host, headers, b"", is_allowed(host, url.port, allow_hosts), allow_hosts)


def _run_apart(request: Request, resolve: Resolve | None) -> str:
    """Fetch on a loop of its own: the caller's, if there is one, is busy with the caller."""
    told: list[str | OSError] = []

    def work() -> None:
        try:
            told.append(asyncio.run(_fetch(request, resolve)))
        except OSError as error:
            told.append(error)

    thread = threading.Thread(target=work, name="openapi document")
    thread.start()
    thread.join()
    if not told:
        raise OSError("it could not be read")
    if isinstance(told[0], OSError):
        raise told[0]
    return told[0]


async def _fetch(request: Request, resolve: Resolve | None) -> str:
    from agentrun.tools.http.connections import HttpConnections
    from agentrun.tools.http.exchange import Interrupted, exchange
    from agentrun.tools.http.redirects import MOST_HOPS

    try:
        async with HttpConnections(resolve) as web, asyncio.timeout(FETCH_S):
            answer = await exchange(await web.open(), request, hops=MOST_HOPS)
    except TimeoutError:
        raise OSError(f"no answer in {FETCH_S:g} s") from None
    except (ToolError, Interrupted) as error:
        raise OSError(str(error)) from error
    if answer.status != 200:
        raise OSError(f"the service answered {answer.status}")
    text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
    if len(text.encode()) >= MOST_BYTES:
        raise OSError("it is larger than 1 MiB")
    return text
