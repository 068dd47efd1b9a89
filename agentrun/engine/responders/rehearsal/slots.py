"""Tools and their parameters, read from JSON Schema into what a conversation needs to know."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from agentrun.engine.responders.rehearsal.kinds import Kind, find_kind
from agentrun.engine.responders.rehearsal.schemas import DEEPEST, read_text, resolve_schema
from agentrun.engine.responders.rehearsal.spelling import compile_pattern
from agentrun.engine.responders.rehearsal.words import split_name
from agentrun.wire.json import JsonObject, JsonValue

_ALIAS = r"(?<![\w가-힣])[\"'`]?{}[\"'`]?\s*(?:=|:|\(|–|—|-(?=\s))\s*([^,;)\n.(]+)"
_MOST_ALIASES, _LONGEST_ALIAS = 50, 40
_HINT_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
_HINT_FILLER = re.compile(
    r"\b(?:hand|transfer|connect|route|forward|call|tool|function|first|always|off|over)(?:r?ing|s)?\b|도구",
    re.I,
)


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """One parameter.

    Attributes:
        name: the key in the arguments.
        schema: with references resolved and a null alternative removed.
        kind: what sort of value people say for it.
        words: the name as words.
        description: for people and models; may be empty.
        slots: of an object, its members; of a list, its entry alone.
        aliases: what the schema calls an option in words, by the option as text.

    """

    name: str
    schema: JsonObject
    kind: Kind
    required: bool
    words: str
    description: str
    slots: tuple[Slot, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def options(self) -> list[JsonValue]:
        """The values of a choice."""
        enum = self.schema.get("enum")
        return [option for option in enum if option is not None] if isinstance(enum, list) else []

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """The pattern of a code."""
        pattern = self.schema.get("pattern")
        return compile_pattern(pattern) if isinstance(pattern, str) else None


@dataclass(frozen=True, slots=True, eq=False)
class Tool:
    """One function that the model may call; two tools are equal only if they are the same object.

    Attributes:
        name: as it is called.
        words: the name as words.
        description: for people and models; may be empty.
        slots: its parameters.
        hint: what the instructions say about it, where they name it.

    """

    name: str
    words: str
    description: str
    slots: tuple[Slot, ...]
    hint: str = ""


def read_tools(tools: Sequence[JsonObject], instructions: str = "") -> tuple[Tool, ...]:
    """Return the function tools of a session; what is no function is left out.

    The same session gets the same tools again, so that what was found out about them need not be found out
    for every answer.
    """
    try:
        return _read_tools(json.dumps(list(tools)), instructions)
    except RecursionError:  # no tool is described as deep as that
        return ()


@lru_cache(maxsize=32)
def _read_tools(tools: str, instructions: str) -> tuple[Tool, ...]:
    sentences = _HINT_SENTENCE.split(instructions)
    return tuple(
        _read_tool(tool, sentences)
        for tool in json.loads(tools)
        if isinstance(tool, dict) and isinstance(tool.get("name"), str) and tool["name"]
    )


def _read_tool(tool: JsonObject, sentences: Sequence[str]) -> Tool:
    parameters = tool.get("parameters")
    schema = parameters if isinstance(parameters, dict) else {}
    slots = _read_members(resolve_schema(schema, schema), schema, 0)
    name, words = tool["name"], split_name(tool["name"])
    return Tool(name, words, read_text(tool.get("description")), slots, _find_hint(name, words, sentences))


def _find_hint(name: str, words: str, sentences: Sequence[str]) -> str:
    """Return what the instructions say of a tool, without its name ("for bills use `to_billing`")."""
    last = words.rsplit(" to ", maxsplit=1)[-1].removesuffix(" agent")
    found = [sentence for sentence in sentences if name in sentence]
    if " to " in words:  # people write "hand off to billing" for `transfer_to_billing`
        to = re.compile(
            rf"\b(?:hand|transfer|escalate|connect|route|forward|put)\b.*\b{re.escape(last)}\b", re.I
        )
        found += [sentence for sentence in sentences if name not in sentence and to.search(sentence)]
    return _HINT_FILLER.sub(" ", " ".join(found).replace(name, " "))


def _read_members(schema: JsonObject, root: JsonObject, depth: int) -> tuple[Slot, ...]:
    members, required = schema.get("properties"), schema.get("required")
    if not isinstance(members, dict) or depth > DEEPEST:
        return ()
    needed = {key for key in required if isinstance(key, str)} if isinstance(required, list) else set()
    return tuple(_read_slot(str(key), member, key in needed, root, depth) for key, member in members.items())


def _read_slot(name: str, member: JsonValue, required: bool, root: JsonObject, depth: int) -> Slot:
    schema = resolve_schema(member if isinstance(member, dict) else {}, root)
    description = read_text(schema.get("description")) or read_text(schema.get("title"))
    kind = find_kind(name, schema, description)
    slots: tuple[Slot, ...] = ()
    if kind == "object":
        slots = _read_members(schema, root, depth + 1)
    elif kind == "list" and depth < DEEPEST:
        slots = (_read_slot(name, schema.get("items"), True, root, depth + 1),)
    aliases = _read_aliases(schema, description) if kind == "choice" else {}
    return Slot(name, schema, kind, required, split_name(name), description, slots, aliases)


def _read_aliases(schema: JsonObject, description: str) -> dict[str, str]:
    """Return what options are called: by titles, or in the description ("EXP = express", "late: 지연")."""
    titles = schema.get("enumDescriptions") or schema.get("x-enumDescriptions")
    aliases: dict[str, str] = {}
    for index, option in enumerate(schema["enum"][:_MOST_ALIASES]):
        title = titles[index] if isinstance(titles, list) and index < len(titles) else None
        named = str(option).lower() in description.lower()
        told = re.search(_ALIAS.format(re.escape(str(option))), description, re.I) if named else None
        alias = title if isinstance(title, str) else told[1] if told else ""
        if alias.strip() and len(alias) <= _LONGEST_ALIAS:
            aliases[str(option)] = re.sub(r"^(?:for|means|is) ", "", alias.strip())
    return aliases
