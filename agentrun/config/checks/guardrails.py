"""Checks of regular expressions in guardrails and in what is redacted."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator

from agentrun.config.ambiguity import is_exponential
from agentrun.config.checks.case import AgentCase
from agentrun.config.nodes import Path, YamlScalar, find_list
from agentrun.diagnostics import Diagnostic, diagnose


def check_expressions(case: AgentCase) -> Iterator[Diagnostic]:
    """Every regular expression is valid and cannot hang the call."""
    for section in (("guardrails",), ("transcript", "redact")):
        entries = find_list(case.tree, *section)
        for index in range(len(entries.items if entries else ())):
            inner: Path = ("match", "regex") if section == ("guardrails",) else ("regex",)
            path: Path = (*section, index, *inner)
            expression = case.text(*path)
            if expression is not None:
                yield from check_expression(expression, path)


def check_expression(expression: YamlScalar, path: Path) -> Iterator[Diagnostic]:
    """A regular expression can be compiled, and no text makes it take exponential time."""
    pattern = str(expression.value)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `re` warns of what may change in some future Python
            dangerous = is_exponential(pattern)
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        where = getattr(error, "pos", None)
        reason = getattr(error, "msg", None) or "it is nested too deeply"
        message = f"this is no regular expression: {reason}" + (
            "" if where is None else f" at character {where + 1}"
        )
        hint = "quotes in YAML matter: in single quotes a backslash stands for itself"
        yield diagnose("AR504", message, expression.span, hint=hint, path=path)
        return
    if dangerous:
        message = "this regular expression can take exponential time"
        hint = (
            "two loops can share the same text, as in `(a+)+`: let only one of them repeat, "
            "or write the inner one possessive, `(a++)+`"
        )
        yield diagnose("AR505", message, expression.span, hint=hint, path=path)
