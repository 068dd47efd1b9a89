"""Where a redirect may lead, and what goes along.

Only reads follow one: a write that is answered with a redirect may have been done or not, and sending it
again elsewhere is not what the file says. The host stands in the file: it is the tool's own, or one that
`allow_hosts` names. Another origin gets none of the file's headers, because any of them may be a key. The
address of every hop is resolved and checked anew, where the connection is made.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import SplitResult, urljoin, urlsplit

from agentrun.tools.http.addresses import is_allowed
from agentrun.tools.http.request import Request

STATUSES = frozenset({301, 302, 303, 307, 308})
MOST_HOPS = 3
_HARMLESS = frozenset({"accept", "accept-language"})
_PORTS = {"http": 80, "https": 443}


class RedirectRefused(Exception):
    """A redirect leads where a tool may not go; the text says why, for the log. It names no path."""


def follow(request: Request, location: str) -> Request:
    """Return the request that a redirect asks for.

    Raises:
        RedirectRefused: it may not be followed.

    """
    try:
        old, new = urlsplit(request.url), urlsplit(urljoin(request.url, location))
        host, port = new.hostname or "", new.port
    except ValueError:
        raise RedirectRefused("its target is not an address") from None
    if new.scheme not in _PORTS or not host:
        raise RedirectRefused(f"it leads to `{new.scheme[:20]}`, which is not http")
    if old.scheme == "https" and new.scheme == "http":
        raise RedirectRefused("it leads from https to http")
    allowed = is_allowed(host, port, request.allow_hosts)
    if host != old.hostname and not allowed:
        raise RedirectRefused(f"it leads to another host, `{host}`; `allow_hosts` would permit it")
    headers = request.headers
    if not _is_same_origin(old, new):
        headers = tuple(pair for pair in headers if pair[0].lower() in _HARMLESS)
    url = new._replace(netloc=new.netloc.rpartition("@")[2], fragment="").geturl()
    return replace(
        request, url=url, host=host, headers=headers, grant=None, content=b"", allow_private=allowed
    )


def _is_same_origin(old: SplitResult, new: SplitResult) -> bool:
    """Tell whether keys may go along: to the same origin, or from http to https of the same host."""
    ports = [parts.port or _PORTS.get(parts.scheme, 0) for parts in (old, new)]
    same = old.scheme == new.scheme and ports[0] == ports[1]
    upgraded = old.scheme == "http" and new.scheme == "https" and ports == [80, 443]
    return old.hostname == new.hostname and (same or upgraded)
