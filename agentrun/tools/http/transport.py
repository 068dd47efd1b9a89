"""The network below HTTP tools: a host is resolved once, and only a public address is dialled.

The check sits where the connection is made, on the very address that is dialled. Checking the name first and
letting the HTTP library resolve it again would leave a gap in which the answer may change (DNS rebinding).
Hosts that the agent file allows although they are private have a pool of their own, so that a tool without
that permission never gets such a connection from the pool.

Imported lazily by `http`, because httpx takes a tenth of a second to load.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from functools import cache
from typing import Any, TypeAlias

import httpcore
import httpx

from agentrun.tools.http.addresses import is_public

Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]
"""Host and port to addresses as text, best first."""

ALLOW_PRIVATE = "agentrun.allow_private"
"""Key in a request's `extensions`: True if the file allows this host to be private."""


class AddressRefused(Exception):
    """A host has no address that a tool may reach. Attributes: host."""

    def __init__(self, host: str) -> None:
        super().__init__(f"`{host}` is a private or local address")
        self.host = host


async def resolve_host(host: str, port: int) -> list[str]:
    """Ask the system's resolver.

    Raises:
        OSError: the name is unknown or the resolver does not answer.

    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class PublicBackend(httpcore.AsyncNetworkBackend):
    """Dials like httpcore's own backend, but only public addresses, of one look-up.

    TLS is not touched: the certificate is still checked against the host's name.
    """

    def __init__(self, resolve: Resolve = resolve_host) -> None:
        self._resolve = resolve
        self._dial = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first public address that answers; see httpcore's `AsyncNetworkBackend`.

        Raises:
            AddressRefused: the host has addresses, and none is public.

        """
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._resolve(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"`{host}` could not be resolved in time") from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"`{host}` could not be resolved") from error
        public = [address for address in addresses if is_public(address)]
        if not public:
            raise AddressRefused(host)
        for address in public[:-1]:
            try:
                return await self._dial.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._dial.connect_tcp(public[-1], port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Sleep; httpcore asks for it between its own tries."""
        await asyncio.sleep(seconds)


class ToolTransport(httpx.AsyncBaseTransport):
    """httpx over two pools: one for public hosts, one for hosts that the file allows by name."""

    def __init__(self, resolve: Resolve = resolve_host) -> None:
        self._public = _open_pool(PublicBackend(resolve))
        self._allowed = _open_pool(None)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; raises httpcore's exceptions, which tell what was sent, and `AddressRefused`."""
        url = request.url
        assert isinstance(request.stream, httpx.AsyncByteStream)
        pool = self._allowed if request.extensions.get(ALLOW_PRIVATE) else self._public
        response = await pool.handle_async_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response.stream))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._public.aclose()
        await self._allowed.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context()  # 50 ms, and the same for every call


def _open_pool(backend: httpcore.AsyncNetworkBackend | None) -> httpcore.AsyncConnectionPool:
    return httpcore.AsyncConnectionPool(
        ssl_context=_certificates(),
        max_connections=100,
        max_keepalive_connections=20,
        keepalive_expiry=60.0,  # so that the second tool call of a call needs no new TLS handshake
        network_backend=backend,
    )
