"""G.711: the two telephone codecs as lookup tables.

The tables agree with Sun's g711.c, the code that most gateways run, for every one of the 65 536 samples
and all 256 codes. They are built on first use (a few hundredths of a second); after that a conversion is
a table lookup. `audioop` is not used because Python 3.13 removed it.
"""

from __future__ import annotations

import sys
from array import array
from functools import cache
from typing import Literal

Law = Literal["pcmu", "pcma"]

_MU_CLIP = 8158  # 14-bit magnitude; 8159 would give wrong codes for the 268 loudest samples
_MU_BIAS = 33


def encode_g711(pcm16: bytes, law: Law) -> bytes:
    """Compress signed 16-bit little-endian samples at 8 kHz to one byte each.

    Raises:
        ValueError: the length is odd, so that half a sample is missing.

    """
    table = _encode_table(law)
    samples = array("H")
    samples.frombytes(pcm16)
    if sys.byteorder == "big":
        samples.byteswap()
    return bytes(map(table.__getitem__, samples))


def decode_g711(data: bytes, law: Law) -> bytes:
    """Expand one byte per sample to signed 16-bit little-endian samples at 8 kHz."""
    low, high = _decode_tables(law)
    pcm16 = bytearray(2 * len(data))
    pcm16[0::2] = data.translate(low)
    pcm16[1::2] = data.translate(high)
    return bytes(pcm16)


def transcode_g711(data: bytes, source: Law, target: Law) -> bytes:
    """Turn one law into the other; both directions lose a few codes, as every such gateway does."""
    return data if source == target else data.translate(_cross_table(source, target))


def _encode_mu(sample: int) -> int:
    magnitude = min(abs(sample >> 2), _MU_CLIP) + _MU_BIAS
    exponent = magnitude.bit_length() - 6
    code = (exponent << 4) | ((magnitude >> (exponent + 1)) & 15)
    return code ^ (0x7F if sample < 0 else 0xFF)


def _decode_mu(code: int) -> int:
    flipped = code ^ 0xFF
    magnitude = ((((flipped & 15) << 3) + 0x84) << ((flipped >> 4) & 7)) - 0x84
    return -magnitude if flipped & 0x80 else magnitude


def _encode_a(sample: int) -> int:
    scaled = sample >> 3
    magnitude = scaled if scaled >= 0 else -scaled - 1
    exponent = max(0, magnitude.bit_length() - 5)
    code = (exponent << 4) | ((magnitude >> max(exponent, 1)) & 15)
    return code ^ (0xD5 if sample >= 0 else 0x55)


def _decode_a(code: int) -> int:
    flipped = code ^ 0x55
    exponent = (flipped >> 4) & 7
    magnitude = ((flipped & 15) << 4) + 8
    if exponent:
        magnitude = (magnitude + 0x100) << (exponent - 1)
    return magnitude if flipped & 0x80 else -magnitude


@cache
def _encode_table(law: Law) -> bytes:
    """Codes indexed by the sample read as an unsigned 16-bit number."""
    encode = _encode_mu if law == "pcmu" else _encode_a
    return bytes([encode(sample) for sample in (*range(32768), *range(-32768, 0))])


@cache
def _decode_tables(law: Law) -> tuple[bytes, bytes]:
    """Low and high bytes of the sample that each code stands for."""
    decode = _decode_mu if law == "pcmu" else _decode_a
    samples = [decode(code) for code in range(256)]
    return bytes([s & 0xFF for s in samples]), bytes([(s >> 8) & 0xFF for s in samples])


@cache
def _cross_table(source: Law, target: Law) -> bytes:
    return encode_g711(decode_g711(bytes(range(256)), source), target)
