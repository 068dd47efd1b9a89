"""Tools and their parameters, read from JSON Schema into what a conversation needs to know."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, TypeAlias

from agentrun.engine.responders.rehearsal.spelling import compile_pattern
from agentrun.engine.responders.rehearsal.words import split_name
from agentrun.wire.json import JsonObject, JsonValue

Kind: TypeAlias = Literal[
    "const", "choice", "code", "date", "time", "moment", "email", "phone", "uri", "uuid", "number",
    "flag", "name",
    "place", "account", "gist", "phrase", "list", "object",
]  # fmt: skip

_DEEPEST = 4
_ALIAS = r"(?<![\w가-힣])[\"'`]?{}[\"'`]?\s*(?:=|:|\(|–|—|-(?=\s))\s*([^,;)\n.(]+)"
_MOST_ALIASES, _LONGEST_ALIAS = 50, 40
_HINT_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
_HINT_FILLER = re.compile(
    r"\b(?:hand|transfer|connect|route|forward|call|tool|function|first|always|off|over)(?:r?ing|s)?\b|도구",
    re.I,
)
_SHORT_DESCRIPTION = 4
_FORMATS: dict[str, Kind] = {
    "date": "date", "time": "time", "date-time": "moment", "email": "email", "idn-email": "email",
    "uri": "uri",
    "url": "uri", "uuid": "uuid", "phone": "phone", "tel": "phone",
}  # fmt: skip
_BY_WORD: tuple[tuple[Kind, frozenset[str]], ...] = (
    ("email", frozenset({"email", "mail", "이메일"})),
    ("phone", frozenset({"phone", "telephone", "mobile", "tel", "전화번호", "연락처", "휴대폰"})),
    ("moment", frozenset({"datetime", "timestamp"})),
    (
        "date",
        frozenset(
            {"date", "day", "birthday", "checkin", "checkout", "arrival", "departure", "날짜", "생년월일"}
        ),
    ),
    ("time", frozenset({"time", "시각", "시간"})),
    ("account", frozenset({"id", "number", "no", "code", "pin", "reference", "ref", "iban", "번호", "코드"})),
    (
        "name",
        frozenset({"name", "patient", "guest", "customer", "owner", "recipient", "payee", "이름", "성함"}),
    ),
    (
        "place",
        frozenset(
            {
                "city",
                "location",
                "place",
                "town",
                "country",
                "address",
                "destination",
                "origin",
                "도시",
                "지역",
                "주소",
            }
        ),
    ),
    (
        "gist",
        frozenset(
            [
                "subject",
                "summary",
                "question",
                "description",
                "problem",
                "issue",
                "complaint",
                "message",
                "note",
                "notes",
                "text",
                "details",
                "request",
                "comment",
                "content",
                "body",
                "symptom",
                "symptoms",
                "query",
                "문의",
                "내용",
                "증상",
                "메모",
                "요약",
            ]
        ),
    ),
)
_ORDINARY_WORDS = ("hello", "Hello", "HELLO", "hello there", "안녕", "여보세요")


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
        return [option for option in self.schema.get("enum", ()) if option is not None]

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
    slots = _read_members(_resolve(schema, schema), schema, 0)
    name, words = tool["name"], split_name(tool["name"])
    return Tool(name, words, _text(tool.get("description")), slots, _find_hint(name, words, sentences))


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
    if not isinstance(members, dict) or depth > _DEEPEST:
        return ()
    needed = {key for key in required if isinstance(key, str)} if isinstance(required, list) else set()
    return tuple(_read_slot(str(key), member, key in needed, root, depth) for key, member in members.items())


def _read_slot(name: str, member: JsonValue, required: bool, root: JsonObject, depth: int) -> Slot:
    schema = _resolve(member if isinstance(member, dict) else {}, root)
    description = _text(schema.get("description")) or _text(schema.get("title"))
    kind = _find_kind(name, schema, description)
    slots: tuple[Slot, ...] = ()
    if kind == "object":
        slots = _read_members(schema, root, depth + 1)
    elif kind == "list" and depth < _DEEPEST:
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


def _find_kind(name: str, schema: JsonObject, description: str) -> Kind:
    if "const" in schema:
        return "const"
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return "choice"
    by_type: dict[str, Kind] = {
        "boolean": "flag", "integer": "number", "number": "number", "array": "list", "object": "object",
    }  # fmt: skip
    kind = by_type.get(_find_type(schema))
    return kind or _find_text_kind(name, schema, description)


def _find_text_kind(name: str, schema: JsonObject, description: str) -> Kind:
    by_format = _FORMATS.get(_text(schema.get("format")))
    if by_format:
        return by_format
    by_example = _find_example_kind(schema, description)
    if by_example:
        return by_example
    words = split_name(name).split()
    if isinstance(schema.get("pattern"), str) and not _is_loose(schema["pattern"]):
        return "code"
    for kind, names in _BY_WORD:
        if names & set(words):
            return "name" if kind == "account" and "name" in words else kind
    head = description.split(".", maxsplit=1)[0].lower()
    told = set(head.split()) if len(head.split()) <= _SHORT_DESCRIPTION else set()
    for kind, names in _BY_WORD:
        if kind in ("email", "phone", "date", "time", "name", "place") and names & told:
            return kind
    if head.endswith("번호") or re.search(r"번호\b", head):
        return "phone" if re.search("전화|휴대", head) else "account"
    return "phrase"


def _is_loose(pattern: str) -> bool:
    """Whether a pattern lets ordinary words through: then it checks a value, but cannot find one."""
    compiled = compile_pattern(pattern)
    return compiled is not None and any(compiled.fullmatch(word) for word in _ORDINARY_WORDS)


def _find_example_kind(schema: JsonObject, description: str) -> Kind | None:
    """Tell dates and times that the schema shows by example or by shape only."""
    examples = schema.get("examples")
    shown = " ".join(str(example) for example in examples) if isinstance(examples, list) else ""
    shown += f" {description} {_text(schema.get('pattern'))}"
    has_date = re.search(r"\d{4}-\d\d-\d\d|YYYY-MM-DD|\\d\{4\}-\\d\{2\}-\\d\{2\}|ISO 8601 date", shown)
    has_time = re.search(
        r"(?<![\d:])\d\d:\d\d(?!\d)|HH:MM|\\d\{2\}:\\d\{2\}|\[0-5\](?:\\d|\[0-9\])", shown, re.I
    )
    if has_date and has_time:
        return "moment"
    return "date" if has_date else "time" if has_time else None


def _find_type(schema: JsonObject) -> str:
    declared = schema.get("type")
    if isinstance(declared, list):
        declared = next((entry for entry in declared if entry != "null"), "string")
    if isinstance(declared, str):
        return declared
    return "object" if "properties" in schema else "array" if "items" in schema else "string"


def _resolve(schema: JsonObject, root: JsonObject, depth: int = 0) -> JsonObject:
    """Follow references, merge `allOf`, and take the first alternative that is not null."""
    if depth > _DEEPEST:
        return {}
    merged = {key: value for key, value in schema.items() if key not in ("$ref", "allOf", "anyOf", "oneOf")}
    parts: list[JsonValue] = [_follow(schema.get("$ref"), root)]
    parts += schema["allOf"] if isinstance(schema.get("allOf"), list) else []
    for key in ("anyOf", "oneOf"):
        options = schema.get(key)
        if isinstance(options, list):
            parts += [_find_alternative(options)]
    for part in parts:
        if isinstance(part, dict):
            merged = _resolve(part, root, depth + 1) | merged
    return merged


def _find_alternative(options: list[JsonValue]) -> JsonValue:
    real = [option for option in options if isinstance(option, dict) and option.get("type") != "null"]
    constants = [option["const"] for option in real if "const" in option]
    if constants and len(constants) == len(real):
        return {
            "enum": constants,
            "enumDescriptions": [_text(o.get("title") or o.get("description")) for o in real],
        }
    return real[0] if real else None


def _follow(reference: JsonValue, root: JsonObject) -> JsonValue:
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return None
    target: JsonValue = root
    for step in reference[2:].split("/"):
        target = target.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(target, dict) else None
    return target


def _text(value: JsonValue) -> str:
    return value.strip() if isinstance(value, str) else ""
