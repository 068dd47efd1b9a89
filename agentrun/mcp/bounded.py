"""An HTTP transport that reads no more of an answer than a tool may need.

A server is a stranger: it may answer without end, or with a few bytes that unpack to gigabytes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2

MAX_ANSWER_BYTES = 4 * 1024 * 1024


class BoundedTransport(httpx2.AsyncBaseTransport):
    """Wraps another transport; an answer that is too long, or compressed unasked, breaks off."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and return the response, its body bounded."""
        request.headers["Accept-Encoding"] = "identity"
        response = await self._inner.handle_async_request(request)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            await response.aclose()
            raise httpx2.StreamError("the server compresses its answers, although it was asked not to")
        if response.headers.get("Content-Type", "").startswith("text/event-stream"):
            return response  # goes on as long as the session; the MCP client bounds each event
        body = response.stream
        if isinstance(body, httpx2.AsyncByteStream):
            response.stream = _BoundedBody(body)
        return response

    async def aclose(self) -> None:
        """Close the wrapped transport."""
        await self._inner.aclose()


class _BoundedBody(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._inner:
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise httpx2.StreamError(f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()
