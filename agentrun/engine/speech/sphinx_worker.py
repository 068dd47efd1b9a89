"""The process that recognises speech; start it as `python -m agentrun.engine.speech.sphinx_worker`.

pocketsphinx keeps the interpreter's lock while it works, so it gets an interpreter of its own. Requests:

* `{"op": "study", "key", "language", "instructions", "tools", "phrases"}`: one reply
  `{"words": [...], "known"}`, the words of this session whose sound the dictionary lacks, and whether the
  session is known already.
* `{"op": "learn", "key", "sounds": {word: phones}}`: one reply `{}`.
* `{"op": "hear", "key"}` and 16 kHz PCM16: one reply `{"text", "confident", "margin"}`, or
  `{"missing": true}` if the key is not known (any more).
"""

from __future__ import annotations

import math
import re
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy
from numpy.typing import NDArray

from agentrun.engine.speech.automaton import compile_automaton
from agentrun.engine.speech.callers import CallerLanguage, build_language
from agentrun.engine.speech.detectors import holds_speech
from agentrun.engine.speech.grammar import list_words
from agentrun.engine.speech.korean import build_korean_language
from agentrun.engine.speech.parts import probe_parts
from agentrun.engine.speech.phrases import build_phrase_language
from agentrun.engine.speech.pipes import Message, open_worker_side
from agentrun.engine.speech.seams import Hints
from agentrun.engine.speech.trigram import render_arpa

_KEPT_LANGUAGES = 8
_KEPT_GUESSERS = 2
_RMS = 2000  # of 32 767; where the acoustic model was trained
_DITHER = 0.018  # of the RMS: 35 dB below
_PAD_MS = 120
_FRAME = 320  # samples: 20 ms
_SILENT = 0.04  # of the loudest frame: 28 dB below
BELIEVED = -0.0043
"""Log score per frame by which the grammar may stay behind the phone loop and still be believed.

On synthetic voices nine in ten of the sentences that are heard right lie above, and foreign sentences below
with few exceptions.
"""
LIKELY = -0.0055
"""Down to here the grammar's sentence is a better guess than the language model's."""
_VARIANT = re.compile(r"\(\d+\)$")  # `the(2)`: another way to say `the`
_BUILDERS: dict[str, Callable[[Hints], CallerLanguage]] = {
    "en": build_language,
    "ko": build_korean_language,
}


@dataclass(slots=True)
class Lesson:
    """One session's language on its way into the decoder.

    Attributes:
        language: what may be said.
        words: all words of it.
        learnt: whether the decoder has it.

    """

    language: CallerLanguage
    words: list[str]
    learnt: bool = False


class Sphinx:
    """Decoders: one for all grammars, one that hears any row of phones, one for each language model in use.

    Where a sentence can go on in many ways, each of them is taken for unlikely; that and the price of a word
    (`wip`) keep stray sounds from becoming numbers and names. The beams are wider than pocketsphinx's own: a
    small network can afford it.
    """

    def __init__(self) -> None:
        from pocketsphinx import Decoder, get_model_path

        self._decoder: Any = Decoder(
            lm=None, bestpath=False, lw=5.0, wip=0.01, beam=1e-60, pbeam=1e-60, wbeam=1e-40, loglevel="FATAL"
        )
        phone_model = get_model_path("en-us/en-us-phone.lm.bin")
        self._phones: Any = _open_decoder(
            "sil SIL\n", allphone=phone_model, allphone_ci=True, lw=2.0, beam=1e-20, pbeam=1e-20
        )
        self._parts = probe_parts()
        self._lessons: OrderedDict[str, Lesson] = OrderedDict()
        self._guessers: OrderedDict[str, Any] = OrderedDict()
        self._sounds: dict[str, list[str]] = {}

    def study(self, key: str, hints: Hints, code: str) -> dict[str, Any]:
        """Derive what callers may say and return `{"words": ...}`, those whose sound nobody knows yet."""
        if key not in self._lessons:
            language = _BUILDERS[code](hints) if code in _BUILDERS else build_phrase_language(hints, code)
            words = sorted({*list_words(language.rule), *chain.from_iterable(language.corpus)})
            self._lessons[key] = Lesson(language, words)
        lesson = self._lessons[key]
        return {"words": [word for word in lesson.words if not self._is_known(word)], "known": lesson.learnt}

    def learn(self, key: str, sounds: dict[str, str]) -> None:
        """Take a grammar that was studied into use, with the sounds of its unknown words."""
        lesson = self._lessons[key]
        if lesson.learnt:
            return
        for word, phones in sounds.items():
            if not self._is_known(word):
                self._add_word(word, phones)
        network = compile_automaton(lesson.language.rule)
        end = len(network.edges)
        chances = network.list_chances()
        arcs: list[tuple[Any, ...]] = [
            (state, to, chances[state], word) for state, to, word in network.list_arcs()
        ]
        arcs += [(state, end, chances[state]) for state in sorted(network.accepting)]
        self._decoder.add_fsg(key, self._decoder.create_fsg(key, network.start, end, arcs))
        lesson.learnt = True
        while len(self._lessons) > _KEPT_LANGUAGES:
            old, dropped = self._lessons.popitem(last=False)
            if dropped.learnt:
                self._decoder.remove_search(old)
            self._guessers.pop(old, None)

    def hear(self, key: str, pcm: bytes) -> dict[str, Any]:
        """Recognise one utterance."""
        lesson = self._lessons.get(key)
        if lesson is None or not lesson.learnt:
            return {"missing": True}
        self._lessons.move_to_end(key)
        if not holds_speech(self._parts.open_detector(), pcm):
            return {"text": "", "confident": False, "margin": -1.0}  # a grammar finds words in any noise
        sound = condition(pcm)
        words, score = self._decode(self._decoder, key, sound)
        frames = max(1, len(sound) // 320)
        margin = (score - self._decode(self._phones, None, sound)[1]) / frames if words else -1.0
        confident = margin >= BELIEVED
        if not words or margin < LIKELY:
            guess = self._decode(self._open_guesser(key, lesson), None, sound)[0]
            words, confident = guess or words, False
        text = lesson.language.write(words)
        return {"text": text, "confident": bool(text) and confident, "margin": margin}

    def _is_known(self, word: str) -> bool:
        return word in self._sounds or self._decoder.lookup_word(word) is not None

    def _open_guesser(self, key: str, lesson: Lesson) -> Any:
        """Return the decoder with a session's language model; opened when the grammar first fails.

        It gets a small dictionary of its own: with the whole one, a model takes seconds to load.
        """
        if key not in self._guessers:
            lines = [line for word in lesson.words for line in self._list_pronunciations(word)]
            arpa = render_arpa(lesson.language.corpus, lesson.words)
            self._guessers[key] = _open_decoder("\n".join(lines) + "\n", arpa)
            while len(self._guessers) > _KEPT_GUESSERS:
                self._guessers.popitem(last=False)
        self._guessers.move_to_end(key)
        return self._guessers[key]

    def _list_pronunciations(self, word: str) -> list[str]:
        names = (word, *(f"{word}({number})" for number in (2, 3)))
        return [f"{name} {sound}" for name in names if (sound := self._decoder.lookup_word(name))]

    def _add_word(self, word: str, phones: str) -> None:
        """Add a word; its pronunciations are parted by `/`, `=other` are all those of a dictionary word."""
        found: list[str] = []
        for phone_row in phones.split("/"):
            other = phone_row.removeprefix("=")
            names = (other, f"{other}(2)", f"{other}(3)") if other != phone_row else ()
            found += [sound for name in names if (sound := self._decoder.lookup_word(name))]
            found += [] if names else [phone_row.strip()]
        self._sounds[word] = found
        for number, sound in enumerate(found, start=1):
            # Updating would rebuild every search.
            self._decoder.add_word(word if number == 1 else f"{word}({number})", sound, False)

    @staticmethod
    def _decode(decoder: Any, search: str | None, sound: bytes) -> tuple[list[str], float]:
        if search:
            decoder.activate_search(search)
        decoder.start_utt()
        decoder.process_raw(sound, full_utt=True)
        decoder.end_utt()
        if decoder.hyp() is None:
            return [], -math.inf
        parts = [(part.word, part.ascore) for part in decoder.seg()]
        words = [_VARIANT.sub("", word) for word, _ in parts if word[0] not in "<(+[" and word != "SIL"]
        return words, sum(math.log(score) if score > 0 else -1.0 for _, score in parts)


def _open_decoder(dictionary: str, arpa: str | None = None, **options: Any) -> Any:
    """Open a decoder with a small dictionary and, if given, a language model."""
    from pocketsphinx import Decoder

    with tempfile.TemporaryDirectory() as folder:
        words, model = Path(folder, "words.dict"), Path(folder, "caller.arpa")
        words.write_text(dictionary, encoding="utf-8")
        if arpa is not None:
            model.write_text(arpa, encoding="utf-8")
            options["lm"] = str(model)
        return Decoder(dict=str(words), loglevel="FATAL", bestpath=False, **options)


def condition(pcm: bytes) -> bytes:
    """Bring an utterance to the model's level and cover digital silence with faint noise.

    Synthetic speech contains exact zeros, where the model's features degenerate; noise 35 dB below the
    speech repairs that and is the same every time.
    """
    samples = _trim(numpy.frombuffer(pcm[: len(pcm) & ~1], "<i2").astype(numpy.float64))
    loud = samples[numpy.abs(samples) > 50]
    rms = float(numpy.sqrt(numpy.mean(loud**2))) if loud.size else 1.0
    padding = numpy.zeros(16 * _PAD_MS)
    out = numpy.concatenate([padding, samples * min(30.0, _RMS / max(1.0, rms)), padding])
    out += numpy.random.default_rng(7).normal(0, _RMS * _DITHER, out.size)
    whole: bytes = numpy.clip(numpy.rint(out), -32768, 32767).astype("<i2").tobytes()
    return whole


def _trim(samples: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
    """Cut the silence before and after an utterance: it tells nothing, and flatters every score."""
    whole = len(samples) - len(samples) % _FRAME
    levels = numpy.abs(samples[:whole]).reshape(-1, _FRAME).sum(axis=1)
    if not levels.any():
        return samples
    loud = numpy.flatnonzero(levels > _SILENT * levels.max())
    return samples[max(0, int(loud[0]) - 1) * _FRAME : (int(loud[-1]) + 2) * _FRAME]


def main() -> None:
    """Serve the engine on standard input and output."""
    side = open_worker_side()
    loaded: list[Sphinx] = []

    def answer(request: Message, number: int) -> Iterator[Message]:
        if side.is_cancelled(number):
            return
        if not loaded:
            loaded.append(Sphinx())
        sphinx, header = loaded[0], request.header
        match header["op"]:
            case "study":
                hints = Hints(header["instructions"], header["tools"], tuple(header["phrases"]))
                yield Message(sphinx.study(header["key"], hints, header["language"]))
            case "learn":
                sphinx.learn(header["key"], header["sounds"])
                yield Message({})
            case _:
                yield Message(sphinx.hear(header["key"], request.body))

    side.serve(answer)


if __name__ == "__main__":
    main()
