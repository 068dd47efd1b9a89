"""Checks of regular expressions in guardrails and in what is redacted."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator

from agentrun.config.checks.case import AgentCase
from agentrun.config.nodes import Path, YamlScalar, find_list
from agentrun.diagnostics import Diagnostic, diagnose

# Characters of all expressions of one agent together: compiling and judging them takes time for each.
_MOST_CHARACTERS = 4_000


def check_expressions(case: AgentCase) -> Iterator[Diagnostic]:
    """Every regular expression is valid and cannot hang the call."""
    left = _MOST_CHARACTERS
    for path, expression in _find_expressions(case):
        left -= len(str(expression.value))
        if left < 0:
            message = f"the regular expressions are longer than {_MOST_CHARACTERS:,} characters together"
            hint = "`any_of` takes words and phrases, and `python` a function of yours"
            yield diagnose("AR504", message, expression.span, hint=hint, path=path)
            return
        yield from check_expression(expression, path)


def _find_expressions(case: AgentCase) -> Iterator[tuple[Path, YamlScalar]]:
    for section in (("guardrails",), ("transcript", "redact")):
        entries = find_list(case.tree, *section)
        for index in range(len(entries.items if entries else ())):
            inner: Path = ("match", "regex") if section == ("guardrails",) else ("regex",)
            path: Path = (*section, index, *inner)
            expression = case.text(*path)
            if expression is not None:
                yield path, expression


def check_expression(expression: YamlScalar, path: Path) -> Iterator[Diagnostic]:
    """A regular expression can be compiled, and no text makes it take exponential or cubic time."""
    pattern = str(expression.value)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `re` warns of what may change in some future Python
            re.compile(pattern)
            slow = _name_degree(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        where = getattr(error, "pos", None)
        reason = getattr(error, "msg", None) or "it is nested too deeply"
        message = f"this is no regular expression: {reason}" + (
            "" if where is None else f" at character {where + 1}"
        )
        hint = "quotes in YAML matter: in single quotes a backslash stands for itself"
        yield diagnose("AR504", message, expression.span, hint=hint, path=path)
        return
    if slow:
        message = f"this regular expression can take {slow} time"
        yield diagnose("AR505", message, expression.span, hint=_REMEDIES[slow], path=path)


_REMEDIES = {
    "exponential": "two loops can share the same text, as in `(a+)+`: let only one of them repeat, "
    "or write the inner one possessive, `(a++)+`",
    "cubic": "several loops in a row can share the same text, as in `.*.*=`: leave only one of them, "
    "or let a character stand between that no loop takes",
}


def _name_degree(pattern: str) -> str:
    """Return how the time grows, or nothing if that is bearable."""
    from agentrun.config.ambiguity import CUBIC, find_degree, is_exponential  # few files have expressions

    if is_exponential(pattern):
        return "exponential"
    # Higher powers are named like the least one that is worth a word.
    return "cubic" if find_degree(pattern) >= CUBIC else ""
