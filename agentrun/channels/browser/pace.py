"""How much a page may send: a bucket that fills with time and empties with use."""

from __future__ import annotations


class Pace:
    """Lets `per_s` units through each second, and `burst` units at once after a pause.

    Time is an argument (seconds on any monotonic clock), so that a test need not wait.
    """

    __slots__ = ("_burst", "_left", "_per_s", "_then_s")

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._left = burst
        self._then_s: float | None = None

    def take(self, units: float, now_s: float) -> bool:
        """Return True and use up `units`, or return False and use nothing."""
        if self._then_s is not None:
            gained = max(0.0, now_s - self._then_s) * self._per_s
            self._left = min(self._burst, self._left + gained)
        self._then_s = now_s
        if units > self._left:
            return False
        self._left -= units
        return True
