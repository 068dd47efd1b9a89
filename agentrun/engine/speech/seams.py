"""What the engine asks of the parts that listen and speak; any part that fits may stand in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from agentrun.wire.json import JsonObject

WINDOW_MS = 32
"""Length of one detector window."""
LISTEN_HZ = 16_000
"""Rate of everything that is recognised, and of what most detectors hear."""
WINDOW_BYTES = 1024
"""What a detector looks at in one step, at that rate: 512 samples."""
SPEAK_HZ = 24_000
"""Rate of everything that is spoken."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What a caller of this session is likely to talk about.

    Attributes:
        instructions: the session's instructions.
        tools: the session's function tools as they stand on the wire.
        phrases: whole sentences that callers say, if the agent knows some.

    """

    instructions: str = ""
    tools: list[JsonObject] = field(default_factory=list)
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a recogniser understood.

    Attributes:
        text: written as a caller would type it; empty when nothing was understood.
        confident: the words are a complete sentence that the recogniser expected, not a guess.
        ambiguous: it holds words that are easily heard as others that sound alike, such as names.

    """

    text: str
    confident: bool
    ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class SpeechChunk:
    """A piece of speech, at most 100 ms long.

    Attributes:
        pcm: 24 kHz mono PCM16, little-endian.
        chars: how many characters of the text have been begun by the end of this piece; the last
            piece has all of them.

    """

    pcm: bytes
    chars: int


class SpeechDetector(Protocol):
    """Tells speech from everything else; synchronous, one per session."""

    @property
    def rate_hz(self) -> int:
        """Rate of the sound that it wants to hear."""

    def feed(self, pcm: bytes) -> list[float]:
        """Return the probability of speech for each 32 ms window that is now complete.

        Args:
            pcm: any number of bytes of PCM16 at `rate_hz`; an incomplete window is kept for the next call.

        """

    def reset(self) -> None:
        """Forget everything heard so far."""


class Recogniser(Protocol):
    """Turns one utterance into text."""

    async def transcribe(self, pcm16k: bytes, hints: Hints, language: str | None) -> Transcript:
        """Return what was said; never raises, an utterance that cannot be recognised has an empty text.

        Args:
            pcm16k: one utterance, 16 kHz PCM16.
            hints: what the session's callers are likely to say.
            language: ISO-639-1 code, or None to derive it from the hints.

        """

    async def aclose(self) -> None:
        """End what was started."""


class Voice(Protocol):
    """Speaks."""

    def speak(
        self, text: str, *, language: str | None, voice: str, speed: float
    ) -> AsyncIterator[SpeechChunk]:
        """Return the speech piece by piece, faster than it plays; close the iterator to cancel.

        Args:
            text: what to say.
            language: ISO-639-1 code, or None to derive it from the script of the text.
            voice: any name; the same name always sounds the same.
            speed: 1.0 is normal, 0.25 to 1.5 as in the Realtime API.

        """

    async def aclose(self) -> None:
        """End what was started."""


_SCRIPTS = (
    ("ko", 0xAC00, 0xD7A3),
    ("ja", 0x3040, 0x30FF),
    ("zh", 0x4E00, 0x9FFF),
    ("ru", 0x0400, 0x04FF),
    ("ar", 0x0600, 0x06FF),
    ("hi", 0x0900, 0x097F),
)


def guess_language(texts: Iterable[str]) -> str:
    """Return the ISO-639-1 code of the first script that makes up a fifth of the letters, else `en`."""
    letters = [ord(char) for text in texts for char in text if char.isalpha()]
    for language, first, last in _SCRIPTS:
        if letters and sum(first <= code <= last for code in letters) * 5 >= len(letters):
            return language
    return "en"
