"""What becomes of each field of the agent file: one row for each, in the order of the format.

A pattern is a path in which `[]` stands for any index, `*` for any name, and `**` at its end for whatever is
below, itself included. The first pattern that fits decides. A test proves that every field of the schema has
a row, that what a row says about the wire is there, and that the fields without effect are those which
`validate` names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from agentrun.diagnostics import PathPart
from agentrun.wire.json import JsonObject, JsonValue

Path: TypeAlias = tuple[PathPart, ...]


_EMPTY = "empty: it is left to the server"


@dataclass(frozen=True, slots=True)
class Field:
    """One field, as a row gets to see it.

    Attributes:
        path: of the whole agent, with everything included.
        value: as it is written, nothing filled in.
        agent: the whole agent as JSON values.
        session: what is sent.
        tool_places: for each tool of the agent, its place in `session.tools`; tools that are not offered to
            the model have none.

    """

    path: Path
    value: JsonValue
    agent: JsonObject
    session: JsonObject
    tool_places: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Sent:
    """It goes to the API, to this place of the session; `absent` says why where nothing stands there."""

    place: Path
    absent: str = _EMPTY


@dataclass(frozen=True, slots=True)
class Ours:
    """agentrun acts on it; the API does not see it."""

    note: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """It has no effect."""

    reason: str


Outcome: TypeAlias = Sent | Ours | Dropped
Row: TypeAlias = Outcome | Callable[[Field], Outcome]

NOT_YET = Dropped("not supported yet: it has no effect")
_FOR_PEOPLE = Dropped("for people: the model does not see it")


def find_outcome(field: Field) -> Outcome:
    """Return what becomes of a field.

    Raises:
        LookupError: the format has a field that the table does not have.

    """
    for pattern, row in _ROWS:
        if _fits(pattern, field.path):
            return row(field) if callable(row) else row
    raise LookupError(f"no row fits {field.path}")


def _fits(pattern: Path, path: Path) -> bool:
    if pattern[-1] == "**":
        pattern = pattern[:-1]
        path = path[: len(pattern)]
    pairs = zip(pattern, path, strict=False)
    return len(pattern) == len(path) and all(
        isinstance(part, int) if want == "[]" else want in ("*", part) for want, part in pairs
    )


def _sent(place: str) -> Sent:
    return Sent(tuple(place.split(".")))


def _below(place: str) -> Row:
    """Return the row of a mapping whose content goes to `place` as it is."""
    head: Path = tuple(place.split(".")) if place else ()
    return lambda field: Sent(head + field.path[1:])


def _word(off: str, without: str, place: str) -> Row:
    """Return the row of a field in which one word turns something off and the others go to `place`."""
    return lambda field: _sent(without if field.value == off else place)


def _send_transcription(field: Field) -> Outcome:
    return Sent(
        ("audio", "input", "transcription", *field.path[1:]), "there is no transcription, or it is empty"
    )


def _send_language(field: Field) -> Outcome:
    place = ("audio", "input", "transcription", "language")
    own = field.agent.get("transcription")
    if not (isinstance(own, dict) and "language" in own) and _reaches(field.session, place):
        return Sent(place)
    return Ours("language of the phrases that agentrun speaks; the transcription has its own setting")


def _reaches(session: JsonObject, place: Path) -> bool:
    node: JsonValue = session
    for part in place:
        if not isinstance(node, dict) or part not in node:
            return False
        node = node[part]
    return True


def _send_tool_choice(field: Field) -> Outcome:
    return _sent("tool_choice" if field.value in ("auto", "none", "required") else "tool_choice.name")


def _in_tool(inner: Row) -> Row:
    """Return a row for fields of tools: those of a tool that is not offered to the model have no effect."""

    def decide(field: Field) -> Outcome:
        index = field.path[1]
        if index not in field.tool_places:
            return Dropped("the tool is not supported yet and is not offered to the model")
        if isinstance(inner, Sent):
            return Sent(("tools", field.tool_places[int(index)], *inner.place))
        return inner(field) if callable(inner) else inner

    return decide


def _send_parameters(field: Field) -> Outcome:
    return Sent(("tools", field.tool_places[int(field.path[1])], *field.path[2:]))


def _table(rows: Mapping[str, Row]) -> tuple[tuple[Path, Row], ...]:
    return tuple((tuple(pattern.replace("[]", ".[]").split(".")), row) for pattern, row in rows.items())


_DEFAULTS = Ours("the defaults hold")
_CONNECTION = Ours("decides where the call is held")
_GREETING = Ours("the agent's first words, in a response of their own")
_VARIABLE = Ours("fills in `{{names}}`; the value may be given for each call")
_PLACEHOLDER = Ours("what the caller hears while the tool is running")

_TOOL_ROWS: dict[str, Row] = {
    "use": Ours("the tools of that file stand in its place"),
    "name": _sent("name"),
    "description": _sent("description"),
    "parameters.**": _send_parameters,
    "python": Ours("runs when the model calls the tool; its signature and docstring describe the tool"),
    "http.**": Ours("the request that is made when the model calls the tool"),
    "builtin.**": Ours("carried out by agentrun when the model calls it"),
    "placeholder.**": _PLACEHOLDER,
    "timeout": Ours("then the model is told that the outcome is unknown, or that reading failed"),
    "deliver": Ours("when the result is told"),
    "effect": Ours("what may be repeated, and what the model is told when time is up"),
    "idempotency": NOT_YET,
    "key.**": NOT_YET,
    "key_scope": NOT_YET,
    "key_header": NOT_YET,
    "retry.**": NOT_YET,
    "confirm": NOT_YET,
    "on_interrupt": Ours("what happens to the tool when the caller interrupts"),
    "on_hangup": Ours("what happens to the tool when the caller hangs up"),
    "max_per_call": Ours("further calls are refused"),
    "result.select": NOT_YET,
    "result.**": Ours("bounds what the model reads of the result"),
}

_ROWS = _table(
    {
        "version": Ours("the rules by which the file is read"),
        "name": Ours("names the agent in addresses, logs and metrics"),
        "description": _FOR_PEOPLE,
        "extends": Ours("this file is laid over that one"),
        "model": _sent("model"),
        "model.name": _sent("model"),
        "model.provider": _CONNECTION,
        "model.base_url": _CONNECTION,
        "model.api_key": Ours("proves to the provider who calls; never part of the session"),
        "model.region": NOT_YET,
        "model.reasoning": _sent("reasoning.effort"),
        "model.reasoning.effort": _sent("reasoning.effort"),
        "model.parallel_tool_calls": _sent("parallel_tool_calls"),
        "model.max_output_tokens": _sent("max_output_tokens"),
        "instructions": _sent("instructions"),
        "instructions.file": _sent("instructions"),
        "variables.*.description": _FOR_PEOPLE,
        "variables.*.secret": Ours("the value is never shown"),
        "variables.**": _VARIABLE,
        "voice": _sent("audio.output.voice"),
        "voice.name": _sent("audio.output.voice"),
        "voice.id": _sent("audio.output.voice.id"),
        "voice.speed": _sent("audio.output.speed"),
        "language": _send_language,
        "output": Sent(("output_modalities", 0)),
        "greeting.**": _GREETING,
        "turn_detection": _sent("audio.input.turn_detection"),
        "turn_detection.**": lambda field: Sent(
            ("audio", "input", *field.path), "`null`: it is left to the server"
        ),
        "transcription": _word("off", "audio.input.transcription", "audio.input.transcription.model"),
        "transcription.model": _word("off", "audio.input.transcription", "audio.input.transcription.model"),
        "transcription.**": _send_transcription,
        "noise_reduction": _word("off", "audio.input.noise_reduction", "audio.input.noise_reduction.type"),
        "tool_choice": _send_tool_choice,
        "tools": _sent("tools"),
        "tools[].use": _TOOL_ROWS["use"],
        **{f"tools[].{name}": _in_tool(row) for name, row in _TOOL_ROWS.items()},
        "mcp_servers.**": NOT_YET,
        "handoffs.**": NOT_YET,
        "guardrails.**": NOT_YET,
        "interruption.**": NOT_YET,
        "no_input.**": NOT_YET,
        "session": _DEFAULTS,
        "session.max_duration": Ours("the call is ended then"),
        "session.**": NOT_YET,
        "context": _DEFAULTS,
        "context.truncation": _sent("truncation"),
        "context.truncation.retention_ratio": _sent("truncation.retention_ratio"),
        "context.truncation.post_instructions_tokens": _sent("truncation.token_limits.post_instructions"),
        "context.**": NOT_YET,
        "budget.**": NOT_YET,
        "transcript": _DEFAULTS,
        "transcript.**": NOT_YET,
        "tracing": _sent("tracing"),
        "tracing.**": _below("tracing"),
        "prompt.**": _below("prompt"),
        "overrides.**": _below(""),
        "public_env.**": Ours("values of these environment variables may be shown"),
    }
)
