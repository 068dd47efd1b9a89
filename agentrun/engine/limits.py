"""The rate limit that a session reports: tokens that are spent and come back over a minute.

At the service the limit belongs to an organisation and a model; here each session has one of its own. It is
reported and never enforced.
"""

from __future__ import annotations

from agentrun.wire.json import JsonObject

TOKENS_PER_MINUTE = 15_000_000
_MINUTE_MS = 60_000


class RateLimit:
    """Tokens that are left.

    Args:
        per_minute: how many there are when nothing has been spent for a minute.

    """

    def __init__(self, per_minute: int = TOKENS_PER_MINUTE) -> None:
        self._limit = per_minute
        self._remaining: float = per_minute
        self._counted_at_ms = 0

    def spend(self, tokens: int, now_ms: int) -> JsonObject:
        """Take tokens away and return the row of `rate_limits.updated` that says what is left."""
        refill = (now_ms - self._counted_at_ms) * self._limit / _MINUTE_MS
        self._counted_at_ms = now_ms
        self._remaining = max(0.0, min(self._limit, self._remaining + refill) - tokens)
        missing = self._limit - self._remaining
        return {
            "name": "tokens",
            "limit": self._limit,
            "remaining": int(self._remaining),
            "reset_seconds": round(missing * 60 / self._limit, 3),
        }
