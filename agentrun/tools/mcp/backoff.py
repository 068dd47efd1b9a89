"""When a server that was lost is started again: at once, then ever later, and five times a minute at most."""

from __future__ import annotations

from collections import deque

WINDOW_S = 60.0
MOST_STARTS = 5
_FIRST_S = 0.3
_FACTORS = (1, 5, 25, 125, 625)
_LONGEST_S = 30.0


class Backoff:
    """Counts the starts of one server. Times are in seconds, from any fixed point."""

    def __init__(self) -> None:
        self._starts: deque[float] = deque(maxlen=MOST_STARTS)

    def note_start(self, now_s: float) -> None:
        """A start is made now."""
        self._starts.append(now_s)

    def next_start_s(self, now_s: float) -> float:
        """Return the time of the next start, after one has failed or its connection was lost."""
        recent = [start for start in self._starts if start > now_s - WINDOW_S]
        delay_s = min(_LONGEST_S, _FIRST_S * _FACTORS[max(0, len(recent) - 1)])
        earliest_s = self._starts[0] + WINDOW_S if len(recent) == MOST_STARTS else now_s
        return max(now_s + delay_s, earliest_s)
