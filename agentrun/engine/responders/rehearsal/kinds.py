"""What sort of value people say for a parameter: told by its type, format, example, pattern, name."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from agentrun.engine.responders.rehearsal.schemas import read_text
from agentrun.engine.responders.rehearsal.spelling import compile_pattern
from agentrun.engine.responders.rehearsal.words import split_name
from agentrun.wire.json import JsonObject

Kind: TypeAlias = Literal[
    "const", "choice", "code", "date", "time", "moment", "email", "phone", "uri", "uuid", "number",
    "flag", "name",
    "place", "account", "gist", "phrase", "list", "object",
]  # fmt: skip


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


def find_kind(name: str, schema: JsonObject, description: str) -> Kind:
    """Return the kind of a parameter.

    Args:
        name: its key.
        schema: resolved.
        description: of the schema; may be empty.

    """
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
    by_format = _FORMATS.get(read_text(schema.get("format")))
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
    shown += f" {description} {read_text(schema.get('pattern'))}"
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
