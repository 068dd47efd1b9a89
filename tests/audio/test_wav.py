from __future__ import annotations

import io
import wave

import pytest

from agentrun.audio import Wav, parse_wav, render_wav


def make_wav(channels: int, width: int, frames: bytes) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(width)
        writer.setframerate(8000)
        writer.writeframes(frames)
    return buffer.getvalue()


def test_what_is_rendered_comes_back() -> None:
    assert parse_wav(render_wav(b"\1\0\2\0", 24000)) == Wav(b"\1\0\2\0", 24000)


def test_the_first_of_several_channels_is_kept() -> None:
    assert parse_wav(make_wav(2, 2, b"\1\0\x09\0\2\0\x09\0")).pcm == b"\1\0\2\0"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a readable WAV"),
        (b"RIFF....", "not a readable WAV"),
        (make_wav(1, 1, b"\0"), "8-bit samples"),
    ],
)
def test_other_files_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_wav(data)
