"""A session over a WebSocket, with the library `websockets`.

Compression is off, because base64 audio hardly shrinks and costs twenty times the CPU. Every write and the
close are bounded: a peer that stops reading would otherwise hold `send` and `close` for ever, and only
`transport.abort()` ends that (python-websockets/websockets#1555).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections import deque
from typing import TYPE_CHECKING

from agentrun.conversation.inputs import LinkDown, LinkUp
from agentrun.errors import ConnectFailed, ConnectionLost, RemoteProtocolError
from agentrun.link import PostLink
from agentrun.link.endpoint import Endpoint
from agentrun.wire import ClientEvent, decode_json, encode_event, parse_server_event

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

log = logging.getLogger("agentrun.link")

TRIES = 3
FIRST_DELAY_S, LONGEST_DELAY_S, OPEN_TIMEOUT_S = 0.25, 2.0, 5.0
WRITE_TIMEOUT_S, CLOSE_TIMEOUT_S = 2.0, 2.0
LARGEST_FRAME_BYTES = 16 * 2**20
MOST_QUEUED = 2_000
"""Events that may wait to be written: 40 s of audio frames. More means that the peer is gone."""

_WORTH_RETRYING = frozenset({408, 425, 429, 500, 502, 503, 504})


class WebSocketLink:
    """One session; see `agentrun.link.Link`."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._queue: deque[bytes] = deque()
        self._written = asyncio.Event()
        self._closing = False
        self._socket: ClientConnection | None = None

    async def run(self, post: PostLink) -> None:
        """Connect, then read and write until the connection ends."""
        try:
            self._socket = await dial(self._endpoint)
        except ConnectFailed as failure:
            post(LinkDown(str(failure), failure.hint, failure.status))
            return
        if self._closing:  # the caller hung up while we dialled
            await self.aclose()
            return
        log.debug("connected to %s", self._endpoint.host)
        post(LinkUp())
        writer = asyncio.create_task(self._write(self._socket))
        try:
            lost = await self._read(self._socket, post)
        finally:
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer
        if not self._closing:
            post(LinkDown(f"{self._endpoint.host}: {lost}", code=lost.code))

    def send(self, event: ClientEvent) -> None:
        """Queue an event; the writer sends in order."""
        if len(self._queue) >= MOST_QUEUED:
            self._abort()
            return
        try:
            self._queue.append(encode_event(event).encode())
        except ValueError as error:  # NaN in the file's `overrides`, a lone surrogate in a tool's answer
            log.error("`%s` cannot be written as JSON and is left out: %s", event.type, error)
            return
        self._written.set()

    async def aclose(self) -> None:
        """Close with code 1000, or cut the connection if the peer does not answer in time."""
        self._closing = True
        if self._socket is None:
            return
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._socket.close(1000)
        except TimeoutError:
            self._abort()

    async def _read(self, socket: ClientConnection, post: PostLink) -> ConnectionLost:
        from websockets.exceptions import ConnectionClosed

        while True:
            try:
                frame = await socket.recv(decode=False)
            except ConnectionClosed as closed:
                received = closed.rcvd
                return ConnectionLost(
                    received.code if received else 1006, received.reason if received else ""
                )
            try:
                post(parse_server_event(decode_json(frame)))
            except RemoteProtocolError as error:
                log.warning("%s sent a broken event, ignored: %s", self._endpoint.host, error)

    async def _write(self, socket: ClientConnection) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                await self._written.wait()
                self._written.clear()
                while self._queue:
                    async with asyncio.timeout(WRITE_TIMEOUT_S):
                        await socket.send(self._queue.popleft(), text=True)
        except TimeoutError:
            log.warning("%s stopped reading; the connection is cut", self._endpoint.host)
            self._abort()
        except ConnectionClosed:
            return  # the reader reports it

    def _abort(self) -> None:
        if self._socket is not None:
            self._socket.transport.abort()


async def dial(endpoint: Endpoint) -> ClientConnection:
    """Open the WebSocket, trying again where that can help.

    Raises:
        ConnectFailed: with the cause and the remedy.

    """
    for attempt in range(1, TRIES + 1):
        try:
            return await _connect_once(endpoint)
        except ConnectFailed as failure:
            if attempt == TRIES or (failure.status is not None and failure.status not in _WORTH_RETRYING):
                raise
            log.info("attempt %d of %d: %s", attempt, TRIES, failure)
        delay_s = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2**attempt)
        await asyncio.sleep(delay_s * random.uniform(0.5, 1))
    raise AssertionError("unreachable")


async def _connect_once(endpoint: Endpoint) -> ClientConnection:
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI

    try:
        return await connect(
            endpoint.url,
            additional_headers={name: value.reveal() for name, value in endpoint.headers.items()},
            compression=None,
            max_size=LARGEST_FRAME_BYTES,
            max_queue=64,
            open_timeout=OPEN_TIMEOUT_S,
            ping_interval=5,
            ping_timeout=5,
            close_timeout=CLOSE_TIMEOUT_S,
            proxy=None if _is_loopback(endpoint) else True,
        )
    except InvalidStatus as refused:
        raise _explain_status(endpoint, refused.response.status_code) from refused
    except TimeoutError as timeout:
        raise ConnectFailed(
            f"{endpoint.host} did not answer within {OPEN_TIMEOUT_S:g} s", url=endpoint.url
        ) from timeout
    except OSError as error:
        raise ConnectFailed(
            f"nobody answers at {endpoint.host} ({error.strerror or error})",
            url=endpoint.url,
            hint="check the address and the network; `agentrun engine` starts a local engine",
        ) from error
    except (InvalidHandshake, InvalidURI) as error:
        raise ConnectFailed(
            f"{endpoint.host} does not speak WebSocket there ({error})",
            url=endpoint.url,
            hint="the address must be the base URL of a Realtime service, such as http://127.0.0.1:8765/v1",
        ) from error


def _explain_status(endpoint: Endpoint, status: int) -> ConnectFailed:
    message, hint = {
        401: ("refuses the key (401)", "check OPENAI_API_KEY, or `model.api_key` in the agent file"),
        403: ("denies access (403)", "the key may not use this model or this region"),
        404: (
            "does not know this address or model (404)",
            "check `model` in the agent file and the base URL",
        ),
        429: ("has no capacity or quota left (429)", "wait, or raise the limits of the account"),
    }.get(status, (f"refuses the connection ({status})", ""))
    return ConnectFailed(f"{endpoint.host} {message}", url=endpoint.url, status=status, hint=hint)


def _is_loopback(endpoint: Endpoint) -> bool:
    name = endpoint.host.rpartition("@")[2]
    return name.startswith(("127.", "localhost", "[::1]"))
