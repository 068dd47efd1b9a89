"""Sound that comes over HTTP, in pieces of any size: bare samples, or WAV of any rate.

The header of a streamed WAV cannot know how long the sound is, so its lengths say nothing: what follows the
name of the `data` chunk is sound up to the end.
"""

from __future__ import annotations

import struct
from typing import Protocol

from agentrun.audio import PCM_24K, Resampler, open_resampler

_LONGEST_HEADER_BYTES = 64 * 1024
_FORMAT = struct.Struct("<HHIIHH")
_PLAIN, _EXTENSIBLE = 1, 0xFFFE


class SoundReader(Protocol):
    """Turns what comes into 24 kHz mono 16-bit samples."""

    def feed(self, piece: bytes) -> bytes:
        """Return the samples that are ready.

        Raises:
            ValueError: this is not sound that can be read.

        """

    def flush(self) -> bytes:
        """Return what was held back, at the end."""


def make_sound_reader() -> SoundReader:
    """Return a reader that finds out by the first bytes what comes."""
    return _AnySound()


class _AnySound:
    def __init__(self) -> None:
        self._reader: SoundReader | None = None
        self._held = b""

    def feed(self, piece: bytes) -> bytes:
        if self._reader is None:
            self._held += piece
            if len(self._held) < 4:
                return b""
            piece, self._held = self._held, b""
            self._reader = _WavSound() if piece.startswith(b"RIFF") else _BareSound()
        return self._reader.feed(piece)

    def flush(self) -> bytes:
        return self._reader.flush() if self._reader is not None else b""


class _BareSound:
    """Samples at 24 kHz, as the API's format `pcm` has them."""

    def __init__(self) -> None:
        self._odd = b""

    def feed(self, piece: bytes) -> bytes:
        piece = self._odd + piece
        whole = len(piece) - len(piece) % 2
        self._odd = piece[whole:]
        return piece[:whole]

    def flush(self) -> bytes:
        return b""


class _WavSound:
    def __init__(self) -> None:
        self._held = b""
        self._channels = 0
        self._resampler: Resampler | None = None

    def feed(self, piece: bytes) -> bytes:
        self._held += piece
        if self._resampler is None and not self._read_header():
            return b""
        frame = 2 * self._channels
        whole = len(self._held) - len(self._held) % frame
        pcm, self._held = self._held[:whole], self._held[whole:]
        if self._channels > 1:
            pcm = b"".join(pcm[at : at + 2] for at in range(0, whole, frame))
        assert self._resampler is not None
        return self._resampler.feed(pcm)

    def flush(self) -> bytes:
        return self._resampler.flush() if self._resampler is not None else b""

    def _read_header(self) -> bool:
        """Find the sound; False while the header is not complete."""
        at = 12
        while len(self._held) >= at + 8:
            name, size = self._held[at : at + 4], int.from_bytes(self._held[at + 4 : at + 8], "little")
            at += 8
            if name == b"data":
                if self._resampler is None:
                    raise ValueError("a WAV file without a format")
                self._held = self._held[at:]
                return True
            if name == b"fmt " and len(self._held) >= at + _FORMAT.size:
                self._read_format(self._held[at : at + _FORMAT.size])
            at += size + size % 2
        self._resampler = None  # the header is read afresh when more of it has come
        if len(self._held) > _LONGEST_HEADER_BYTES:
            raise ValueError("a WAV file without sound")
        return False

    def _read_format(self, data: bytes) -> None:
        kind, self._channels, rate_hz, _, _, bits = _FORMAT.unpack(data)
        if kind not in (_PLAIN, _EXTENSIBLE) or bits != 16 or not self._channels or not rate_hz:
            raise ValueError(f"a WAV file of {bits}-bit samples of kind {kind}, expected plain 16-bit ones")
        self._resampler = open_resampler(rate_hz, PCM_24K.rate_hz)
