from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agentrun.audio import (
    PCM_24K,
    PCMA,
    PCMU,
    AudioFormat,
    decode_audio,
    encode_audio,
)


@given(st.binary(max_size=400), st.sampled_from([PCMU, PCMA]))
def test_codes_of_the_telephone_survive_decoding(codes: bytes, fmt: AudioFormat) -> None:
    again = encode_audio(decode_audio(codes, fmt), fmt)
    assert decode_audio(again, fmt) == decode_audio(codes, fmt)


def test_pcm_is_what_it_is() -> None:
    assert decode_audio(b"\1\2", PCM_24K) == encode_audio(b"\1\2", PCM_24K) == b"\1\2"
