"""What an utterance leads to, once it is clear what the caller wants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from agentrun.engine.responders.rehearsal.slots import Slot, Tool
from agentrun.wire.json import JsonObject


@dataclass(frozen=True, slots=True)
class Ask:
    """A value is missing for a tool; `again` if it was asked for before."""

    slot: Slot
    again: bool
    tool: Tool


@dataclass(frozen=True, slots=True)
class Verify:
    """Everything is there, but some of it was heard unsurely: these values, by the names of their slots."""

    tool: Tool
    values: JsonObject


@dataclass(frozen=True, slots=True)
class Confirm:
    """Everything is there, and a yes is needed first."""

    tool: Tool
    arguments: JsonObject


@dataclass(frozen=True, slots=True)
class Go:
    """The tool can be called."""

    tool: Tool
    arguments: JsonObject


@dataclass(frozen=True, slots=True)
class Drop:
    """The caller does not want it any more."""


Question: TypeAlias = Ask | Verify | Confirm
Step: TypeAlias = Question | Go | Drop
