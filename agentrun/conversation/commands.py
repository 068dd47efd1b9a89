"""What a call wants done: everything that `Conversation.handle` returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from agentrun.conversation.reports import Report
from agentrun.wire.client import ClientEvent


@dataclass(frozen=True, slots=True)
class Send:
    """Send an event to the model."""

    event: ClientEvent


@dataclass(frozen=True, slots=True)
class Play:
    """Queue a piece of speech for the caller, in the channel's output format."""

    item_id: str
    audio: bytes


@dataclass(frozen=True, slots=True)
class Clear:
    """Drop everything that is queued for the caller and not yet heard."""


@dataclass(frozen=True, slots=True)
class StartTool:
    """Run a tool; `ToolFinished` must follow exactly once. `arguments` is the model's JSON text, unparsed."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class CancelTool:
    """Stop a running tool; its `ToolFinished` still comes and is journalled only."""

    call_id: str


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell those who watch the call (channel, log, journal, rehearsal) what happened."""

    report: Report


@dataclass(frozen=True, slots=True)
class End:
    """The call is over; nothing follows."""

    reason: str


Command: TypeAlias = Send | Play | Clear | StartTool | CancelTool | Tell | End
