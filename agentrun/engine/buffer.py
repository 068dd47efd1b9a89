"""The input audio buffer: caller audio on a clock that counts samples since the session began."""

from __future__ import annotations

from agentrun.audio import AudioFormat

MAX_HELD_MS = 10 * 60 * 1000
"""Audio that nobody commits is forgotten from its front, so that a client that only appends costs little."""


class InputBuffer:
    """Audio that was appended and not yet committed.

    Time here is stream time: milliseconds of audio since the session began. Committing or clearing does not
    turn it back.

    Attributes:
        format: of what is appended.

    """

    def __init__(self, fmt: AudioFormat) -> None:
        self.format = fmt
        self._held = bytearray()
        self._start_bytes = 0  # stream position of the first byte held, in this format
        self._origin_ms = 0  # stream time at which this format began

    @property
    def start_ms(self) -> int:
        """Stream time of the oldest audio held."""
        return self._origin_ms + self.format.to_ms(self._start_bytes)

    @property
    def end_ms(self) -> int:
        """Stream time of the next sample."""
        return self._origin_ms + self.format.to_ms(self._start_bytes + len(self._held))

    @property
    def held_ms(self) -> float:
        """How much audio is held."""
        return len(self._held) / self.format.bytes_per_ms

    def append(self, audio: bytes) -> None:
        """Add audio."""
        self._held += audio
        surplus = len(self._held) - self.format.to_bytes(MAX_HELD_MS)
        if surplus > 0:
            self._drop(surplus + surplus % self.format.sample_bytes)

    def cut(self, from_ms: int, to_ms: int) -> bytes:
        """Take the audio between two stream times out; what is older is forgotten, what is newer stays."""
        first, last = self._locate(from_ms), self._locate(to_ms)
        audio = bytes(self._held[first:last])
        self._drop(max(first, last))
        return audio

    def clear(self) -> None:
        """Forget what is held."""
        self._drop(len(self._held))

    def change_format(self, fmt: AudioFormat) -> None:
        """Forget what is held and go on in another format, on the same clock."""
        self._origin_ms = self.end_ms
        self._start_bytes = 0
        self._held.clear()
        self.format = fmt

    def _locate(self, stream_ms: int) -> int:
        offset = self.format.to_bytes(stream_ms - self._origin_ms) - self._start_bytes
        return min(max(offset, 0), len(self._held))

    def _drop(self, size_bytes: int) -> None:
        del self._held[:size_bytes]
        self._start_bytes += size_bytes
