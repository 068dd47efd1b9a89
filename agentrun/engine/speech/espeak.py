"""The voice of espeak-ng: a hundred languages, a millisecond to the first sound, the charm of a robot."""

from __future__ import annotations

import contextlib
import logging
import zlib
from collections.abc import AsyncGenerator, Sequence

from agentrun.engine.speech.seams import SpeechChunk, guess_language
from agentrun.engine.speech.silent import SilentVoice
from agentrun.engine.speech.workers import Worker, WorkerLost

_log = logging.getLogger("agentrun.speech")

_VARIANTS = {
    "alloy": "+f2",
    "ash": "+m3",
    "ballad": "+m4",
    "cedar": "+m1",
    "coral": "+f4",
    "echo": "+m7",
    "marin": "+f3",
    "sage": "+f5",
    "shimmer": "+f1",
    "verse": "+m2",
}
_SPARE_VARIANTS = ("", "+m3", "+f2", "+m1", "+f3", "+m7", "+f4")


class EspeakVoice:
    """Speaks through a worker process; while that is down, an utterance is a quiet tone of its length."""

    def __init__(self) -> None:
        self._worker = Worker("agentrun.engine.speech.espeak_worker")
        self._fallback = SilentVoice(tone_hz=220)

    @property
    def worker(self) -> Worker:
        """The process that speaks."""
        return self._worker

    async def speak(
        self, text: str, *, language: str | None, voice: str, speed: float
    ) -> AsyncGenerator[SpeechChunk, None]:
        """Yield the speech piece by piece; see `Voice.speak`."""
        request = {
            "op": "speak",
            "text": text.replace("\0", " "),
            "language": language or guess_language([text]),
            "variant": choose_variant(voice),
            "speed": speed,
        }
        spoken = False
        try:
            async with contextlib.aclosing(self._worker.request(request)) as replies:
                async for reply in replies:
                    spoken = True
                    yield SpeechChunk(reply.body, reply.header["chars"])
        except WorkerLost as error:
            _log.warning("an utterance was not spoken: %s", error)
            if not spoken:
                async for chunk in self._fallback.speak(text, language=language, voice=voice, speed=speed):
                    yield chunk

    async def render_ipa(self, texts: Sequence[str], language: str) -> list[str]:
        """Return the phones of each text in the International Phonetic Alphabet; empty where unknown."""
        try:
            reply = await self._worker.ask({"op": "ipa", "texts": list(texts), "language": language})
        except WorkerLost as error:
            _log.warning("pronunciations are missing: %s", error)
            return [""] * len(texts)
        return [str(ipa) for ipa in reply.header["ipa"]]

    async def aclose(self) -> None:
        """End the worker process."""
        await self._worker.aclose()


def choose_variant(voice: str) -> str:
    """Return the espeak-ng variant that stands in for a voice of the API; any other name gets one, too."""
    name = voice.lower()
    if name in _VARIANTS:
        return _VARIANTS[name]
    return _SPARE_VARIANTS[zlib.crc32(name.encode()) % len(_SPARE_VARIANTS)]
