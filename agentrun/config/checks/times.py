"""Checks of times that have the right form and make no sense."""

from __future__ import annotations

from collections.abc import Iterator

from agentrun.config.checks.case import AgentCase
from agentrun.config.nodes import Path
from agentrun.config.quantities import parse_duration_ms
from agentrun.diagnostics import Diagnostic, Remark, diagnose

# Times after which something ends or is said again. Other waits may be nothing.
_ENDS: tuple[Path, ...] = (
    ("session", "max_duration"),
    ("session", "end_call_after"),
    ("session", "reconnect", "maximum"),
    ("no_input", "after"),
)
_ENDS_OF_TOOLS: tuple[Path, ...] = (("timeout",), ("placeholder", "every"))


def check_times(case: AgentCase) -> Iterator[Diagnostic]:
    """No time that ends something is zero, and no wait starts above its own bound."""
    paths = [*_ENDS, *((*path, *end) for path, _ in case.rules() for end in _ENDS_OF_TOOLS)]
    for path in paths:
        time = case.text(*path)
        if time is not None and _read_ms(case, path) == 0:
            message, hint = f"`{path[-1]}` must be more than 0, found {time.value}", "for example `10s`"
            yield diagnose("AR214", message, time.span, hint=hint, path=path)
    yield from _check_reconnect(case)


def _check_reconnect(case: AgentCase) -> Iterator[Diagnostic]:
    """The first wait is not longer than the longest."""
    home: Path = ("session", "reconnect")
    first, longest = case.text(*home, "initial"), case.text(*home, "maximum")
    first_ms, longest_ms = _read_ms(case, (*home, "initial")), _read_ms(case, (*home, "maximum"))
    if first and longest and first_ms is not None and longest_ms and first_ms > longest_ms:
        message = f"`initial` must be at most `maximum`, found {first.value}"
        notes = [Remark("`maximum` is here", longest.span)]
        yield diagnose("AR214", message, first.span, notes=notes, path=(*home, "initial"))


def _read_ms(case: AgentCase, path: Path) -> int | None:
    node = case.text(*path)
    try:
        return None if node is None else parse_duration_ms(str(node.value))
    except ValueError:
        return None  # its form is reported already
