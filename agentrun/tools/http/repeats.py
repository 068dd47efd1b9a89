"""When a request is sent again, how long after, and under which key: arithmetic only.

A try that ended before anything was sent (`connect`) may always be repeated. After that a repetition is safe
only if the tool reads, if the file says that repeating is harmless, or if the service knows the request by
its key. Whatever the policy says, nothing is waited for beyond the tool's `timeout`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from random import Random

from agentrun.plan import Idempotency, Retry, ToolBinding
from agentrun.wire.json import JsonObject, render_canonical

FIRST_WAIT_MS = 250
LONGEST_WAIT_MS = 4_000
LEAST_TRY_MS = 50
"""With less time than this left, another try could not end well."""

_NOT_FINAL = frozenset({408, 409, 425, 429})


@dataclass(frozen=True, slots=True)
class Ending:
    """How one try ended, if not well.

    Attributes:
        cause: `connect` and `tls`: nothing was sent; `timeout`; `lost`: the answer broke off; or the status.
        retry_after_ms: how long the service asks to be left alone; None if it does not say.

    """

    cause: str | int
    retry_after_ms: int | None = None

    @property
    def leaves_doubt(self) -> bool:
        """Whether the request may have taken effect all the same."""
        if isinstance(self.cause, int):
            return not is_final(self.cause)
        return self.cause in ("timeout", "lost")


def is_final(status: int) -> bool:
    """Tell whether a service that answers so says for certain that it did nothing."""
    return 400 <= status < 500 and status not in _NOT_FINAL


def may_repeat(binding: ToolBinding) -> bool:
    """Tell whether a request that was sent may be sent again."""
    return binding.effect == "read" or binding.idempotency.kind != "none"


def decide_wait_ms(
    binding: ToolBinding, tries: int, ending: Ending, left_ms: int, seed: str = ""
) -> int | None:
    """Return how long to wait before the next try, or None if there is none.

    Args:
        binding: the tool with its rules.
        tries: how many there have been.
        ending: of the last of them.
        left_ms: what is left of the tool's time.
        seed: spreads the waits of different runs; the same seed gives the same wait.

    """
    rules = binding.retry
    if tries >= rules.attempts or ending.cause not in rules.on:
        return None
    if ending.cause != "connect" and not may_repeat(binding):
        return None
    wait_ms = max(_back_off_ms(tries, seed), ending.retry_after_ms or 0)
    return wait_ms if wait_ms + LEAST_TRY_MS <= left_ms else None


def share_ms(rules: Retry, tries: int, left_ms: int) -> int:
    """Return how long the next try may take.

    All that is left; unless a timeout is worth another try, which then must have its share.
    """
    to_come = rules.attempts - tries if "timeout" in rules.on else 1
    return max(1, left_ms // max(1, to_come))


def _back_off_ms(tries: int, seed: str) -> int:
    most = min(LONGEST_WAIT_MS, FIRST_WAIT_MS << min(tries - 1, 10))
    return round(most * Random(f"{seed} {tries}").uniform(0.5, 1.0))


def parse_retry_after_ms(text: str, now: datetime) -> int | None:
    """Return the milliseconds that a `Retry-After` asks for: seconds or a date (RFC 9110, 10.2.3).

    Args:
        text: the header's value; empty if there is none.
        now: the present moment, with its zone.

    """
    text = text.strip()
    if text.isascii() and text.isdigit():
        return int(text[:9]) * 1000
    try:
        then = parsedate_to_datetime(text)
        return max(0, round((then - now).total_seconds() * 1000))
    except (ValueError, TypeError, IndexError, OverflowError):  # no date, or one without a zone
        return None


def make_key(tool: str, rules: Idempotency, arguments: JsonObject, call_id: str, caller: str) -> str:
    """Return the key by which a service knows a repetition: 32 letters and digits.

    Equal tool, scope and named arguments give an equal key, whatever the model's own id of the call is. A
    caller without a number shares no key with others.
    """
    match rules.scope:
        case "global":
            scope = ["global"]
        case "caller" if caller:
            scope = ["caller", caller]
        case _:
            scope = ["call", call_id]
    text = render_canonical([tool, scope, {name: arguments.get(name) for name in rules.key}])
    return hashlib.sha256(text.encode()).hexdigest()[:32]
