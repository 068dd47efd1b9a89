"""What can go wrong, and when: moments, actions and rules as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Literal, TypeAlias

Place = Literal["connect", "request", "session", "response", "mcp", "webhook", "sent", "received"]
"""Kinds of moments: `sent` are events of the engine, `received` those of the client."""

MOMENTS: Mapping[str, Place] = MappingProxyType(
    {
        "connect": "connect",
        "request": "request",
        "session": "session",
        "response": "response",
        "mcp": "mcp",
        "webhook": "webhook",
    }
)
"""Moments that are no events: a handshake, a request over HTTP, the beginning of a session, a response that
asks the mind, the listing of an MCP server, a webhook that goes out."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer the handshake or the request with an HTTP status."""

    status: int = 503
    retry_after_s: int | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Delay:
    """Wait before going on; what comes after waits, too."""

    wait_ms: int


@dataclass(frozen=True, slots=True)
class Drop:
    """Close the connection; 1006 cuts it without a close frame."""

    code: int = 1006
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Lose:
    """The event or webhook never arrives."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The event or webhook arrives twice."""


@dataclass(frozen=True, slots=True)
class SendError:
    """Send an `error` event."""

    code: str = "server_error"
    message: str | None = None
    close: int | None = None


@dataclass(frozen=True, slots=True)
class SendMalformed:
    """Send a frame that is no JSON."""


@dataclass(frozen=True, slots=True)
class SendUnknown:
    """Send an event of a type that does not exist."""

    type: str = "session.weather_changed"


@dataclass(frozen=True, slots=True)
class Stall:
    """Say nothing any more, and leave the connection open."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Send the event as WebSocket fragments of so many bytes."""

    size_bytes: int = 16


@dataclass(frozen=True, slots=True)
class Fail:
    """The response, or the listing, fails."""

    code: str = "server_error"
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Expire:
    """The session has reached its longest time."""


Action: TypeAlias = (
    Refuse
    | Delay
    | Drop
    | Lose
    | Duplicate
    | SendError
    | SendMalformed
    | SendUnknown
    | Stall
    | Slice
    | Fail
    | Expire
)

_ON_WIRE: frozenset[Place] = frozenset({"session", "sent", "received"})
_EVENTS: frozenset[Place] = frozenset({"sent", "received"})

ACTIONS: Mapping[str, tuple[type[Action], frozenset[Place]]] = MappingProxyType(
    {
        "refuse": (Refuse, frozenset({"connect", "request"})),
        "delay": (Delay, frozenset({"connect", "request", "response", "mcp", "webhook", *_EVENTS})),
        "stall": (Stall, frozenset({"connect", "request", "response", "mcp", *_ON_WIRE})),
        "drop": (Drop, _ON_WIRE),
        "expire": (Expire, _ON_WIRE),
        "error": (SendError, _ON_WIRE),
        "malformed": (SendMalformed, _ON_WIRE),
        "unknown": (SendUnknown, _ON_WIRE),
        "lose": (Lose, frozenset({"webhook", *_EVENTS})),
        "duplicate": (Duplicate, frozenset({"webhook", *_EVENTS})),
        "slice": (Slice, frozenset({"sent"})),
        "fail": (Fail, frozenset({"response", "mcp"})),
    }
)
"""Actions by name, and where each can happen."""

LATE_ACTIONS = (Drop, Expire, SendError, SendMalformed, SendUnknown, Stall)
"""What may happen some time after its moment."""


@dataclass(frozen=True, slots=True)
class Rule:
    """At a moment, do something.

    Attributes:
        moment: a name of `MOMENTS`, or the type of an event, in which `*` stands for anything.
        action: what is done.
        nth: only at this occurrence, counted from 1.
        every: only at each so-many-th occurrence.
        probability: of doing it when all else holds.
        times: how often at most.
        after_ms: how long after the moment.

    """

    moment: str
    action: Action
    nth: int | None = None
    every: int = 1
    probability: float = 1.0
    times: int | None = None
    after_ms: int = 0

    def covers(self, moment: str) -> bool:
        """Tell whether a moment is meant."""
        if moment == self.moment:
            return True
        return "*" in self.moment and moment not in MOMENTS and fnmatchcase(moment, self.moment)


@dataclass(frozen=True, slots=True)
class FaultRules:
    """Rules, and the seed of their chances."""

    rules: tuple[Rule, ...] = ()
    seed: int = 0
