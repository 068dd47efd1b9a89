"""What is told about a call to those who watch it: the page, `simulate --format jsonl`, log and journal.

Each report has the contract's name in `event`. Times (`…_ms`) are on the call's own clock, which starts at 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from agentrun.outcome import OutcomeName
from agentrun.wire.json import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The session is set up and the call can begin."""

    event: ClassVar[str] = "call.started"
    call: str
    agent: str


@dataclass(frozen=True, slots=True)
class AgentSpeaking:
    """The agent's words so far in one turn; grows, not final. Not part of the jsonl contract."""

    event: ClassVar[str] = "agent.speaking"
    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class AgentSaid:
    """One turn of the agent is over.

    Attributes:
        text: what was generated.
        heard: the part of it that the caller heard; equal to `text` unless the caller interrupted.
        started_ms: when the first sound of it was queued.

    """

    event: ClassVar[str] = "agent.said"
    item_id: str
    text: str
    heard: str
    started_ms: int


@dataclass(frozen=True, slots=True)
class FirstSound:
    """The caller waited `after_ms` between the end of their turn and the first sound of an answer."""

    event: ClassVar[str] = "first_sound"
    item_id: str
    after_ms: int


@dataclass(frozen=True, slots=True)
class CallerSpeaking:
    """The caller's words as far as they are recognised; not final. Not part of the jsonl contract."""

    event: ClassVar[str] = "caller.speaking"
    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class CallerSaid:
    """One turn of the caller, typed or recognised."""

    event: ClassVar[str] = "caller.said"
    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class CallerInterrupted:
    """The caller spoke over the agent, who had been heard for `heard_ms` of `item_id`."""

    event: ClassVar[str] = "caller.interrupted"
    item_id: str
    heard_ms: int


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The model called a tool; `arguments` is parsed, or the raw text where it is not JSON."""

    event: ClassVar[str] = "tool.called"
    tool: str
    arguments: JsonValue
    call_id: str


@dataclass(frozen=True, slots=True)
class PlaceholderSaid:
    """The agent began to say a placeholder because a tool is still running."""

    event: ClassVar[str] = "placeholder.said"
    tool: str
    call_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolReturned:
    """A tool call has its one answer; `late` if it came after the answer could be delivered."""

    event: ClassVar[str] = "tool.returned"
    tool: str
    call_id: str
    outcome: OutcomeName
    result: JsonValue
    message: str = ""
    duration_ms: int = 0
    late: bool = False


@dataclass(frozen=True, slots=True)
class ErrorReported:
    """Something went wrong; the call goes on unless `CallEnded` follows.

    Attributes:
        caused_by: the `type` of our event that the server refused, or None.
        hint: the remedy, or empty.

    """

    event: ClassVar[str] = "error"
    code: str
    message: str
    caused_by: str | None = None
    hint: str = ""


@dataclass(frozen=True, slots=True)
class LinkLost:
    """The connection to the model ended."""

    event: ClassVar[str] = "link.lost"
    code: int | None
    message: str


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The call is over.

    Attributes:
        reason: `caller_hung_up`, `agent_hung_up`, `max_duration`, `link_lost`, `link_failed`,
            `shutting_down`, `caller_vanished` or `error`.
        usage: tokens by kind, summed over the call.

    """

    event: ClassVar[str] = "call.ended"
    reason: str
    usage: JsonObject = field(default_factory=dict)


Report: TypeAlias = (
    CallStarted
    | AgentSpeaking
    | AgentSaid
    | FirstSound
    | CallerSpeaking
    | CallerSaid
    | CallerInterrupted
    | ToolCalled
    | PlaceholderSaid
    | ToolReturned
    | ErrorReported
    | LinkLost
    | CallEnded
)
