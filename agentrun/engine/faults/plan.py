"""Deciding: a moment in, actions out. The same seed and the same moments give the same actions.

Counting is by rule. Handshakes, requests, sessions, listings of MCP servers and webhooks are counted over the
life of an engine; what happens within a session is counted in each session afresh, with chances of its own
that hang on the seed and the number of the session.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from agentrun.engine.faults.rules import Action, Delay, Duplicate, FaultRules, Lose, Rule


@dataclass(frozen=True, slots=True)
class Due:
    """An action, and how long after the moment it is due."""

    action: Action
    after_ms: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """What becomes of one webhook.

    Attributes:
        copies: how often it is sent; 0 if it is lost.
        wait_ms: before the first time.

    """

    copies: int = 1
    wait_ms: int = 0


class _Counter:
    """How often one rule could have acted, and has."""

    def __init__(self, rule: Rule, seed: str) -> None:
        self.rule = rule
        self._random = random.Random(seed)
        self._seen = 0
        self._done = 0

    def count(self) -> bool:
        """Take an occurrence; return whether the rule acts."""
        rule = self.rule
        self._seen += 1
        if rule.nth is not None and self._seen != rule.nth:
            return False
        if self._seen % rule.every:
            return False
        if rule.times is not None and self._done >= rule.times:
            return False
        if rule.probability < 1 and self._random.random() >= rule.probability:
            return False
        self._done += 1
        return True


class _Counters:
    def __init__(self, rules: FaultRules, scope: str) -> None:
        self._counters = [
            _Counter(rule, f"{rules.seed}/{scope}/{index}") for index, rule in enumerate(rules.rules)
        ]

    def take(self, moment: str) -> list[Due]:
        covering = [counter for counter in self._counters if counter.rule.covers(moment)]
        return [Due(one.rule.action, one.rule.after_ms) for one in covering if one.count()]


class SessionFaults:
    """What goes wrong in one session."""

    def __init__(self, plans: Sequence[FaultPlan]) -> None:
        self._plans = plans
        self._counters = [plan.count_session() for plan in plans]

    def take(self, moment: str) -> list[Due]:
        """Return what happens now.

        Args:
            moment: `session` (once, at the beginning), `response`, or the type of an event.

        """
        if moment == "session":
            return [due for plan in self._plans for due in plan.session()]
        return [due for counters in self._counters for due in counters.take(moment)]

    def take_listing(self) -> list[Action]:
        """Return what happens to the listing of an MCP server that begins now."""
        return [action for plan in self._plans for action in plan.mcp_listing()]


class FaultPlan:
    """Rules at work in one engine."""

    def __init__(self, rules: FaultRules) -> None:
        self._rules = rules
        self._engine = _Counters(rules, "engine")
        self._sessions = 0

    def connect(self) -> list[Action]:
        """Return what happens to a handshake."""
        return self._take("connect")

    def request(self) -> list[Action]:
        """Return what happens to a request over HTTP."""
        return self._take("request")

    def session(self) -> list[Due]:
        """Return what happens to a session that begins now."""
        return self._engine.take("session")

    def mcp_listing(self) -> list[Action]:
        """Return what happens to the listing of an MCP server: `Delay`, `Stall` or `Fail`."""
        return self._take("mcp")

    def webhook(self) -> Delivery:
        """Return what becomes of the next webhook; an attempt that is made again is the same webhook."""
        actions = self._take("webhook")
        wait_ms = sum(action.wait_ms for action in actions if isinstance(action, Delay))
        if any(isinstance(action, Lose) for action in actions):
            return Delivery(0, wait_ms)
        return Delivery(2 if any(isinstance(action, Duplicate) for action in actions) else 1, wait_ms)

    def count_session(self) -> _Counters:
        """Begin to count for one more session."""
        self._sessions += 1
        return _Counters(self._rules, f"session {self._sessions}")

    def _take(self, moment: str) -> list[Action]:
        return [due.action for due in self._engine.take(moment)]
