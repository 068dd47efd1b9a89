"""The process that recognises speech; start it as `python -m agentrun.engine.speech.sphinx_worker`.

pocketsphinx keeps the interpreter's lock while it works, so it gets an interpreter of its own. Requests:

* `{"op": "unknown", "words": [...]}`: one reply `{"words": [...]}`, those that the dictionary lacks.
* `{"op": "learn", "key", "jsgf", "words", "arpa", "sounds": {word: phones or word}}`: one reply `{}`.
* `{"op": "hear", "key"}` and 16 kHz PCM16: one reply `{"words": [...], "confident", "margin"}`, or
  `{"missing": true}` if the key is not known (any more).
"""

from __future__ import annotations

import math
import random
import sys
import tempfile
from array import array
from collections import OrderedDict
from collections.abc import Iterator
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any

from agentrun.engine.speech.pipes import Message, open_worker_side

_KEPT_LANGUAGES = 8
_KEPT_GUESSERS = 2
_RMS = 2000  # of 32 767; where the acoustic model was trained
_DITHER = 0.018  # of the RMS: 35 dB below
_PAD_MS = 120
_FRAME = 320  # samples: 20 ms
_SILENT = 0.04  # of the loudest frame: 28 dB below
_PHONE_LOOP = "phones"
BELIEVED = -0.0021
"""Log score per frame by which the grammar may stay behind the phone loop and still be believed.

On synthetic voices expected sentences lie between -0.0007 and -0.0022, others below -0.0021 with few
exceptions.
"""
LIKELY = -0.0026
"""Down to here the grammar's sentence is a better guess than the language model's."""


class Sphinx:
    """Decoders: one for all grammars, one that hears any row of phones, one for each language model in use.

    The grammar's choices are all written as equally likely, which says little; so their weight (`lw`) is
    low and words cost something (`wip`).
    """

    def __init__(self) -> None:
        from pocketsphinx import Decoder, get_model_path

        self._decoder: Any = Decoder(lm=None, bestpath=False, lw=2.5, wip=0.2, loglevel="FATAL")
        phone_model = get_model_path("en-us/en-us-phone.lm.bin")
        self._phones: Any = _open_decoder("sil SIL\n", allphone=phone_model, lw=2.0, beam=1e-20, pbeam=1e-20)
        self._models: OrderedDict[str, tuple[list[str], str]] = OrderedDict()
        self._guessers: OrderedDict[str, Any] = OrderedDict()
        self._sounds: dict[str, str] = {}

    def list_unknown(self, words: list[str]) -> list[str]:
        """Return the words that have no pronunciation yet."""
        return [
            word for word in words if word not in self._sounds and self._decoder.lookup_word(word) is None
        ]

    def learn(self, key: str, jsgf: str, model: tuple[list[str], str], sounds: dict[str, str]) -> None:
        """Add a grammar and a language model under a name."""
        for word, phones in sounds.items():
            if word not in self._sounds and self._decoder.lookup_word(word) is None:
                self._add_word(word, phones)
        self._decoder.add_jsgf_string(key, jsgf)
        self._models[key] = model
        while len(self._models) > _KEPT_LANGUAGES:
            old, _ = self._models.popitem(last=False)
            self._decoder.remove_search(old)
            self._guessers.pop(old, None)

    def _open_guesser(self, key: str) -> Any:
        """Return the decoder with a session's language model; opened when the grammar first fails.

        It gets a small dictionary of its own: with the whole one, a model takes seconds to load.
        """
        if key not in self._guessers:
            words, arpa = self._models[key]
            lines = [line for word in words for line in self._list_pronunciations(word)]
            self._guessers[key] = _open_decoder("\n".join(lines) + "\n", arpa)
            while len(self._guessers) > _KEPT_GUESSERS:
                self._guessers.popitem(last=False)
        self._guessers.move_to_end(key)
        return self._guessers[key]

    def _list_pronunciations(self, word: str) -> list[str]:
        names = (word, *(f"{word}({number})" for number in (2, 3)))
        return [f"{name} {sound}" for name in names if (sound := self._decoder.lookup_word(name))]

    def _add_word(self, word: str, phones: str) -> None:
        """Add a word; `=other` as its phones takes over every pronunciation of that dictionary word."""
        self._sounds[word] = phones
        found = [phones]
        if phones.startswith("="):
            other = phones[1:]
            found = [
                sound
                for name in (other, f"{other}(2)", f"{other}(3)")
                if (sound := self._decoder.lookup_word(name))
            ]
        for number, sound in enumerate(found, start=1):
            # Updating would rebuild every search.
            self._decoder.add_word(word if number == 1 else f"{word}({number})", sound, False)

    def hear(self, key: str, pcm: bytes) -> dict[str, Any]:
        """Recognise one utterance."""
        if key not in self._models:
            return {"missing": True}
        self._models.move_to_end(key)
        sound = condition(pcm)
        words, score = self._decode(self._decoder, key, sound)
        frames = max(1, len(sound) // 320)
        margin = (score - self._decode(self._phones, None, sound)[1]) / frames if words else -1.0
        if words and margin >= LIKELY:
            return {"words": words, "confident": margin >= BELIEVED, "margin": margin}
        guess, _ = self._decode(self._open_guesser(key), None, sound)
        return {"words": guess or words, "confident": False, "margin": margin}

    @staticmethod
    def _decode(decoder: Any, search: str | None, sound: bytes) -> tuple[list[str], float]:
        if search:
            decoder.activate_search(search)
        decoder.start_utt()
        decoder.process_raw(sound, full_utt=True)
        decoder.end_utt()
        found = decoder.hyp()
        if found is None:
            return [], -math.inf
        return found.hypstr.split(), math.log(found.score) if found.score > 0 else -math.inf


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
    samples = array("h", pcm[: len(pcm) & ~1])
    if sys.byteorder == "big":
        samples.byteswap()
    samples = _trim(samples)
    loud = [sample for sample in samples if abs(sample) > 50] or [1]
    gain = min(30.0, _RMS / max(1.0, math.sqrt(sum(sample * sample for sample in loud) / len(loud))))
    padding = [0] * (16 * _PAD_MS)
    noise = cycle(_make_noise())
    out = array("h", (_clip(s * gain + next(noise)) for s in (*padding, *samples, *padding)))
    if sys.byteorder == "big":
        out.byteswap()
    return out.tobytes()


def _trim(samples: array[int]) -> array[int]:
    """Cut the silence before and after an utterance: it tells nothing, and flatters every score."""
    levels = [sum(map(abs, samples[at : at + _FRAME])) for at in range(0, len(samples) - _FRAME + 1, _FRAME)]
    loud = [index for index, level in enumerate(levels) if level > _SILENT * max(levels)]
    return samples[max(0, loud[0] - 1) * _FRAME : (loud[-1] + 2) * _FRAME] if loud else samples


def _clip(value: float) -> int:
    return max(-32768, min(32767, round(value)))


@cache
def _make_noise() -> list[float]:
    chance = random.Random(7)
    return [chance.gauss(0, _RMS * _DITHER) for _ in range(16_000)]


def main() -> None:
    """Serve the engine on standard input and output."""
    side = open_worker_side()
    loaded: list[Sphinx] = []

    def answer(request: Message, _number: int) -> Iterator[Message]:
        if not loaded:
            loaded.append(Sphinx())
        sphinx, header = loaded[0], request.header
        match header["op"]:
            case "unknown":
                yield Message({"words": sphinx.list_unknown(header["words"])})
            case "learn":
                model = (header["words"], header["arpa"])
                sphinx.learn(header["key"], header["jsgf"], model, header["sounds"])
                yield Message({})
            case _:
                yield Message(sphinx.hear(header["key"], request.body))

    side.serve(answer)


if __name__ == "__main__":
    main()
