"""Times and sizes with their unit: `700ms`, `8s`, `16KiB`."""

from __future__ import annotations

import re

# So many digits are enough for anybody, and their number is finite.
DURATION_PATTERN = r"^[0-9]{1,12}(\.[0-9]{1,12})?(ms|s|m|h)$"
SIZE_PATTERN = r"^[0-9]{1,15}(B|KB|MB|KiB|MiB)$"
_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
_BYTES = {"B": 1, "KB": 1000, "MB": 1_000_000, "KiB": 1024, "MiB": 1024 * 1024}


def parse_duration_ms(text: str) -> int:
    """Return a time in whole milliseconds.

    Raises:
        ValueError: not a number followed by `ms`, `s`, `m` or `h`.

    """
    match = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)(ms|s|m|h)", text)
    if match is None:
        raise ValueError(f"`{text[:40]}` is not a time with its unit")
    return round(float(match[1]) * _MS[match[2]])


def parse_size_bytes(value: str | int) -> int:
    """Return a size in bytes; a plain number is bytes already.

    Raises:
        ValueError: not a number followed by `B`, `KB`, `MB`, `KiB` or `MiB`.

    """
    if isinstance(value, int):
        return value
    match = re.fullmatch(r"([0-9]{1,15})(B|KB|MB|KiB|MiB)", value)
    if match is None:
        raise ValueError(f"`{value[:40]}` is not a size with its unit")
    return int(match[1]) * _BYTES[match[2]]
