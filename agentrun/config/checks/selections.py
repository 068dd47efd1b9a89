"""Check of `result.select`: is it an expression of JMESPath, with functions that exist?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agentrun.config.checks.case import AgentCase
from agentrun.config.nodes import find_text
from agentrun.config.suggest import suggest
from agentrun.diagnostics import Diagnostic, diagnose

_EXAMPLE = "for example `orders[0].status` or `{name: name, city: address.city}`; see https://jmespath.org"


# Characters of all expressions of one agent together: reading them takes time and memory for each.
_MOST_CHARACTERS = 4_000


def check_selections(case: AgentCase) -> Iterator[Diagnostic]:
    """`result.select` is an expression of JMESPath."""
    left = _MOST_CHARACTERS
    for path, tool in case.rules():
        chosen = find_text(tool, "result", "select")
        if chosen is None:
            continue
        left -= len(str(chosen.value))
        if left < 0:
            message = f"the expressions of JMESPath are longer than {_MOST_CHARACTERS:,} characters together"
            hint = "shape the result in the tool itself"
            yield diagnose("AR416", message, chosen.span, hint=hint, path=(*path, "result", "select"))
            return
        if fault := find_fault(str(chosen.value)):
            message, hint = fault
            yield diagnose("AR416", message, chosen.span, hint=hint, path=(*path, "result", "select"))


def find_fault(expression: str) -> tuple[str, str] | None:
    """Return what is wrong with an expression and what helps, or None."""
    import jmespath  # hardly any file needs it
    from jmespath.exceptions import IncompleteExpressionError, JMESPathError, ParseError

    try:
        parsed = jmespath.compile(expression).parsed
    except IncompleteExpressionError:
        return "this expression of JMESPath breaks off", _EXAMPLE
    except ParseError as error:
        return f"character {error.lex_position + 1} is not expected in this expression of JMESPath", _EXAMPLE
    except (JMESPathError, ValueError, RecursionError):
        return "this is not an expression of JMESPath", _EXAMPLE
    return next(_find_unknown_functions(parsed), None)


def _find_unknown_functions(node: Any) -> Iterator[tuple[str, str]]:
    from jmespath.functions import Functions

    if node["type"] == "function_expression" and node["value"] not in Functions.FUNCTION_TABLE:
        hint = suggest(node["value"], Functions.FUNCTION_TABLE) or _EXAMPLE
        yield f"JMESPath has no function `{node['value']}`", hint
    for child in node["children"]:
        if isinstance(child, dict):
            yield from _find_unknown_functions(child)
