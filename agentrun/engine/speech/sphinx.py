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
from functools import lru_cache

from agentrun.engine.speech.callers import CallerLanguage, build_language
from agentrun.engine.speech.grammar import list_words, render_jsgf, split_phrases, split_words
from agentrun.engine.speech.ipa import map_ipa
from agentrun.engine.speech.numerals import LETTERS, write_out
from agentrun.engine.speech.phrases import build_phrase_language
from agentrun.engine.speech.seams import Hints, Transcript, guess_language
from agentrun.engine.speech.trigram import render_arpa
from agentrun.engine.speech.workers import Worker, WorkerLost

Pronounce = Callable[[Sequence[str], str], Awaitable[list[str]]]

_log = logging.getLogger("agentrun.speech")

_LETTER_SOUNDS = dict(
    zip(
        LETTERS,
        split_phrases(
            "EY | B IY | S IY | D IY | IY | EH F | JH IY | EY CH | AY | JH EY | K EY | EH L | EH M | EH N "
            "| OW | P IY | K Y UW | AA R | EH S | T IY | Y UW | V IY "
            "| D AH B AH L Y UW | EH K S | W AY | Z IY"
        ),
        strict=True,
    )
)
_QUESTION_WORDS = frozenset(
    split_words(
        "where what when who how why which is are was has have did do does can could will would may "
        "where's what's"
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
        """Start the first process and teach it the session's language, so that the first turn is not "
        "slower."""
        code, prepared = _prepare(hints, language)
        try:
            await self._learn(self._workers[0], prepared, code)
        except WorkerLost as error:
            _log.warning("the recogniser is not ready: %s", error)

    async def transcribe(self, pcm16k: bytes, hints: Hints, language: str | None) -> Transcript:
        """Return what was said; see `Recogniser.transcribe`."""
        code, prepared = _prepare(hints, language)
        worker = min(self._workers, key=lambda candidate: (candidate.load, candidate.pid is None))
        hear = {"op": "hear", "key": prepared.key}
        try:
            reply = await worker.ask(hear, pcm16k)
            if reply.header.get("missing"):
                await self._learn(worker, prepared, code)
                reply = await worker.ask(hear, pcm16k)
        except WorkerLost as error:
            _log.warning("an utterance was not recognised: %s", error)
            return Transcript("", confident=False)
        words = [word for word in reply.header.get("words", []) if not word.startswith("<")]
        text = write_out(words, prepared.language.fit).replace("_", " ")
        return Transcript(
            _punctuate(text) if code == "en" else text, bool(words) and reply.header["confident"]
        )

    async def aclose(self) -> None:
        """End the worker processes."""
        for worker in self._workers:
            await worker.aclose()

    async def _learn(self, worker: Worker, prepared: _Prepared, code: str) -> None:
        reply = await worker.ask({"op": "unknown", "words": prepared.words})
        sounds = await self._find_sounds(reply.header["words"], code)
        await worker.ask(
            {
                "op": "learn",
                "key": prepared.key,
                "jsgf": prepared.jsgf,
                "words": prepared.words,
                "arpa": prepared.arpa,
                "sounds": sounds,
            }
        )

    async def _find_sounds(self, words: list[str], code: str) -> dict[str, str]:
        sounds = {word: _sound_of_mark(word) for word in words if word[0] in "_%"}
        plain = [word for word in words if word not in sounds]
        texts = [word.replace("_", " ") for word in plain]
        spoken = await self._pronounce(texts, code) if self._pronounce and plain else texts
        for word, text, ipa in zip(plain, texts, spoken, strict=True):
            sounds[word] = map_ipa(ipa) or map_ipa(text) or "SIL"
        return sounds


class _Prepared:
    """Everything a worker must learn for a session."""

    def __init__(self, language: CallerLanguage) -> None:
        self.language = language
        self.jsgf = render_jsgf(language.rule)
        self.words = sorted(
            {*list_words(language.rule), *(word for line in language.corpus for word in line)}
        )
        self.arpa = render_arpa(language.corpus, self.words)
        self.key = hashlib.sha256(f"{self.jsgf}{self.arpa}".encode()).hexdigest()[:16]


def _prepare(hints: Hints, language: str | None) -> tuple[str, _Prepared]:
    code = (language or guess_language([hints.instructions, *hints.phrases])).partition("-")[0].lower()
    tools = json.dumps(hints.tools, sort_keys=True, ensure_ascii=False)
    return code, _prepare_cached(hints.instructions, tools, hints.phrases, code)


@lru_cache(maxsize=64)
def _prepare_cached(instructions: str, tools: str, phrases: tuple[str, ...], code: str) -> _Prepared:
    hints = Hints(instructions, json.loads(tools), phrases)
    return _Prepared(build_language(hints) if code == "en" else build_phrase_language(hints, code))


def _sound_of_mark(word: str) -> str:
    bare = word[1:]
    return _LETTER_SOUNDS.get(bare, f"={bare}")


def _punctuate(text: str) -> str:
    if not text:
        return ""
    first = text.split(maxsplit=1)[0].lower()
    text = " ".join("I" + word[1:] if word == "i" or word.startswith("i'") else word for word in text.split())
    return f"{text[0].upper()}{text[1:]}{'?' if first in _QUESTION_WORDS else '.'}"
