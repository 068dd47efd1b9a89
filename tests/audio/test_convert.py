from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.audio import (
    FORMATS,
    PCM_24K,
    PCMA,
    PCMU,
    AudioFormat,
    convert_audio,
    decode_audio,
    encode_audio,
)

ANY = st.sampled_from(list(FORMATS.values()))


@given(st.binary(max_size=400), st.sampled_from([PCMU, PCMA]))
def test_codes_of_the_telephone_survive_decoding(codes: bytes, fmt: AudioFormat) -> None:
    again = encode_audio(decode_audio(codes, fmt), fmt)
    assert decode_audio(again, fmt) == decode_audio(codes, fmt)


@given(ANY, ANY, st.integers(0, 50))
def test_duration_stays(source: AudioFormat, target: AudioFormat, frames: int) -> None:
    audio = source.make_silence(20 * frames)
    assert target.to_ms(len(convert_audio(audio, source, target))) == pytest.approx(20 * frames, abs=1)


@given(st.binary(max_size=100), ANY)
def test_nothing_changes_between_equal_formats(audio: bytes, fmt: AudioFormat) -> None:
    assert convert_audio(audio, fmt, fmt) == audio


def test_pcm_is_what_it_is() -> None:
    assert decode_audio(b"\1\2", PCM_24K) == encode_audio(b"\1\2", PCM_24K) == b"\1\2"
