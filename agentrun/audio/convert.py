"""Between a format and its samples."""

from __future__ import annotations

from typing import Literal, cast

from agentrun.audio.formats import PCM_24K, AudioFormat
from agentrun.audio.g711 import decode_g711, encode_g711


def decode_audio(audio: bytes, fmt: AudioFormat) -> bytes:
    """Return audio as PCM16 at the rate of its format."""
    return audio if fmt.name == PCM_24K.name else decode_g711(audio, _find_law(fmt))


def encode_audio(pcm16: bytes, fmt: AudioFormat) -> bytes:
    """Return PCM16 at the rate of a format in that format."""
    return pcm16 if fmt.name == PCM_24K.name else encode_g711(pcm16, _find_law(fmt))


def _find_law(fmt: AudioFormat) -> Literal["pcmu", "pcma"]:
    return cast(Literal["pcmu", "pcma"], fmt.name.removeprefix("audio/"))
