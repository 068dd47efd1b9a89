"""Mono 16-bit WAV files in memory, for tests, uploads to speech servers and fake microphones."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wav:
    """The sound of a WAV file.

    Attributes:
        pcm: mono signed 16-bit little-endian samples.
        rate_hz: samples per second.

    """

    pcm: bytes
    rate_hz: int


def render_wav(pcm: bytes, rate_hz: int) -> bytes:
    """Return a WAV file of mono signed 16-bit little-endian samples."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate_hz)
        writer.writeframes(pcm)
    return buffer.getvalue()


def parse_wav(data: bytes) -> Wav:
    """Read a WAV file; of several channels the first one is kept.

    Raises:
        ValueError: it is not a WAV file of uncompressed 16-bit samples.

    """
    try:
        with wave.open(io.BytesIO(data), "rb") as reader:
            channels, width, rate_hz = reader.getnchannels(), reader.getsampwidth(), reader.getframerate()
            pcm = reader.readframes(reader.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"not a readable WAV file: {error}") from error
    if width != 2:
        raise ValueError(f"the WAV file has {8 * width}-bit samples, expected 16-bit ones")
    if channels == 1:
        return Wav(pcm, rate_hz)
    frame = 2 * channels
    return Wav(b"".join(pcm[at : at + 2] for at in range(0, len(pcm), frame)), rate_hz)
