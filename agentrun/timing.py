"""The part of a clock that channels and links need: the time, and to be called back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A scheduled callback."""

    def cancel(self) -> None:
        """Do not call."""
        ...


class Timers(Protocol):
    """Time on one call, in milliseconds since it began."""

    def now_ms(self) -> int:
        """The time."""
        ...

    def call_at(self, when_ms: int, callback: Callable[[], None]) -> Timer:
        """Call back at that time, or at once if it is past."""
        ...
