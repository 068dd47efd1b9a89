"""What the HTTP tools of a process share: open connections by host, and tokens. Whoever makes it closes it.

A server keeps one for all its calls, so that the first tool of a call need not wait for certificates, a TLS
handshake and a token. A call that is given none makes its own, as in a rehearsal.

Cookies are not kept (they would pass from one caller to the next), and proxies of the environment are not
used.
"""

from __future__ import annotations

import asyncio
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import TYPE_CHECKING, Self

from agentrun import __version__
from agentrun.tools.http.answer import Answer
from agentrun.tools.http.exchange import exchange
from agentrun.tools.http.oauth import TokenCache
from agentrun.tools.http.request import Request

if TYPE_CHECKING:
    import httpx

    from agentrun.tools.http.transport import Resolve


class HttpConnections:
    """A pool of connections and a store of tokens, for one event loop.

    Args:
        resolve: replaces the system's resolver, for tests.

    Attributes:
        tokens: of OAuth.

    """

    def __init__(self, resolve: Resolve | None = None) -> None:
        self.tokens = TokenCache(self._ask_for_token)
        self._resolve = resolve
        self._client: httpx.AsyncClient | None = None
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def open(self) -> httpx.AsyncClient:
        """Return the client.

        The first time it loads httpx and the certificates, which takes 0.1 s and more: too long for a loop
        that carries audio, so it happens in a thread.
        """
        async with self._opening:
            if self._client is None:
                self._client = await asyncio.to_thread(_build_client, self._resolve)
            return self._client

    async def aclose(self) -> None:
        """Close all connections and forget the tokens; `open` may be called again."""
        await self.tokens.aclose()
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _ask_for_token(self, request: Request) -> Answer:
        return await exchange(await self.open(), request)


def _build_client(resolve: Resolve | None) -> httpx.AsyncClient:
    import httpx

    from agentrun.tools.http.transport import ToolTransport, resolve_host

    client = httpx.AsyncClient(
        transport=ToolTransport(resolve or resolve_host),
        trust_env=False,
        follow_redirects=False,
        headers={"User-Agent": f"agentrun/{__version__}", "Accept-Encoding": "identity"},
    )
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return client
