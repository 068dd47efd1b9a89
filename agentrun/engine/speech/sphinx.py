"""The recogniser: pocketsphinx in worker processes, with a grammar made for each session.

It understands what callers of this agent are expected to say, and guesses at the rest with a small language
model. It is no dictation machine.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from agentrun.engine.speech.grammar import split_phrases
from agentrun.engine.speech.ipa import map_ipa
from agentrun.engine.speech.korean import is_ambiguous
from agentrun.engine.speech.numerals import LETTERS
from agentrun.engine.speech.seams import Hints, Transcript, guess_language
from agentrun.engine.speech.workers import Worker, WorkerLost
from agentrun.wire.json import JsonObject

Pronounce = Callable[[Sequence[str], str], Awaitable[list[str]]]

_log = logging.getLogger("agentrun.speech")

_LETTER_SOUNDS = dict(
    zip(
        LETTERS,
        split_phrases(
            "EY/AH | B IY | S IY | D IY | IY | EH F | JH IY | EY CH | AY | JH EY | K EY | EH L | EH M | EH N "
            "| OW | P IY | K Y UW | AA R | EH S | T IY | Y UW | V IY "
            "| D AH B AH L Y UW | EH K S | W AY | Z IY"
        ),
        strict=True,
    )
)


class SphinxRecogniser:
    """Transcribes one utterance at a time per process; a second process starts when the first one is busy.

    Args:
        pronounce: gives the sounds of words that the dictionary lacks; without it they are read letter by
        letter. processes: how many may run; None for one per core, at most two.

    """

    def __init__(self, pronounce: Pronounce | None = None, processes: int | None = None) -> None:
        count = processes or min(2, os.cpu_count() or 1)
        self._workers = [Worker("agentrun.engine.speech.sphinx_worker") for _ in range(count)]
        self._pronounce = pronounce

    @property
    def workers(self) -> tuple[Worker, ...]:
        """The processes that listen."""
        return tuple(self._workers)

    async def prepare(self, hints: Hints, language: str | None) -> None:
        """Start the first process and teach it the session's language, so that the first turn is as quick."""
        try:
            await self._learn(self._workers[0], Lesson.of(hints, language))
        except WorkerLost as error:
            _log.warning("the recogniser is not ready: %s", error)

    async def transcribe(self, pcm16k: bytes, hints: Hints, language: str | None) -> Transcript:
        """Return what was said; see `Recogniser.transcribe`."""
        lesson = Lesson.of(hints, language)
        # Starting another process takes longer than waiting for one utterance.
        worker = min(self._workers, key=lambda each: each.load + (0 if each.pid else 1.5))
        hear = {"op": "hear", "key": lesson.key}
        try:
            reply = await worker.ask(hear, pcm16k)
            if reply.header.get("missing"):
                await self._learn(worker, lesson)
                reply = await worker.ask(hear, pcm16k)
        except WorkerLost as error:
            _log.warning("an utterance was not recognised: %s", error)
            return Transcript("", confident=False)
        text = str(reply.header.get("text", ""))
        return Transcript(text, bool(reply.header.get("confident")), ambiguous=is_ambiguous(text))

    async def aclose(self) -> None:
        """End the worker processes."""
        for worker in self._workers:
            await worker.aclose()

    async def _learn(self, worker: Worker, lesson: Lesson) -> None:
        reply = await worker.ask({"op": "study", "key": lesson.key, **lesson.content})
        if not reply.header["known"]:
            sounds = await self._find_sounds(reply.header["words"], str(lesson.content["language"]))
            await worker.ask({"op": "learn", "key": lesson.key, "sounds": sounds})

    async def _find_sounds(self, words: list[str], code: str) -> dict[str, str]:
        sounds = {word: _sound_of_mark(word) for word in words if word[0] in "_%"}
        plain = [word for word in words if word not in sounds]
        texts = [word.replace("_", " ").removeprefix("~") for word in plain]
        spoken = await self._pronounce(texts, code) if self._pronounce and plain else texts
        for word, text, ipa in zip(plain, texts, spoken, strict=True):
            sounds[word] = "/".join(map_ipa(ipa, code) or map_ipa(text, code) or ["SIL"])
        return sounds


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a worker must be taught for a session, and the name it goes by."""

    content: JsonObject
    key: str

    @classmethod
    def of(cls, hints: Hints, language: str | None) -> Lesson:
        """Return the lesson of a session; the same hints have the same key."""
        code = (language or guess_language([hints.instructions, *hints.phrases])).partition("-")[0].lower()
        content: JsonObject = {
            "instructions": hints.instructions,
            "tools": hints.tools,
            "phrases": list(hints.phrases),
            "language": code,
        }
        text = json.dumps(content, sort_keys=True, ensure_ascii=False)
        return cls(content, hashlib.sha256(text.encode()).hexdigest()[:16])


def _sound_of_mark(word: str) -> str:
    bare = word[1:]
    return _LETTER_SOUNDS.get(bare, f"={bare}")
