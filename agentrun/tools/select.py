"""`result.select`: the part of a tool's result that the model gets to see, by a JMESPath expression.

The language is that of https://jmespath.org; it picks and reshapes, and cannot loop or call anything.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from agentrun.outcome import describe_json
from agentrun.wire.json import JsonValue

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult


class Unselectable(Exception):
    """An expression and a result do not fit; the text says why, for the log."""


def select_part(expression: str, value: JsonValue) -> JsonValue:
    """Return the part of `value` that `expression` picks; None if there is nothing there.

    Raises:
        Unselectable: the result is a text, or a function of the expression cannot take what it finds.

    """
    from jmespath.exceptions import JMESPathError

    if isinstance(value, str):
        raise Unselectable("the result is a text, and parts can be taken of JSON only")
    try:
        return describe_json(_parse(expression).search(value))
    except (JMESPathError, ArithmeticError, TypeError, ValueError, RecursionError) as error:
        raise Unselectable(f"`{expression}`: {error}") from error


@lru_cache(maxsize=256)
def _parse(expression: str) -> ParsedResult:
    import jmespath

    return jmespath.compile(expression)
