"""The process that runs espeak-ng; start it as `python -m agentrun.engine.speech.espeak_worker`.

espeak-ng is licensed under GPL-3.0-or-later, so it is loaded here, in a process of its own, and nowhere else.
It has one global state: one utterance at a time, one voice at a time. Requests:

* `{"op": "speak", "text", "language", "variant", "speed"}`: replies with `{"chars"}` and 24 kHz PCM16.
* `{"op": "ipa", "texts": [...], "language"}`: one reply `{"ipa": [...]}`, the phones of each text.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agentrun.audio import open_resampler
from agentrun.engine.speech.pipes import Message, WorkerSide, open_worker_side
from agentrun.engine.speech.seams import SPEAK_HZ

_SYNCHRONOUS = 2
_PIECE_MS = 60
_DONT_EXIT = 0x8000  # without it a bad data path ends the process
_POSITION_IN_CHARACTERS = 1
_UTF8 = 1
_IPA = 0x02
_RATE_PARAMETER = 1
_NORMAL_WORDS_PER_MINUTE = 165
_WORD_EVENT = 1
_END_OF_EVENTS = 0


class _Event(ctypes.Structure):
    """`espeak_EVENT` of speak_lib.h."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    ]


class _Voice(ctypes.Structure):
    """`espeak_VOICE` of speak_lib.h."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    ]


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


class Espeak:
    """The library, loaded and initialised."""

    def __init__(self) -> None:
        self._library, data_path = _load_library()
        self._source_hz = int(self._library.espeak_Initialize(_SYNCHRONOUS, _PIECE_MS, data_path, _DONT_EXIT))
        if self._source_hz <= 0:
            raise RuntimeError("espeak-ng did not find its data")
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._resampler = open_resampler(self._source_hz, SPEAK_HZ)
        self._callback = _CALLBACK(self._take_piece)  # kept here: the library holds no reference
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, side: WorkerSide, number: int, request: dict[str, Any]) -> None:
        """Speak one text, replying while the library works; stops within one piece when cancelled."""
        text: str = request["text"]
        self._side, self._number, self._length = side, number, len(text)
        self._chars = 0
        self.choose_voice(request["language"], request["variant"])
        rate = round(_NORMAL_WORDS_PER_MINUTE * request["speed"])
        self._library.espeak_SetParameter(_RATE_PARAMETER, max(80, min(450, rate)), 0)
        data = text.encode() + b"\0"
        self._library.espeak_Synth(data, len(data), 0, _POSITION_IN_CHARACTERS, 0, _UTF8, None, None)
        tail = self._resampler.flush()
        if not side.is_cancelled(number):
            side.reply(number, {"chars": len(text)}, tail)

    def render_ipa(self, text: str) -> str:
        """Return the phones of a text in the voice chosen last, clause by clause."""
        pointer = ctypes.c_char_p(text.encode() + b"\0")
        clauses: list[str] = []
        while pointer.value:
            phones = self._library.espeak_TextToPhonemes(ctypes.byref(pointer), _UTF8, _IPA)
            clauses.append((phones or b"").decode())
        return " ".join(clauses)

    def choose_voice(self, language: str, variant: str) -> None:
        """Choose the voice of a language; an unknown language is spoken in American English."""
        name = "en-us" if language == "en" else language
        if self._library.espeak_SetVoiceByName(f"{name}{variant}".encode()) == 0:
            return
        # Some languages (en-gb, fr-fr, zh) are found by property only.
        wanted = _Voice(languages=name.encode(), gender=2 if variant.startswith("+f") else 1)
        if self._library.espeak_SetVoiceByProperties(ctypes.byref(wanted)) != 0:
            self._library.espeak_SetVoiceByName(f"en-us{variant}".encode())

    def _take_piece(self, samples: int | None, count: int, events: Any) -> int:
        index = 0
        while events[index].type != _END_OF_EVENTS:
            if events[index].type == _WORD_EVENT:
                begun = events[index].text_position - 1 + events[index].length
                self._chars = min(max(self._chars, begun), self._length)
            index += 1
        if self._side.is_cancelled(self._number):
            return 1
        if samples and count:
            pcm = self._resampler.feed(ctypes.string_at(samples, 2 * count))
            self._side.reply(self._number, {"chars": self._chars}, pcm)
        return 0


def _load_library() -> tuple[ctypes.CDLL, bytes | None]:
    """Load the packaged library, else the system's; return it with the place of its data."""
    try:
        import espeakng_loader
    except ImportError:
        found = ctypes.util.find_library("espeak-ng")
        if found is None:
            raise RuntimeError("espeak-ng is not installed") from None
        return ctypes.CDLL(found), None
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    # The library keeps paths in buffers of 160 bytes: go there and use a short one.
    data = Path(espeakng_loader.get_data_path())
    os.chdir(data.parent)
    return library, data.name.encode()


def main() -> None:
    """Serve the engine on standard input and output."""
    side = open_worker_side()
    loaded: list[Espeak] = []

    def answer(request: Message, number: int) -> Iterator[Message]:
        if not loaded:
            loaded.append(Espeak())
        espeak = loaded[0]
        if request.header["op"] == "speak":
            espeak.speak(side, number, request.header)
            return
        espeak.choose_voice(request.header["language"], "")
        yield Message({"ipa": [espeak.render_ipa(text) for text in request.header["texts"]]})

    side.serve(answer)


if __name__ == "__main__":
    main()
