"""Changing the sample rate of a stream, with `soxr` where it is installed and plain Python where not.

Both ways are streams: what comes out does not depend on how the input was sliced. soxr says nothing for
the first 30 to 160 ms of a stream and then catches up, so open one stream per session and count samples,
never pieces. The plain way costs about a tenth of a core per stream and rejects aliases by some 50 dB: good
enough to be understood, not meant for people to enjoy.
"""

from __future__ import annotations

import importlib.util
import math
import sys
from array import array
from functools import cache
from math import gcd
from typing import Any, Literal, Protocol

Quality = Literal["LQ", "HQ"]

_HALF_TAPS = 12  # taps on each side of an output sample, counted at the lower of both rates
_CUTOFF = 0.9  # of the lower Nyquist frequency
_KAISER_BETA = 6.0


class Resampler(Protocol):
    """A stream of mono signed 16-bit little-endian samples that changes its rate."""

    def feed(self, pcm: bytes) -> bytes:
        """Return the samples that are ready; an odd last byte is kept for the next piece."""

    def flush(self) -> bytes:
        """Return what was held back and be ready for a new stream."""


def open_resampler(
    source_hz: int, target_hz: int, quality: Quality = "HQ", *, plain: bool = False
) -> Resampler:
    """Open one stream.

    Args:
        source_hz: rate of what is fed.
        target_hz: rate of what is returned.
        quality: `LQ` for speech detection and recognition, `HQ` for what people hear.
        plain: use the implementation without dependencies even where `soxr` is installed.

    """
    if source_hz == target_hz:
        return _Through()
    if not plain and has_soxr():
        return _SoxrResampler(source_hz, target_hz, quality)
    return _PlainResampler(source_hz, target_hz)


def resample(pcm: bytes, source_hz: int, target_hz: int, quality: Quality = "HQ") -> bytes:
    """Change the rate of a whole recording."""
    stream = open_resampler(source_hz, target_hz, quality)
    return stream.feed(pcm) + stream.flush()


@cache
def has_soxr() -> bool:
    """Tell whether `soxr` (and the numpy that it needs) can be imported."""
    return all(importlib.util.find_spec(name) is not None for name in ("soxr", "numpy"))


class _Through:
    """The resampler between equal rates."""

    def feed(self, pcm: bytes) -> bytes:
        return pcm

    def flush(self) -> bytes:
        return b""


class _SoxrResampler:
    """A soxr stream that is opened at the first sound and closed by `flush`.

    Silence needs no filter: a rehearsal, whose voice is silent, never loads soxr at all. And no stream
    outlives its recording, because one that is still open when the process ends is reported as a leak.
    """

    def __init__(self, source_hz: int, target_hz: int, quality: Quality) -> None:
        self._source_hz, self._target_hz, self._quality = source_hz, target_hz, quality
        common = gcd(source_hz, target_hz)
        self._step, self._phases = source_hz // common, target_hz // common
        self._guard = source_hz // 10  # the filter looks back; this much silence goes through it
        self._stream: Any = None
        self._odd = b""
        self._silent = 0  # samples of silence that nothing was returned for yet

    def feed(self, pcm: bytes) -> bytes:
        pcm = self._odd + pcm
        whole = len(pcm) & ~1
        self._odd = pcm[whole:]
        pcm = pcm[:whole]
        if self._stream is not None:
            return self._convert(pcm, last=False)
        sound = pcm.lstrip(b"\0")
        quiet = (len(pcm) - len(sound)) // 2
        silence = self._pass_silence(quiet)
        if not sound:
            return silence
        self._open()
        before, self._silent = self._silent, 0
        return silence + self._convert(bytes(2 * before) + pcm[2 * quiet :], last=False)

    def flush(self) -> bytes:
        if self._stream is None:
            rest = bytes(2 * round(self._silent * self._phases / self._step))
        else:
            rest = self._convert(b"", last=True)
        self._stream, self._odd, self._silent = None, b"", 0
        return rest

    def _pass_silence(self, samples: int) -> bytes:
        """Return silence for whole steps of it, so that the stream will begin in phase."""
        self._silent += samples
        steps = max(0, self._silent - self._guard) // self._step
        self._silent -= steps * self._step
        return bytes(2 * steps * self._phases)

    def _open(self) -> None:
        import soxr

        self._stream = soxr.ResampleStream(
            self._source_hz, self._target_hz, 1, dtype="float32", quality=self._quality
        )

    def _convert(self, pcm: bytes, *, last: bool) -> bytes:
        import numpy

        # Floats: soxr adds random dither to 16-bit samples, and the same call would sound different twice.
        samples = self._stream.resample_chunk(numpy.frombuffer(pcm, "<i2").astype("float32"), last=last)
        converted: bytes = numpy.clip(numpy.rint(samples), -32768, 32767).astype("<i2").tobytes()
        return converted


class _PlainResampler:
    """Polyphase windowed-sinc interpolation over a sliding window of input samples.

    Output sample k lies at input position k * step / phases; its fraction picks one row of taps.
    The window starts `_reach` zeros before the first sample, so that nothing is shifted in time.
    """

    def __init__(self, source_hz: int, target_hz: int) -> None:
        common = gcd(source_hz, target_hz)
        self._phases = target_hz // common
        self._step = source_hz // common
        self._rows = _make_rows(self._phases, self._step)
        self._reach = len(self._rows[0]) // 2
        self._start()

    def _start(self) -> None:
        self._window = [0.0] * (self._reach - 1)
        self._position = 0  # of the next output sample, in 1/phases of an input sample
        self._odd = b""
        self._taken = self._given = 0

    def feed(self, pcm: bytes) -> bytes:
        pcm = self._odd + pcm
        whole = len(pcm) & ~1
        self._odd = pcm[whole:]
        samples = array("h")
        samples.frombytes(pcm[:whole])
        if sys.byteorder == "big":
            samples.byteswap()
        self._window.extend(samples)
        self._taken += len(samples)
        return self._drain()

    def flush(self) -> bytes:
        self._window.extend([0.0] * self._reach)
        owed = -(-self._taken * self._phases // self._step) - self._given
        rest = self._drain()[: 2 * max(owed, 0)]
        self._start()
        return rest

    def _drain(self) -> bytes:
        out = array("h")
        width, window = 2 * self._reach, self._window
        while (first := self._position // self._phases) + width <= len(window):
            row = self._rows[self._position % self._phases]
            value = sum(map(float.__mul__, row, map(float, window[first : first + width])))
            out.append(max(-32768, min(32767, round(value))))
            self._position += self._step
        done = min(self._position // self._phases, len(window))
        del window[:done]
        self._position -= done * self._phases
        self._given += len(out)
        if sys.byteorder == "big":
            out.byteswap()
        return out.tobytes()


@cache
def _make_rows(phases: int, step: int) -> tuple[tuple[float, ...], ...]:
    """Return one row of taps per phase, each with a gain of exactly one at 0 Hz."""
    stretch = max(1.0, step / phases)  # going down in rate, the filter gets longer
    reach = math.ceil(_HALF_TAPS * stretch)
    rows = []
    for phase in range(phases):
        offsets = [tap - reach + 1 - phase / phases for tap in range(2 * reach)]
        row = [_tap(offset / stretch) for offset in offsets]
        rows.append(tuple(value / sum(row) for value in row))
    return tuple(rows)


def _tap(offset: float) -> float:
    """Kaiser-windowed sinc at `offset` samples of the lower rate from its centre."""
    inside = 1 - (offset / _HALF_TAPS) ** 2
    if inside <= 0:
        return 0.0
    angle = math.pi * offset * _CUTOFF
    sinc = math.sin(angle) / angle if angle else 1.0
    return sinc * _bessel_i0(_KAISER_BETA * math.sqrt(inside))


def _bessel_i0(x: float) -> float:
    total = term = 1.0
    for k in range(1, 25):
        term *= (x / (2 * k)) ** 2
        total += term
    return total
