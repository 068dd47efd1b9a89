from __future__ import annotations

import pytest

from agentrun.audio import FORMATS, PCM_24K, PCMA, PCMU, AudioFormat, parse_format


@pytest.mark.parametrize(("fmt", "bytes_per_ms"), [(PCM_24K, 48), (PCMU, 8), (PCMA, 8)])
def test_bytes_and_milliseconds(fmt: AudioFormat, bytes_per_ms: int) -> None:
    assert fmt.bytes_per_ms == bytes_per_ms
    assert fmt.to_bytes(20) == 20 * bytes_per_ms
    assert fmt.to_ms(20 * bytes_per_ms + 1) == 20
    assert fmt.make_silence(3) == fmt.silence * (3 * fmt.rate_hz // 1000)
    assert len(fmt.make_silence(20)) == fmt.to_bytes(20)


@pytest.mark.parametrize("fmt", FORMATS.values())
def test_wire_form_comes_back(fmt: AudioFormat) -> None:
    assert parse_format(fmt.to_wire()) is fmt


def test_only_pcm_states_a_rate() -> None:
    assert PCM_24K.to_wire() == {"type": "audio/pcm", "rate": 24000}
    assert PCMU.to_wire() == {"type": "audio/pcmu"}


@pytest.mark.parametrize(
    ("wire", "message"),
    [
        ({"type": "audio/opus"}, "unknown audio format 'audio/opus'"),
        ({}, "unknown audio format None"),
        ({"type": ["audio/pcm"]}, "unknown audio format"),
        ({"type": "audio/pcm", "rate": 16000}, "24000 Hz, found 16000"),
    ],
)
def test_bad_formats_are_named(wire: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_format(wire)
