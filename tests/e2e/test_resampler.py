"""The page's resampler, run where it lives: in the browser."""

from __future__ import annotations

from typing import TypeAlias

import pytest

from tests.e2e.conftest import Browser

pytest.importorskip("numpy", reason="needs the extra `speech`")
import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.floating]

pytestmark = pytest.mark.browser

RESAMPLE = """
const [fromHz, toHz, hz, pieces] = args;
const { Resampler } = await import("/static/resampler.js");
const resampler = new Resampler(fromHz, toHz);
const wave = (_, n) => 0.5 * Math.sin((2 * Math.PI * hz * n) / fromHz);
const input = Float32Array.from({ length: fromHz / 2 }, wave);
const output = [];
for (let n = 0, k = 0; n < input.length; k++) {
  const end = n + pieces[k % pieces.length];
  output.push(...resampler.process(input.subarray(n, end)));
  n = end;
}
output.push(...resampler.flush());
return output;
"""


def convert(laboratory: Browser, from_hz: int, to_hz: int, hz: float, pieces: tuple[int, ...]) -> Samples:
    output = laboratory.run(RESAMPLE, from_hz, to_hz, hz, pieces)
    assert isinstance(output, list), output
    return np.array(output)


@pytest.mark.parametrize(
    ("from_hz", "to_hz"),
    [
        (48_000, 24_000),
        (44_100, 24_000),
        (96_000, 24_000),
        (16_000, 24_000),
        (8_000, 24_000),
        (24_000, 24_000),
        (24_000, 48_000),
        (24_000, 44_100),
        (24_000, 96_000),
    ],
)
def test_every_rate_keeps_length_level_and_pitch(laboratory: Browser, from_hz: int, to_hz: int) -> None:
    output = convert(laboratory, from_hz, to_hz, 1000, (128,))
    assert len(output) == pytest.approx(to_hz / 2, abs=3)
    times = np.arange(len(output)) / to_hz
    ideal = 0.5 * np.sin(2 * np.pi * 1000 * times)
    edge = to_hz // 100
    assert np.abs(output - ideal)[edge:-edge].max() < 0.001


@pytest.mark.parametrize(("from_hz", "hz"), [(48_000, 12_500), (44_100, 12_500), (96_000, 30_000)])
def test_what_the_wire_cannot_carry_is_removed(laboratory: Browser, from_hz: int, hz: float) -> None:
    output = convert(laboratory, from_hz, 24_000, hz, (128,))
    assert np.abs(output)[240:-240].max() < 0.001


def test_slicing_changes_nothing(laboratory: Browser) -> None:
    whole = convert(laboratory, 44_100, 24_000, 700, (22_050,))
    sliced = convert(laboratory, 44_100, 24_000, 700, (1, 128, 3, 500, 0, 17))
    assert np.array_equal(whole, sliced)
