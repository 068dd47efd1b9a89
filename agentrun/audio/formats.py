"""Audio formats as the Realtime API names them, and the arithmetic between bytes and time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

FormatName = Literal["audio/pcm", "audio/pcmu", "audio/pcma"]


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """One way to write mono audio as bytes.

    Attributes:
        name: the wire's `type`.
        rate_hz: samples per second.
        sample_bytes: bytes per sample; 2 means signed 16-bit little-endian.
        silence: the bytes of one silent sample.

    """

    name: FormatName
    rate_hz: int
    sample_bytes: int
    silence: bytes

    @property
    def bytes_per_ms(self) -> int:
        """Bytes in one millisecond; a whole number for all three formats."""
        return self.rate_hz * self.sample_bytes // 1000

    def to_ms(self, size_bytes: int) -> int:
        """Return the duration of that many bytes in whole milliseconds, rounded down."""
        return size_bytes // self.bytes_per_ms

    def to_bytes(self, duration_ms: int) -> int:
        """Return how many bytes that many milliseconds take."""
        return duration_ms * self.bytes_per_ms

    def make_silence(self, duration_ms: int) -> bytes:
        """Return that many milliseconds of silence."""
        return self.silence * (self.rate_hz * duration_ms // 1000)

    def to_wire(self) -> dict[str, object]:
        """Return the `format` object of a session; only PCM states its rate."""
        return {"type": self.name, "rate": self.rate_hz} if self.name == "audio/pcm" else {"type": self.name}


PCM_24K = AudioFormat("audio/pcm", 24_000, 2, b"\0\0")
PCMU = AudioFormat("audio/pcmu", 8_000, 1, b"\xff")
PCMA = AudioFormat("audio/pcma", 8_000, 1, b"\xd5")

FORMATS: Mapping[str, AudioFormat] = {fmt.name: fmt for fmt in (PCM_24K, PCMU, PCMA)}


def parse_format(wire: Mapping[str, object]) -> AudioFormat:
    """Read a session's `format` object, for example `{"type": "audio/pcm", "rate": 24000}`.

    Raises:
        ValueError: the type is unknown, or a rate is stated that the type does not have.

    """
    name, rate = wire.get("type"), wire.get("rate")
    fmt = FORMATS.get(name) if isinstance(name, str) else None
    if fmt is None:
        raise ValueError(f"unknown audio format {name!r}, expected one of {', '.join(FORMATS)}")
    if rate is not None and rate != fmt.rate_hz:
        raise ValueError(f"{fmt.name} has a rate of {fmt.rate_hz} Hz, found {rate!r}")
    return fmt
