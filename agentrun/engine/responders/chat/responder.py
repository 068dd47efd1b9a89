"""The connection to a chat-completions server: a request for each response, streamed and bounded.

Every wait has a limit: connecting, the first byte, and from one event to the next. Comments that a server
sends to keep the line open do not count as events.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentrun.engine.remote.failures import RemoteFailed
from agentrun.engine.remote.server import RemoteServer, complete_url, read_all
from agentrun.engine.responders.chat.reading import ChatReader
from agentrun.engine.responders.chat.request import build_request
from agentrun.engine.responders.chat.sse import SseParser, SseTooLong
from agentrun.engine.seams import Failure, MindFailed, Move, Prompt
from agentrun.secret import Secret
from agentrun.wire.json import JsonValue

if TYPE_CHECKING:
    import httpx

MAX_ANSWER_BYTES = 8 * 1024 * 1024
_DONE = "[DONE]"


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """Which server, and how long it may take.

    Attributes:
        url: its base, such as `http://127.0.0.1:11434/v1`; see `complete_url`.
        model: as the server calls it.
        key: for `Authorization`, if it wants one.
        first_byte_s: for loading the model and reading the prompt.
        pause_s: from one event of the stream to the next.

    """

    url: str
    model: str
    key: Secret | None = None
    first_byte_s: float = 60.0
    pause_s: float = 30.0


class ChatResponder:
    """Asks a chat server what to say; see `Responder`."""

    def __init__(self, options: ChatOptions) -> None:
        self._options = options
        url = complete_url(options.url, "/chat/completions")
        self._server = RemoteServer(url, options.key, first_byte_s=options.first_byte_s)

    async def respond(self, prompt: Prompt) -> AsyncGenerator[Move, None]:
        """Stream the moves of one response; raises MindFailed."""
        reader = ChatReader(has_tools=bool(prompt.tools))
        try:
            async with (
                self._server.post(json=build_request(prompt, self._options.model)) as response,
                contextlib.aclosing(self._read_chunks(response)) as chunks,
            ):
                async for chunk in chunks:
                    for move in reader.feed(chunk):
                        yield move
            for move in reader.finish():
                yield move
        except RemoteFailed as failed:
            raise MindFailed(Failure(str(failed), failed.code)) from failed

    async def aclose(self) -> None:
        """Close the connections."""
        await self._server.aclose()

    async def _read_chunks(self, response: httpx.Response) -> AsyncGenerator[JsonValue, None]:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":  # a server that does not stream
            async with self._server.within(self._options.pause_s):
                body = await read_all(response, MAX_ANSWER_BYTES)
            yield _parse(body)
            return
        if kind != "text/event-stream":
            words = f"answered with `{kind or 'no type'}` and not with a chat completion"
            raise RemoteFailed(f"{self._server.host} {words}", "bad_answer")
        async with contextlib.aclosing(self._read_events(response)) as events:
            async for data in events:
                if data == _DONE:
                    return
                yield _parse(data)

    async def _read_events(self, response: httpx.Response) -> AsyncGenerator[str, None]:
        parser, pieces, size = SseParser(), response.aiter_bytes(), 0
        while True:
            events: list[str] = []
            async with self._server.within(self._options.pause_s):
                while not events:
                    piece = await anext(pieces, None)
                    if piece is None:
                        return
                    size += len(piece)
                    events = _feed(parser, piece, size)
            for data in events:
                yield data


def _feed(parser: SseParser, piece: bytes, size: int) -> list[str]:
    if size > MAX_ANSWER_BYTES:
        raise RemoteFailed(f"the answer is longer than {MAX_ANSWER_BYTES} bytes", "bad_answer")
    try:
        return parser.feed(piece)
    except SseTooLong as error:
        raise RemoteFailed("the chat server sent an event without an end", "bad_answer") from error


def _parse(data: str | bytes) -> JsonValue:
    try:
        value: JsonValue = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RemoteFailed("the chat server sent something that is no JSON", "bad_answer") from error
    return value
