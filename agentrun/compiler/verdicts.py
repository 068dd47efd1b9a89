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


def _reaches(root: JsonObject, place: Path) -> bool:
    node: JsonValue = root
    for part in place:
        try:
            node = node[part]
        except (LookupError, TypeError):
            return False
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


def _in_http(inner: Ours) -> Row:
    """Return a row for fields of tools that only those with `http` act on yet."""

    def decide(field: Field) -> Outcome:
        return inner if _reaches(field.agent, ("tools", field.path[1], "http")) else NOT_YET

    return decide


def _key_scope(field: Field) -> Outcome:
    knows_calls = field.path[0] == "tools" and _reaches(field.agent, ("tools", field.path[1], "http"))
    return Ours("among which calls the key is unique") if knows_calls or field.value == "call" else NOT_YET


def _confirm(field: Field) -> Outcome:
    if field.value == "operator":
        return Ours("each call is refused, because no operator can be asked yet")
    return Ours("the tool runs once the caller has agreed to these very arguments")


def _in_server(name: str, inner: Outcome) -> Row:
    """Return a row for fields of MCP servers: sent as `name` where the provider calls the server."""

    def decide(field: Field) -> Outcome:
        place = _find_hosted(field)
        return inner if place is None else Sent(("tools", place, name, *field.path[3:]))

    return decide


def _in_rules(inner: Row) -> Row:
    """Return a row for the rules of tools of MCP servers, which hold where agentrun calls the server."""

    def decide(field: Field) -> Outcome:
        if inner is NOT_YET or _find_hosted(field) is None:
            return inner(field) if callable(inner) else inner
        return Dropped("the provider runs the tools of this server; it is for `run: client`")

    return decide


def _find_hosted(field: Field) -> int | None:
    """Return where a server stands in `session.tools`; None if the provider does not call it."""
    if not _reaches(field.agent, (*field.path[:2], "label")):
        return None
    label = field.agent["mcp_servers"][field.path[1]]["label"]
    tools = field.session.get("tools", [])
    places = (place for place, tool in enumerate(tools) if tool.get("server_label") == label)
    return next(places, None)


def _send_parameters(field: Field) -> Outcome:
    return Sent(("tools", field.tool_places[int(field.path[1])], *field.path[2:]))


def _table(rows: Mapping[str, Row]) -> tuple[tuple[Path, Row], ...]:
    return tuple((tuple(pattern.replace("[]", ".[]").split(".")), row) for pattern, row in rows.items())


_DEFAULTS = Ours("the defaults hold")
_CONNECTION = Ours("decides where the call is held")
_GREETING = Ours("the agent's first words, in a response of their own")
_VARIABLE = Ours("fills in `{{names}}`; the value may be given for each call")
_PLACEHOLDER = Ours("what the caller hears while the tool is running")

_KEY = Ours("what makes two calls the same: a write does not run twice, a request may be sent again")

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
    "idempotency": _KEY,
    "key.**": _KEY,
    "key_scope": _key_scope,
    "key_header": _in_http(Ours("carries the key in the request")),
    "retry.**": _in_http(Ours("a failed request is repeated, within `timeout`")),
    "confirm": _confirm,
    "on_interrupt": Ours("what happens to the tool when the caller interrupts"),
    "on_hangup": Ours("what happens to the tool when the caller hangs up"),
    "max_per_call": Ours("further calls are refused"),
    "result.select": Ours("the part of the result that the model reads"),
    "result.**": Ours("bounds what the model reads of the result"),
}

_HTTP_ONLY = ("key_header", "retry.**")
_NO_RULES = ("use", "name", "description", "parameters.**", "python", "http.**", "builtin.**")
_RULES = {
    name: _in_rules(NOT_YET if name in _HTTP_ONLY else row)
    for name, row in _TOOL_ROWS.items()
    if name not in _NO_RULES
}
_STARTED = Ours("how agentrun starts the server")
_SERVER_ROWS: dict[str, Row] = {
    "label": _in_server("server_label", Ours("prefix of the server's tools")),
    "url": _in_server("server_url", Ours("where agentrun finds the server")),
    "command.**": _STARTED,
    "args.**": _STARTED,
    "env.**": _STARTED,
    "cwd": _STARTED,
    "run": Ours("who calls the server"),
    "headers.**": _in_server("headers", Ours("sent to the server with every request")),
    "authorization.**": _in_server("authorization", Ours("proves to the server who calls")),
    "allowed_tools.**": _in_server("allowed_tools", Ours("which of its tools the model may call")),
    "require_approval.**": _in_server(
        "require_approval", Dropped("for `run: hosted`; tools that agentrun calls have `confirm`")
    ),
    "tools": _DEFAULTS,
    "tools.*": _DEFAULTS,
    **{f"tools.*.{name}": row for name, row in _RULES.items()},
    **_RULES,
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
        "mcp_servers": _DEFAULTS,
        **{f"mcp_servers[].{name}": row for name, row in _SERVER_ROWS.items()},
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
