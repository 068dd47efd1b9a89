"""What the terminal can show."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TextIO


def wants_color(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether to colour output; `NO_COLOR` (https://no-color.org) wins over `FORCE_COLOR`."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environment.get("TERM") != "dumb"
