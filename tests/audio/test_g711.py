"""The tables against the widely used C code (g711.c of Sun Microsystems), transcribed, for all inputs."""

from __future__ import annotations

import struct

import pytest

from agentrun.audio import PCMA, PCMU, decode_g711, encode_g711, transcode_g711
from agentrun.audio.g711 import Law

EVERY_SAMPLE = range(-32768, 32768)


U_SEGMENT_ENDS = (0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF, 0x1FFF)
A_SEGMENT_ENDS = (0x1F, 0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF)


def find_segment(value: int, ends: tuple[int, ...]) -> int:
    return next((index for index, end in enumerate(ends) if value <= end), len(ends))


def reference_ulaw_compress(sample: int) -> int:
    value = sample >> 2
    mask = 0xFF
    if value < 0:
        value, mask = -value, 0x7F
    value = min(value, 8159) + (0x84 >> 2)
    segment = find_segment(value, U_SEGMENT_ENDS)
    if segment >= 8:
        return 0x7F ^ mask
    return ((segment << 4) | ((value >> (segment + 1)) & 0xF)) ^ mask


def reference_alaw_compress(sample: int) -> int:
    value = sample >> 3
    mask = 0xD5
    if value < 0:
        value, mask = -value - 1, 0x55
    segment = find_segment(value, A_SEGMENT_ENDS)
    if segment >= 8:
        return 0x7F ^ mask
    return ((segment << 4) | ((value >> (1 if segment < 2 else segment)) & 0xF)) ^ mask


def reference_ulaw_expand(code: int) -> int:
    code = ~code & 0xFF
    value = (((code & 0xF) << 3) + 0x84) << ((code & 0x70) >> 4)
    return 0x84 - value if code & 0x80 else value - 0x84


def reference_alaw_expand(code: int) -> int:
    code ^= 0x55
    value = (code & 0xF) << 4
    segment = (code & 0x70) >> 4
    if segment == 0:
        value += 8
    elif segment == 1:
        value += 0x108
    else:
        value = (value + 0x108) << (segment - 1)
    return value if code & 0x80 else -value


def to_bytes(samples: range | list[int]) -> bytes:
    return struct.pack(f"<{len(samples)}h", *samples)


def test_ulaw_encodes_every_sample_as_the_reference() -> None:
    assert encode_g711(to_bytes(EVERY_SAMPLE), "pcmu") == bytes(map(reference_ulaw_compress, EVERY_SAMPLE))


def test_alaw_encodes_every_sample_as_the_reference() -> None:
    assert encode_g711(to_bytes(EVERY_SAMPLE), "pcma") == bytes(map(reference_alaw_compress, EVERY_SAMPLE))


def test_alaw_decodes_every_code_as_the_reference() -> None:
    expected = to_bytes([reference_alaw_expand(code) for code in range(256)])
    assert decode_g711(bytes(range(256)), "pcma") == expected


def test_ulaw_decodes_every_code_as_the_reference() -> None:
    expected = to_bytes([reference_ulaw_expand(code) for code in range(256)])
    assert decode_g711(bytes(range(256)), "pcmu") == expected


def test_ulaw_decodes_known_codes() -> None:
    decoded = struct.unpack("<6h", decode_g711(b"\x00\x80\xff\x7f\xf0\x8f", "pcmu"))
    assert decoded == (-32124, 32124, 0, 0, 120, 16764)


@pytest.mark.parametrize("law", ["pcmu", "pcma"])
def test_decoding_then_encoding_gives_the_code_back(law: Law) -> None:
    codes = bytes(range(256))
    again = encode_g711(decode_g711(codes, law), law)
    negative_zero = {0x7F: 0xFF} if law == "pcmu" else {}
    assert list(again) == [negative_zero.get(code, code) for code in codes]


@pytest.mark.parametrize("law", ["pcmu", "pcma"])
def test_each_sample_lands_on_the_nearest_value_of_its_segment(law: Law) -> None:
    pcm = to_bytes(EVERY_SAMPLE)
    decoded = struct.unpack("<65536h", decode_g711(encode_g711(pcm, law), law))
    assert all(
        abs(new - old) <= max(16, abs(old) // 30 + 16) for old, new in zip(EVERY_SAMPLE, decoded, strict=True)
    )


def test_transcoding_equals_decoding_and_encoding() -> None:
    codes = bytes(range(256))
    assert transcode_g711(codes, "pcmu", "pcma") == encode_g711(decode_g711(codes, "pcmu"), "pcma")
    assert transcode_g711(codes, "pcma", "pcma") is codes
    assert transcode_g711(PCMU.silence, "pcmu", "pcma") == PCMA.silence


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError):
        encode_g711(b"\0\0\0", "pcmu")
