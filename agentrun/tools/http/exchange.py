"""One request and its answer: the only place that knows the exceptions of the HTTP library.

What is read is bounded in bytes, and the caller bounds the time. The body is read as it was sent and unpacked
by `answer`, which bounds what comes out of it.
"""

from __future__ import annotations

import logging
import ssl
from typing import TYPE_CHECKING

from agentrun.tools.call import CodedFailure
from agentrun.tools.http import redirects
from agentrun.tools.http.answer import MOST_BYTES, Answer, Unreadable, read_answer
from agentrun.tools.http.redirects import RedirectRefused, follow
from agentrun.tools.http.request import Request

if TYPE_CHECKING:
    import httpx

logger = logging.getLogger("agentrun.tools")

CONNECT_S = 5.0


class Interrupted(Exception):
    """There is no whole answer.

    Attributes:
        cause: `connect`, `tls` or `lost`, as in `repeats.Ending`.

    """

    def __init__(self, cause: str, reason: str) -> None:
        super().__init__(reason)
        self.cause = cause


async def exchange(
    client: httpx.AsyncClient, request: Request, *, connect_s: float = CONNECT_S, hops: int = 0
) -> Answer:
    """Send a request and read its answer, after at most `hops` redirects.

    Raises:
        Interrupted: the service was not reached, or its answer broke off.
        CodedFailure: the request may not or cannot be sent, or a redirect not be followed.

    """
    for hop in range(hops + 1):
        answer = await _send(client, request, connect_s)
        if not hops or answer.status not in redirects.STATUSES or not answer.location:
            return answer
        try:
            request = follow(request, answer.location)
        except RedirectRefused as error:
            logger.warning("a redirect of %s is not followed: %s", request.host, error)
            text = f"`{request.host}` sent the request to a place where it may not go."
            raise CodedFailure("redirect_refused", text) from error
        logger.debug("redirect %d, to %s", hop + 1, request.host)
    raise CodedFailure("redirect_refused", f"`{request.host}` sent the request from one place to the next.")


async def _send(client: httpx.AsyncClient, request: Request, connect_s: float) -> Answer:
    import httpcore
    import httpx

    from agentrun.tools.http.transport import ALLOW_PRIVATE, AddressRefused

    not_sent = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout)
    broken = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.RemoteProtocolError)
    try:
        async with client.stream(
            request.method,
            request.url,
            headers=[(name.encode(), value.encode()) for name, value in request.headers],
            content=request.content or None,
            timeout=httpx.Timeout(None, connect=connect_s, pool=connect_s),
            extensions={ALLOW_PRIVATE: request.allow_private},
        ) as response:
            return read_answer(response.status_code, response.headers, await _read_body(response))
    except AddressRefused as error:
        logger.warning("refused to reach %s; `allow_hosts` would permit it", error)
        raise CodedFailure("host_refused", f"`{request.host}` may not be reached.") from error
    except not_sent as error:
        raise Interrupted("tls" if _is_about_tls(error) else "connect", _name(error)) from error
    except (httpcore.LocalProtocolError, httpx.InvalidURL) as error:
        raise CodedFailure("bad_request", f"The request is not valid HTTP: {error}.") from error
    except (*broken, Unreadable) as error:
        raise Interrupted("lost", _name(error)) from error


async def _read_body(response: httpx.Response) -> bytes:
    raw = bytearray()
    async for part in response.aiter_raw(64 * 1024):
        raw += part
        if len(raw) > MOST_BYTES:
            break  # the connection is closed: what is still to come may have no end
    return bytes(raw[: MOST_BYTES + 1])


def _is_about_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _name(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()
