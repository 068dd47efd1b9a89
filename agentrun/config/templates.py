"""`{{name}}` in texts: finding the names, and filling them in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agentrun.secret import reveal
from agentrun.wire.json import JsonValue

_TEMPLATE = re.compile(r"\{\{([^{}]*)\}\}")
# Everything else that begins with two braces: up to the brace that closes it, or a few words of the line. The
# bound keeps a text of nothing but open braces from being read to its end for each of them.
_BRACES = re.compile(_TEMPLATE.pattern + r"|\{\{(?:[^\n]{0,80}?\}\}|[^{}\n]{0,40}\}?)")
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")
VARIABLE_NAME = re.compile(r"[A-Za-z_]\w*")

CALL_NAMES = ("call.id", "call.from", "call.to", "call.channel")
TIME_NAMES = ("now", "today")
BUILT_IN_NAMES = CALL_NAMES + TIME_NAMES


@dataclass(frozen=True, slots=True)
class Template:
    """One `{{…}}` of a text.

    Attributes:
        written: as it stands there, braces included.
        name: the name inside, or None if it is none.
        closed: whether two braces end it.

    """

    written: str
    name: str | None
    closed: bool = True


def find_templates(text: str) -> Iterator[Template]:
    """Yield every `{{…}}` of a text in order."""
    for match in _BRACES.finditer(text):
        inner = (match[1] or "").strip()
        name = inner if _NAME.fullmatch(inner) else None
        yield Template(match[0].rstrip(), name, match[0].endswith("}}"))


def render_template(text: str, values: Mapping[str, JsonValue]) -> str:
    """Return the text with every name filled in; a value is never searched for names again.

    Raises:
        KeyError: a name has no value.

    """

    def substitute(match: re.Match[str]) -> str:
        return show_value(values[match[1].strip()])

    return _TEMPLATE.sub(substitute, text)


def show_value(value: JsonValue) -> str:
    """Return how a value stands in a text: text as it is, nothing for null, everything else as JSON."""
    value = reveal(value)
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
