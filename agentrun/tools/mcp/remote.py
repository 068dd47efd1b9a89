"""An MCP server on the network: streamable HTTP, with bounds and with the credentials of the file."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from agentrun.plan import McpAddress, OAuthClient
from agentrun.secret import reveal

if TYPE_CHECKING:
    import httpx2
    from mcp.client._transport import TransportStreams
    from mcp.shared.auth import OAuthClientInformationFull, OAuthToken

CONNECT_LIMIT_S = 5.0


@contextlib.asynccontextmanager
async def open_remote(
    address: McpAddress, note_status: Callable[[int], None]
) -> AsyncIterator[TransportStreams]:
    """Yield the streams of a server, as a transport of the `mcp` package.

    Args:
        address: has a URL.
        note_status: is told the HTTP status of every answer that is an error; the package does not tell it.

    """
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    from agentrun.mcp.bounded import BoundedTransport
    from agentrun.mcp.groups import quieten

    quieten("mcp.client.streamable_http")

    async def look(response: httpx2.Response) -> None:
        if response.status_code >= 400 and response.request.method == "POST":
            note_status(response.status_code)

    url = reveal(address.url or "")
    client = httpx2.AsyncClient(
        headers=_make_headers(address),
        auth=_make_auth(address, url),
        timeout=httpx2.Timeout(CONNECT_LIMIT_S, read=None),  # tools have deadlines of their own
        trust_env=False,
        transport=BoundedTransport(httpx2.AsyncHTTPTransport(trust_env=False)),
        event_hooks={"response": [look]},
    )
    async with client, streamable_http_client(url, http_client=client) as streams:
        yield streams


def _make_headers(address: McpAddress) -> dict[str, str]:
    headers = {name: reveal(value) for name, value in address.headers}
    if address.authorization is not None and not isinstance(address.authorization, OAuthClient):
        headers["Authorization"] = f"Bearer {reveal(address.authorization)}"
    return headers


def _make_auth(address: McpAddress, url: str) -> httpx2.Auth | None:
    """Return what gets tokens as the server asks for them: OAuth 2, client credentials."""
    given = address.authorization
    if not isinstance(given, OAuthClient):
        return None
    import warnings

    from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without an `issuer`, whichever the server names is asked
        return ClientCredentialsOAuthProvider(
            url,
            _Tokens(),
            reveal(given.client_id),
            reveal(given.client_secret),
            issuer=given.issuer,
        )


class _Tokens:
    """Keeps what an authorization server gave, as long as the connection lives."""

    def __init__(self) -> None:
        self._tokens: OAuthToken | None = None
        self._client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self._tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self._tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self._client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self._client = client_info
