"""A scenario file as values: every field of the format, times in milliseconds.

As in `model.py`, a field's name is its key in the file unless its metadata names another one, and None means
that the file does not say anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from agentrun.config.model import time_field
from agentrun.wire.json import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class JudgeSpec:
    """`judge` of an expectation about words."""

    criteria: str
    min_score: float | None = None


@dataclass(frozen=True, slots=True)
class WordsSpec:
    """`says` and `heard`: everything that is given must hold."""

    contains: str | None = None
    matches: str | None = None
    equals: str | None = None
    not_contains: str | None = None
    not_matches: str | None = None
    judge: JudgeSpec | None = None


@dataclass(frozen=True, slots=True)
class CallsSpec:
    """`calls`.

    Attributes:
        arguments: `with`; None where any arguments will do.
        times: how often exactly; None for at least once.

    """

    tool: str
    arguments: JsonObject | None = field(default=None, metadata={"key": "with"})
    times: int | None = None


@dataclass(frozen=True, slots=True)
class PlaceholderExpectation:
    """`placeholder`."""

    within_ms: int | None = time_field("within")
    text: str | None = None


@dataclass(frozen=True, slots=True)
class SilenceExpectation:
    """`silence` of an expectation."""

    at_most_ms: int = time_field("at_most")


@dataclass(frozen=True, slots=True)
class HandoffExpectation:
    """`handoff`."""

    to: str


@dataclass(frozen=True, slots=True)
class EndsExpectation:
    """`ends`."""

    reason: str | None = None


@dataclass(frozen=True, slots=True)
class GuardrailExpectation:
    """`guardrail`."""

    name: str | None = None


@dataclass(frozen=True, slots=True)
class CostExpectation:
    """`cost`."""

    at_most_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectationSpec:
    """One thing that must hold; exactly one field is set beside `within_ms`.

    Attributes:
        within_ms: counted from the end of the caller's turn.
        negated: `not`; the inner expectation must not hold.

    """

    says: WordsSpec | None = None
    heard: WordsSpec | None = None
    calls: CallsSpec | None = None
    placeholder: PlaceholderExpectation | None = None
    silence: SilenceExpectation | None = None
    handoff: HandoffExpectation | None = None
    ends: EndsExpectation | None = None
    guardrail: GuardrailExpectation | None = None
    cost: CostExpectation | None = None
    variables: JsonObject | None = None
    within_ms: int | None = time_field("within")
    negated: ExpectationSpec | None = field(default=None, metadata={"key": "not"})


@dataclass(frozen=True, slots=True)
class StepSpec:
    """One step of the scripted model: `say` is set, or `call`."""

    say: str | None = None
    call: str | None = None
    arguments: JsonObject = field(default_factory=dict, metadata={"key": "with"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnSpec:
    """One turn. At most one of `user`, `silence_ms`, `dtmf`, `hang_up` and `image` is set.

    Attributes:
        at_ms: counted from the start of the agent's speech; only with `user`, and a barge-in then.
        model: what the embedded model does in this turn; None where it is free.

    """

    user: str | None = None
    silence_ms: int | None = time_field("silence")
    dtmf: str | None = None
    hang_up: Literal[True] | None = None
    image: str | None = None
    at_ms: int | None = time_field("at")
    expect: tuple[ExpectationSpec, ...] = ()
    ordered: bool = False
    model: tuple[StepSpec, ...] | None = None


@dataclass(frozen=True, slots=True)
class MockSpec:
    """One answer of a tool: `result`, or the `error`.

    Attributes:
        when: arguments that a call has among its own; empty for every call.
        result: `return`; also None where the file says `null`, so look at `error` first.

    """

    when: JsonObject = field(default_factory=dict)
    result: JsonValue = field(default=None, metadata={"key": "return"})
    error: str | None = None
    delay_ms: int = time_field("delay", 0)


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """Something that goes wrong: `link` with `at_ms`, or `tool` with `error`."""

    at_ms: int | None = time_field("at")
    link: Literal["drop"] | None = None
    tool: str | None = None
    error: str | None = None
    times: int | None = None


@dataclass(frozen=True, slots=True)
class PersonaSpec:
    """`persona`."""

    goal: str
    style: str | None = None
    max_turns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioSpec:
    """One scenario file; `turns` or `persona` is set.

    Attributes:
        path: the file, as the user named it; not a key of the file.
        agent: path of the agent file, relative to the scenario's file.
        expect: expectations of the whole conversation.
        model: for each turn what the embedded model does; a turn's own `model` is beside it.
        pass_at_least: None for all runs.

    """

    path: str
    version: int
    agent: str
    name: str
    variables: JsonObject = field(default_factory=dict)
    mocks: Mapping[str, tuple[MockSpec, ...]] = field(default_factory=dict)
    turns: tuple[TurnSpec, ...] = ()
    persona: PersonaSpec | None = None
    expect: tuple[ExpectationSpec, ...] = ()
    model: tuple[tuple[StepSpec, ...], ...] = ()
    faults: tuple[FaultSpec, ...] = ()
    repeat: int = 1
    pass_at_least: int | None = None
