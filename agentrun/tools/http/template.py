"""Fill `{{name}}` into the parts of an HTTP request, each encoded for the place where it stands.

A value can never change the request's shape: in a URL it is one piece of one path segment or one query
value, in a header it is one line, in JSON it is one value (a template that is nothing but `{{name}}` keeps
the value's type). Scheme, host and port stand literally in the file.

Names are arguments of the tool, variables of the call, and `call.id`, `call.from`, `call.to`,
`call.channel`, `now`, `today`. An argument that the model left out takes the schema's default; a query
value, form field, header or JSON member that is nothing but an absent argument is left out; inside a longer
text it is empty; in the path of a URL it is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit

from agentrun.secret import Secret, reveal
from agentrun.tools.arguments import InvalidArguments
from agentrun.tools.call import CallContext, CodedFailure
from agentrun.wire.json import JsonObject, JsonValue

_NAME = re.compile(r"\{\{\s*([A-Za-z_]\w*(?:\.\w+)*)\s*\}\}")
_LINE_BREAK = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")


class Absent:
    """The value of an optional argument that the model left out."""


ABSENT: Final = Absent()


class Scope(Mapping[str, JsonValue]):
    """The names that templates may use in one run. Arguments that the schema does not declare are not among
    them, so that the model cannot put its own value in the place of a variable."""

    def __init__(self, parameters: JsonObject, arguments: JsonObject, context: CallContext) -> None:
        now = datetime.now().astimezone()
        self._values: JsonObject = dict(context.variables) | {
            "call.id": context.id,
            "call.from": context.caller,
            "call.to": context.called,
            "call.channel": context.channel,
            "now": now.isoformat(timespec="seconds"),
            "today": now.date().isoformat(),
        }
        for name, schema in parameters.get("properties", {}).items():
            default = schema.get("default", ABSENT) if isinstance(schema, dict) else ABSENT
            self._values[name] = arguments.get(name, default)

    def __getitem__(self, name: str) -> JsonValue:
        try:
            return self._values[name]
        except KeyError:
            raise CodedFailure("missing_value", f"There is no value for `{name}`.") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def render_url(template: str, scope: Mapping[str, JsonValue]) -> str:
    """Return the URL; each value becomes a percent-encoded piece of the path or of the query.

    Raises:
        InvalidArguments: a value is empty or absent in the path, or would make a `.` or `..` segment of it.
        CodedFailure: the template puts a value into scheme, host or port.

    """
    literal = urlsplit(template)
    if _NAME.search(literal.scheme + literal.netloc):
        raise CodedFailure("bad_url", "The tool's URL takes its host from a value, which is not allowed.")
    segments = [_render_segment(segment, scope) for segment in literal.path.split("/")]
    query = _NAME.sub(lambda match: quote(_text(scope[match[1]]), safe=""), literal.query)
    return urlunsplit((literal.scheme, literal.netloc, "/".join(segments), query, ""))


def _render_segment(segment: str, scope: Mapping[str, JsonValue]) -> str:
    names = _NAME.findall(segment)
    if not names:
        return segment
    rendered = _NAME.sub(lambda match: quote(_text(scope[match[1]]), safe=""), segment)
    # Servers and proxies resolve dot segments, encoded or not: `..` would name another resource.
    if unquote(rendered) in ("", ".", ".."):
        raise InvalidArguments(f"`{names[0]}` must be a name, not empty and not dots")
    return rendered


def render_query(template: Mapping[str, JsonValue], scope: Mapping[str, JsonValue]) -> str:
    """Return `a=1&b=2`: lists repeat the name, objects become JSON text, absent and null ones go."""
    pairs: list[tuple[str, str]] = []
    for name, node in template.items():
        value = render_json(node, scope)
        values = value if isinstance(value, list) else [value]
        pairs += [(name, _text(item)) for item in values if item is not None and item is not ABSENT]
    return urlencode(pairs, quote_via=quote)


def render_header(template: str | Secret, scope: Mapping[str, JsonValue]) -> str | None:
    """Return a header's value, or None if it is nothing but an absent argument.

    Raises:
        InvalidArguments: the value would contain a line break or another control character.

    """
    text = render_text(template, scope)
    if text is None:
        return None
    if _LINE_BREAK.search(text):
        raise InvalidArguments("a value that goes into a header must not contain line breaks")
    return text.strip(" \t")


def render_text(template: str | Secret, scope: Mapping[str, JsonValue]) -> str | None:
    """Return a text with values filled in as they are, or None if it is nothing but an absent argument."""
    value = render_json(template, scope)
    return None if value is ABSENT else _text(value)


def render_json(node: JsonValue, scope: Mapping[str, JsonValue]) -> JsonValue:
    """Return JSON with values filled in; `ABSENT` if the whole node is an absent argument."""
    if isinstance(node, Mapping):
        members = {name: render_json(item, scope) for name, item in node.items()}
        return {name: item for name, item in members.items() if item is not ABSENT}
    if isinstance(node, (list, tuple)):
        items = [render_json(item, scope) for item in node]
        return [item for item in items if item is not ABSENT]
    if isinstance(node, (str, Secret)):
        text = reveal(node)
        if whole := _NAME.fullmatch(text):
            return scope[whole[1]]
        return _NAME.sub(lambda match: _text(scope[match[1]]), text)
    return node


def _text(value: JsonValue) -> str:
    if value is ABSENT or value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
