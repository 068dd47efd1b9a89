"""Ears and a voice behind OpenAI-compatible servers: `/v1/audio/transcriptions` and `/v1/audio/speech`.

Any server with these routes will do: speaches, vLLM, whisper.cpp (its path is `/inference`), Kokoro, a
provider's. Both parts are bounded and can be cancelled, which closes the connection. A failure costs one
turn: an utterance that cannot be transcribed fails alone, and one that cannot be spoken is a quiet tone.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agentrun.audio import PCM_24K, render_wav
from agentrun.engine.remote.failures import RemoteFailed
from agentrun.engine.remote.server import RemoteServer, complete_url, read_all
from agentrun.engine.sentences import find_sentence_end
from agentrun.engine.speech.callers import find_phrases
from agentrun.engine.speech.seams import LISTEN_HZ, Hints, SpeechChunk, Transcript
from agentrun.engine.speech.silent import SilentVoice, estimate_speech_ms
from agentrun.engine.speech.streamed import make_sound_reader
from agentrun.secret import Secret
from agentrun.wire.json import JsonObject

if TYPE_CHECKING:
    import httpx

_log = logging.getLogger("agentrun.speech")

LISTEN_LIMIT_S = 30.0
FIRST_SOUND_S = 30.0
PAUSE_S = 15.0
MAX_TRANSCRIPT_BYTES = 256 * 1024
MAX_UTTERANCE_MS = 10 * 60 * 1000
MAX_INPUT_CHARS = 4000
"""What one request may say; the API takes 4096."""
_PROMPT_CHARS = 600
_PIECE_BYTES = PCM_24K.to_bytes(100)
_NO_PCM = frozenset({400, 415, 422})


@dataclass(frozen=True, slots=True)
class RemotePart:
    """A server that listens or speaks.

    Attributes:
        url: its base, or the whole address of its route; see `complete_url`.
        model: as the server calls it.
        key: for `Authorization`, if it wants one.
        voice: takes the place of the session's voice, for servers with voices of their own.

    """

    url: str
    model: str
    key: Secret | None = None
    voice: str | None = None


class RemoteRecogniser:
    """Listens through a server; see `Recogniser`.

    Args:
        part: which server.
        limit_s: for one utterance.

    """

    def __init__(self, part: RemotePart, *, limit_s: float = LISTEN_LIMIT_S) -> None:
        self._part = part
        self._limit_s = limit_s
        self._server = RemoteServer(complete_url(part.url, "/audio/transcriptions"), part.key)

    async def transcribe(self, pcm16k: bytes, hints: Hints, language: str | None) -> Transcript:
        """Return what was said.

        Raises:
            RemoteFailed: the server did not say.

        """
        fields = {"model": self._part.model, "response_format": "json"}
        if language:
            fields["language"] = language
        if prompt := ", ".join(find_phrases(hints))[:_PROMPT_CHARS]:
            fields["prompt"] = prompt
        files = {"file": ("utterance.wav", render_wav(pcm16k, LISTEN_HZ), "audio/wav")}
        async with (
            self._server.within(self._limit_s),
            self._server.post(data=fields, files=files) as response,
        ):
            text = read_transcript(await read_all(response, MAX_TRANSCRIPT_BYTES))
        return Transcript(text, confident=bool(text))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._server.aclose()


def read_transcript(body: bytes) -> str:
    """Return the text of an answer: the `text` of a JSON object, or all of it where it is no JSON.

    Raises:
        RemoteFailed: there is none.

    """
    try:
        answer = json.loads(body)
    except ValueError:
        answer = {"text": body.decode("utf-8", "replace")}
    text = answer.get("text") if isinstance(answer, dict) else None
    if not isinstance(text, str) or text.lstrip().startswith("<"):
        raise RemoteFailed("the speech server answered without a transcript", "bad_answer")
    return " ".join(text.split())


class RemoteVoice:
    """Speaks through a server; see `Voice`.

    Args:
        part: which server.
        first_sound_s: how long it may take to begin.
        pause_s: from one piece of sound to the next.

    """

    def __init__(
        self, part: RemotePart, *, first_sound_s: float = FIRST_SOUND_S, pause_s: float = PAUSE_S
    ) -> None:
        self._part = part
        self._pause_s = pause_s
        self._format = "pcm"
        self._server = RemoteServer(
            complete_url(part.url, "/audio/speech"), part.key, first_byte_s=first_sound_s
        )
        self._fallback = SilentVoice(tone_hz=220)

    async def speak(
        self, text: str, *, language: str | None, voice: str, speed: float
    ) -> AsyncGenerator[SpeechChunk, None]:
        """Yield the speech piece by piece; see `Voice.speak`."""
        said = 0
        for part in split_text(text):
            spoken = False
            try:
                pieces = _slice(self._make_sound(part, self._part.voice or voice, speed))
                async with contextlib.aclosing(pieces):
                    async for chunk in _count_chars(pieces, part, speed):
                        spoken = True
                        yield SpeechChunk(chunk.pcm, said + chunk.chars)
            except RemoteFailed as failed:
                _log.warning("an utterance was not spoken: %s", failed)
                if not spoken:
                    async for chunk in self._fallback.speak(
                        part, language=language, voice=voice, speed=speed
                    ):
                        yield SpeechChunk(chunk.pcm, said + chunk.chars)
            said += len(part)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._server.aclose()

    async def _make_sound(self, text: str, voice: str, speed: float) -> AsyncGenerator[bytes, None]:
        """Yield 24 kHz samples as they come; asks for WAV from a server that has no bare samples."""
        body: dict[str, Any] = {"model": self._part.model, "input": text, "voice": voice}
        if speed != 1.0:
            body["speed"] = speed
        try:
            async with contextlib.aclosing(self._ask(body | {"response_format": self._format})) as sound:
                async for pcm in sound:
                    yield pcm
            return
        except RemoteFailed as failed:
            if failed.status not in _NO_PCM or self._format != "pcm":
                raise
        async with contextlib.aclosing(self._ask(body | {"response_format": "wav"})) as sound:
            async for pcm in sound:
                self._format = "wav"
                yield pcm

    async def _ask(self, body: JsonObject) -> AsyncGenerator[bytes, None]:
        async with (
            self._server.post(json=body) as response,
            contextlib.aclosing(self._read_sound(response)) as sound,
        ):
            async for pcm in sound:
                yield pcm

    async def _read_sound(self, response: httpx.Response) -> AsyncGenerator[bytes, None]:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind.startswith("text/") or kind.endswith("json"):
            raise RemoteFailed(f"{self._server.host} answered with `{kind}` and not with sound", "bad_answer")
        reader, pieces, made_ms = make_sound_reader(), response.aiter_bytes(), 0
        while made_ms < MAX_UTTERANCE_MS:
            async with self._server.within(self._pause_s):
                piece = await anext(pieces, None)
            try:
                pcm = reader.flush() if piece is None else reader.feed(piece)
            except ValueError as error:
                raise RemoteFailed(f"{self._server.host} sent {error}", "bad_answer") from error
            made_ms += PCM_24K.to_ms(len(pcm))
            yield pcm
            if piece is None:
                return


async def _slice(sound: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Cut sound into pieces of 100 ms, of which only the last may be shorter."""
    held = b""
    async with contextlib.aclosing(sound):
        async for pcm in sound:
            held += pcm
            while len(held) > _PIECE_BYTES:
                yield held[:_PIECE_BYTES]
                held = held[_PIECE_BYTES:]
    if held:
        yield held


async def _count_chars(
    pieces: AsyncGenerator[bytes, None], text: str, speed: float
) -> AsyncIterator[SpeechChunk]:
    """Guess by the time how far in the text each piece is; the last one has all of it."""
    whole_ms = max(1, estimate_speech_ms(text, speed))
    made_ms, before = 0, b""
    async for pcm in pieces:
        if before:
            made_ms += PCM_24K.to_ms(len(before))
            yield SpeechChunk(before, min(len(text) - 1, len(text) * made_ms // whole_ms))
        before = pcm
    if not before:
        raise RemoteFailed("the speech server sent no sound", "bad_answer")
    yield SpeechChunk(before, len(text))


def split_text(text: str) -> Iterator[str]:
    """Yield a text in parts that one request may hold, cut at ends of sentences."""
    start = 0
    while len(text) - start > MAX_INPUT_CHARS:
        end = start
        while (after := find_sentence_end(text, end)) is not None and after - start <= MAX_INPUT_CHARS:
            end = after
        end = end if end > start else start + MAX_INPUT_CHARS
        yield text[start:end]
        start = end
    if text[start:].strip():
        yield text[start:]
