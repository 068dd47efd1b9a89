"""One HTTP server that thinks, listens or speaks: a client with bounds, opened when it is first needed.

A request is bounded as a whole or from piece to piece by whoever reads the answer; here are the bounds of
connecting and of the first byte. Leaving the block of `post` closes the connection if the answer was not read
to its end, so that a cancelled response costs the server no further work.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from agentrun import __version__
from agentrun.engine.remote.failures import RemoteFailed, explain_status
from agentrun.secret import Secret

if TYPE_CHECKING:
    import httpx

CONNECT_S = 5.0
MAX_ERROR_BYTES = 64 * 1024
_BASE = re.compile(r"(/v\d\w*|/openai)$")


def complete_url(url: str, path: str) -> str:
    """Return where to post.

    Args:
        url: a base as OpenAI's (`http://127.0.0.1:11434/v1`, or only the host), or the whole address where a
            server has a path of its own (`http://127.0.0.1:8080/inference`).
        path: what comes after a base, such as `/chat/completions`.

    Raises:
        ValueError: it is no HTTP address.

    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"`{url}` is not an HTTP address such as http://127.0.0.1:11434/v1")
    stem = parts.path.rstrip("/")
    if not stem:
        stem = "/v1"
    full = stem + path if _BASE.search(stem) else stem
    return urlunsplit((parts.scheme, parts.netloc, full, parts.query, ""))


class RemoteServer:
    """A server and the connections to it, shared by all sessions.

    Args:
        url: where to post.
        key: goes into `Authorization`.
        first_byte_s: how long the server may take to begin its answer.

    """

    def __init__(self, url: str, key: Secret | None = None, *, first_byte_s: float = 60.0) -> None:
        self.url = url
        self.host = urlsplit(url).netloc.rpartition("@")[2]
        self._key = key
        self._first_byte_s = first_byte_s
        self._client: httpx.AsyncClient | None = None
        self._opening = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def post(self, **content: Any) -> AsyncIterator[httpx.Response]:
        """Post and yield the answer, whose status is 200 and whose body is still to be read.

        Args:
            content: `json`, `data`, `files`, as httpx has them.

        Raises:
            RemoteFailed: there is no such answer, or it broke off while the block read it.

        """
        import httpx

        client = await self._open()
        try:
            request = client.build_request("POST", self.url, **content)
            async with self.within(self._first_byte_s):
                response = await client.send(request, stream=True)
            async with contextlib.aclosing(response):
                if response.status_code != httpx.codes.OK:
                    raise await self._explain(response)
                yield response
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise RemoteFailed(f"nobody answers at {self.host} ({error})", "unreachable") from error
        except httpx.HTTPError as error:
            words = f"{self.host} broke off its answer ({type(error).__name__})"
            raise RemoteFailed(words, "connection_lost") from error

    @contextlib.asynccontextmanager
    async def within(self, wait_s: float) -> AsyncIterator[None]:
        """Bound the wait of the block.

        Raises:
            RemoteFailed: it took longer.

        """
        try:
            async with asyncio.timeout(wait_s):
                yield
        except TimeoutError:
            raise RemoteFailed(f"{self.host} did not answer within {wait_s:g} s", "timeout") from None

    async def aclose(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _open(self) -> httpx.AsyncClient:
        async with self._opening:  # httpx and the certificates take a tenth of a second
            if self._client is None:
                self._client = await asyncio.to_thread(self._build)
        return self._client

    def _build(self) -> httpx.AsyncClient:
        import httpx

        headers = {"User-Agent": f"agentrun/{__version__}"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key.reveal()}"
        name = urlsplit(self.url).hostname or ""
        local = name == "localhost" or name.startswith("127.") or name == "::1"
        return httpx.AsyncClient(
            headers=headers,
            trust_env=not local,  # a proxy of the environment does not lead to this machine
            follow_redirects=False,
            timeout=httpx.Timeout(None, connect=CONNECT_S),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=50, keepalive_expiry=60),
        )

    async def _explain(self, response: httpx.Response) -> RemoteFailed:
        body = b""
        async with self.within(self._first_byte_s):
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > MAX_ERROR_BYTES:
                    break
        key = self._key.reveal() if self._key is not None else ""
        if key:  # some servers repeat the key that they refuse
            body = body.replace(key.encode(), b"***")
        return explain_status(self.host, response.status_code, response.headers, body)


async def read_all(response: httpx.Response, most_bytes: int) -> bytes:
    """Return a body.

    Raises:
        RemoteFailed: it is longer than anything that makes sense.

    """
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > most_bytes:
            raise RemoteFailed(f"the answer is longer than {most_bytes} bytes", "bad_answer")
    return bytes(body)
