from __future__ import annotations

import pytest

from agentrun.config.scalars import loses_digits, resolve_plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[
            (word, word)
            for word in ("no", "off", "on", "yes", "12:30", "2026-11-21", "1_000", "=", "0b1", "1.2.3")
        ],
        *[(word, None) for word in ("", "~", "null", "Null", "NULL")],
        *[("true", True), ("False", False), ("TRUE", True)],
        *[("17", 17), ("017", 17), ("0o17", 15), ("0x1F", 31), ("-3", -3), ("+3", 3)],
        *[("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0)],
    ],
)
def test_core_schema(text: str, value: object) -> None:
    resolved = resolve_plain(text)
    assert resolved == value
    assert type(resolved) is type(value)


def test_nan_and_long_numbers() -> None:
    for text in (".NaN", "-.inf", "1e999"):
        with pytest.raises(ValueError, match="JSON cannot carry"):
            resolve_plain(text)
    for text in ("1" * 41, "1" * 1_000_000, "0." + "1" * 1000, "0x" + "f" * 1000):
        with pytest.raises(ValueError, match="too long"):
            resolve_plain(text)
    for text in ("1" * 1000 + " and more", "-" * 500):
        assert resolve_plain(text) == text


@pytest.mark.parametrize(
    ("text", "lost"), [("+49", True), ("007", True), ("0", False), ("-0", False), ("10", False)]
)
def test_lost_digits(text: str, lost: bool) -> None:
    assert loses_digits(text) is lost
