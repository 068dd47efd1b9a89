"""From what a voice speaks to what a client plays: 24 kHz samples into the session's output format."""

from __future__ import annotations

from agentrun.audio import PCM_24K, AudioFormat, Resampler, encode_audio, open_resampler

_LEAST_MS = 100
_MOST_MS = 200


class SoundEncoder:
    """Encodes one utterance and slices it into pieces of 100 to 200 ms (the last may be shorter)."""

    def __init__(self, fmt: AudioFormat) -> None:
        self.format = fmt
        self._resampler: Resampler | None = None
        if fmt.name != PCM_24K.name:
            self._resampler = open_resampler(PCM_24K.rate_hz, fmt.rate_hz)
        self._rest = b""

    def feed(self, pcm24k: bytes) -> list[bytes]:
        """Return the pieces that are complete."""
        self._rest += self._encode(self._resampler.feed(pcm24k) if self._resampler else pcm24k)
        return self._slice(self.format.to_bytes(_LEAST_MS))

    def flush(self) -> list[bytes]:
        """Return what is left of the utterance."""
        if self._resampler:
            self._rest += self._encode(self._resampler.flush())
        return self._slice(1)

    def _encode(self, pcm: bytes) -> bytes:
        return encode_audio(pcm, self.format)

    def _slice(self, least_bytes: int) -> list[bytes]:
        most_bytes = self.format.to_bytes(_MOST_MS)
        pieces = []
        while len(self._rest) >= least_bytes:
            pieces.append(self._rest[:most_bytes])
            self._rest = self._rest[most_bytes:]
        return pieces
