"""Names for JSON values, and one text for equal ones; `Any` appears only here, at JSON's edge."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

JsonValue: TypeAlias = Any
JsonObject: TypeAlias = dict[str, Any]


def render_canonical(value: JsonValue) -> str:
    """Return the same text for equal values, in the manner of RFC 8785.

    Keys are sorted, and a number is written in one way: a model may say 2 once and 2.0 the next time.
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"))


def _plain(value: JsonValue) -> JsonValue:
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {name: _plain(item) for name, item in value.items()}
        case list():
            return [_plain(item) for item in value]
    return value
