"""Both resamplers are tested with tones: word accuracy would not show a bad one."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentrun.audio import has_soxr, open_resampler, resample

RATES = [(24000, 16000), (8000, 24000), (22050, 24000), (24000, 8000), (8000, 16000)]
PLAIN = [True] if not has_soxr() else [True, False]


def make_tone(tone_hz: float, rate_hz: int, duration_ms: int) -> bytes:
    count = rate_hz * duration_ms // 1000
    return struct.pack(
        f"<{count}h", *(round(12000 * math.sin(2 * math.pi * tone_hz * n / rate_hz)) for n in range(count))
    )


def unpack(pcm: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(pcm) // 2}h", pcm)


def measure_rms(samples: tuple[int, ...]) -> float:
    return math.sqrt(sum(s * s for s in samples) / len(samples))


def convert(pcm: bytes, source_hz: int, target_hz: int, *, plain: bool, slices: int = 960) -> bytes:
    stream = open_resampler(source_hz, target_hz, plain=plain)
    pieces = [stream.feed(pcm[at : at + slices]) for at in range(0, len(pcm), slices)]
    return b"".join([*pieces, stream.flush()])


@pytest.mark.parametrize("plain", PLAIN)
@pytest.mark.parametrize(("source_hz", "target_hz"), RATES)
def test_a_tone_stays_the_same_tone(source_hz: int, target_hz: int, plain: bool) -> None:
    tone_hz = 1000
    out = unpack(convert(make_tone(tone_hz, source_hz, 200), source_hz, target_hz, plain=plain))
    assert abs(len(out) - target_hz // 5) <= 1
    expected = unpack(make_tone(tone_hz, target_hz, 200))
    middle = slice(target_hz // 20, target_hz * 3 // 20)
    error = tuple(a - b for a, b in zip(out[middle], expected[middle], strict=True))
    assert measure_rms(error) < 0.01 * measure_rms(expected[middle])


@pytest.mark.parametrize("plain", PLAIN)
def test_what_does_not_fit_is_removed(plain: bool) -> None:
    out = unpack(convert(make_tone(4000 * 1.15, 24000, 200), 24000, 8000, plain=plain))
    assert measure_rms(out[400:1200]) < 0.01 * 12000


@pytest.mark.parametrize("plain", PLAIN)
@given(slices=st.integers(1, 700))
@settings(max_examples=15, deadline=None)
def test_slicing_does_not_matter(slices: int, plain: bool) -> None:
    pcm = make_tone(440, 24000, 40)
    assert convert(pcm, 24000, 16000, plain=plain, slices=slices) == convert(pcm, 24000, 16000, plain=plain)


@pytest.mark.parametrize("plain", PLAIN)
def test_a_flushed_stream_starts_again(plain: bool) -> None:
    pcm = make_tone(440, 24000, 50)
    stream = open_resampler(24000, 16000, plain=plain)
    first = stream.feed(pcm) + stream.flush()
    assert stream.feed(pcm) + stream.flush() == first


@pytest.mark.parametrize("plain", PLAIN)
def test_nothing_in_nothing_out(plain: bool) -> None:
    stream = open_resampler(24000, 16000, plain=plain)
    assert stream.feed(b"") + stream.feed(b"\1") + stream.flush() == b""


def test_loud_input_is_clipped_not_wrapped() -> None:
    square = struct.pack("<480h", *([32767] * 12 + [-32768] * 12) * 20)
    out = unpack(convert(square, 8000, 24000, plain=True))
    assert max(out) == 32767
    assert min(out) == -32768


def test_equal_rates_pass_through() -> None:
    assert resample(b"\1\0\2\0", 8000, 8000) == b"\1\0\2\0"


@pytest.mark.parametrize("plain", PLAIN)
@pytest.mark.parametrize(("source_hz", "target_hz"), RATES)
def test_silence_stays_silent_and_as_long(source_hz: int, target_hz: int, plain: bool) -> None:
    stream = open_resampler(source_hz, target_hz, plain=plain)
    pieces = [stream.feed(bytes(2 * source_hz // 50)) for _ in range(50)] + [stream.flush()]
    assert not any(map(any, pieces))
    assert abs(len(b"".join(pieces)) // 2 - target_hz) <= 1


@pytest.mark.parametrize(("source_hz", "target_hz"), RATES)
def test_sound_after_silence_comes_when_it_should(source_hz: int, target_hz: int) -> None:
    sound = bytes(2 * source_hz) + make_tone(440, source_hz, 200)
    heard = unpack(resample(sound, source_hz, target_hz))
    onset = next(index for index, sample in enumerate(heard) if abs(sample) > 1000)
    assert abs(onset / target_hz - 1.0) < 0.005
