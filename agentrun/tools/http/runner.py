"""HTTP endpoints as tools: one client for each dispatcher, one table from the answer to the outcome.

    2xx                          ok: the body as JSON or text, `{"status": …}` if it is empty
    4xx                          failed: the service says that it did not do it
    408 409 425 429, 3xx, 5xx    unknown after a write, failed after a read
    no connection, refused host  failed: nothing was sent
    no or a broken answer        unknown after a write, failed after a read

Redirects are not followed, cookies are not kept (they would pass from one caller to the next), proxies of the
environment are not used, and private addresses are not reached unless the file allows the host.
"""

from __future__ import annotations

import asyncio
import json
import logging
import zlib
from dataclasses import dataclass
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING

from agentrun import __version__
from agentrun.outcome import to_json
from agentrun.plan import Effect, HttpTarget, ToolBinding
from agentrun.tools.call import CallContext, CodedFailure, without_answer
from agentrun.tools.http.request import Request, build_request
from agentrun.tools.http.template import Scope
from agentrun.wire.json import JsonObject, JsonValue

if TYPE_CHECKING:
    import httpx

    from agentrun.tools.http.transport import Resolve

logger = logging.getLogger("agentrun.tools")

MOST_BYTES = 1024 * 1024
CONNECT_S = 5.0
_NOT_FINAL = frozenset({408, 409, 425, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `cut` is True if the body was longer than `MOST_BYTES`."""

    status: int
    body: JsonValue
    cut: bool = False


class HttpRunner:
    """Runs the HTTP tools of one dispatcher.

    Attributes:
        resolve: replaces the system's resolver, for tests.

    """

    def __init__(self, resolve: Resolve | None = None) -> None:
        self.resolve = resolve
        self._client: httpx.AsyncClient | None = None
        self._opening = asyncio.Lock()

    async def prepare(self) -> None:
        """Load httpx and the certificates: 0.1 s and more, too long for a loop that carries audio."""
        async with self._opening:
            if self._client is None:
                self._client = await asyncio.to_thread(_build_client, self.resolve)

    async def run(self, binding: ToolBinding, arguments: JsonObject, context: CallContext) -> JsonValue:
        """Send one request; see `ToolRunner.run`."""
        assert isinstance(binding.target, HttpTarget)
        request = build_request(binding.target, Scope(binding.parameters, arguments, context))
        await self.prepare()
        assert self._client is not None
        logger.debug("call %s: > %s %s", context.id, request.method, request.host)
        try:
            async with asyncio.timeout(binding.timeout_ms / 1000):
                answer = await _exchange(self._client, request, binding.effect)
        except TimeoutError:
            text = f"`{request.host}` did not answer in {binding.timeout_ms / 1000:g} s."
            raise without_answer(binding.effect, "timeout", text) from None
        logger.debug("call %s: < %s %s", context.id, answer.status, request.host)
        return _judge(answer, binding.effect)

    async def aclose(self) -> None:
        """Close the client and its connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None


def _build_client(resolve: Resolve | None) -> httpx.AsyncClient:
    import httpx

    from agentrun.tools.http.transport import ToolTransport, resolve_host

    client = httpx.AsyncClient(
        transport=ToolTransport(resolve or resolve_host),
        trust_env=False,
        follow_redirects=False,
        timeout=httpx.Timeout(None, connect=CONNECT_S, pool=CONNECT_S),  # the whole is bounded in `run`
        headers={"User-Agent": f"agentrun/{__version__}", "Accept-Encoding": "identity"},
    )
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return client


async def _exchange(client: httpx.AsyncClient, request: Request, effect: Effect) -> Answer:
    import httpcore

    from agentrun.tools.http.transport import ALLOW_PRIVATE, AddressRefused

    not_sent = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout)
    broken = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.RemoteProtocolError)
    try:
        async with client.stream(
            request.method,
            request.url,
            headers=[(name.encode(), value.encode()) for name, value in request.headers],
            content=request.content or None,
            extensions={ALLOW_PRIVATE: request.allow_private},
        ) as response:
            return await _read_answer(response)
    except AddressRefused as error:
        logger.warning("refused to reach %s; `allow_hosts` would permit it", error)
        raise CodedFailure("host_refused", f"`{request.host}` may not be reached.") from error
    except not_sent as error:
        logger.warning("no connection to %s: %s", request.host, error)
        raise CodedFailure("unreachable", f"`{request.host}` could not be reached.") from error
    except httpcore.LocalProtocolError as error:
        raise CodedFailure("bad_request", f"The request is not valid HTTP: {error}.") from error
    except (*broken, zlib.error) as error:
        logger.warning("no answer from %s: %s %s", request.host, type(error).__name__, error)
        raise without_answer(effect, "no_answer", f"`{request.host}` gave no readable answer.") from error


async def _read_answer(response: httpx.Response) -> Answer:
    raw = bytearray()
    async for part in response.aiter_raw(64 * 1024):
        raw += part
        if len(raw) > MOST_BYTES:
            break
    content, cut = _decompress(bytes(raw), response.headers.get("content-encoding", "identity").lower())
    cut = cut or len(raw) > MOST_BYTES
    return Answer(response.status_code, _parse_body(content, response, cut), cut)


def _decompress(raw: bytes, encoding: str) -> tuple[bytes, bool]:
    """Undo a compression that we did not ask for, up to `MOST_BYTES`: little can unpack to very much."""
    if encoding in ("gzip", "x-gzip", "deflate"):
        content = zlib.decompressobj(wbits=47).decompress(raw, MOST_BYTES + 1)
        return content[:MOST_BYTES], len(content) > MOST_BYTES
    if encoding not in ("", "identity"):
        raise zlib.error(f"content encoding {encoding}")
    return raw[:MOST_BYTES], False


def _parse_body(content: bytes, response: httpx.Response, cut: bool) -> JsonValue:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        text = content.decode(response.charset_encoding or "utf-8", errors="replace")
    except LookupError:
        text = content.decode(errors="replace")
    if (kind.endswith(("/json", "+json")) or not kind) and not cut:
        try:
            return to_json(json.loads(text))
        except (ValueError, RecursionError):
            pass  # announced as JSON and is not: the text is all there is to give
    return to_json(text)


def _judge(answer: Answer, effect: Effect) -> JsonValue:
    if 200 <= answer.status < 300:
        return answer.body if answer.body not in ("", None) else {"status": answer.status}
    try:
        phrase = f"{answer.status} {HTTPStatus(answer.status).phrase}"
    except ValueError:
        phrase = str(answer.status)
    code, text = f"http_{answer.status}", f"The service answered {phrase}."
    result = {"status": answer.status, "body": answer.body}
    if 400 <= answer.status < 500 and answer.status not in _NOT_FINAL:
        raise CodedFailure(code, text, result=result)
    raise without_answer(effect, code, text, result=result)
