"""A diagnostic is a value: what is wrong, where, and what to do about it. Wording happens where it is
found, rendering happens in the renderers, and nothing here prints.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

Severity: TypeAlias = Literal["error", "warning", "note"]
PathPart: TypeAlias = str | int


class Span(NamedTuple):
    """A stretch of text in a file. A tuple, because every key and every value of a file has one.

    Attributes:
        file: the file's path as the user would type it.
        line: first line, counted from 1.
        column: first character, counted from 1 in characters (not bytes, not cells of a terminal).
        end_line: line of the end.
        end_column: the character after the last one, so `end_column - column` is a length on one line.

    """

    file: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1


@dataclass(frozen=True, slots=True)
class Remark:
    """Another place that belongs to the story, for example where a key stood first."""

    message: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    Attributes:
        code: a row of the registry, `AR214`.
        message: what is wrong; makes sense alone in a log; lower-case start, no final full stop, no secret.
        span: the smallest text that shows it.
        notes: other places that matter.
        hint: what to do; empty if the message says it all.
        path: keys and indexes from the root of the file to the value.

    """

    code: str
    severity: Severity
    message: str
    span: Span
    notes: tuple[Remark, ...] = ()
    hint: str = ""
    path: tuple[PathPart, ...] = ()


_LONGEST = 600  # of a message or a hint; a file may hold values of any length


def _shorten(text: str) -> str:
    """Return a text with its middle left out if it is too long for a line that people read."""
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else f"{text[:half]} … {text[-half:]}"


def diagnose(
    code: str,
    message: str,
    span: Span,
    *,
    hint: str = "",
    path: Iterable[PathPart] = (),
    notes: Iterable[Remark] = (),
    severity: Severity | None = None,
) -> Diagnostic:
    """Make a diagnostic with the severity of its code, unless another one is given.

    What a message or a hint quotes may be of any length; its middle is left out then.

    Raises:
        KeyError: the code is not in the registry.

    """
    from agentrun.diagnostics.codes import find_code  # only here: without a finding nobody needs the registry

    level = severity or find_code(code).severity
    return Diagnostic(code, level, _shorten(message), span, tuple(notes), _shorten(hint), tuple(path))


def sort_findings(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return findings in file order, each said once."""
    unique = dict.fromkeys(findings)
    seen: dict[tuple[str, str, Span], Diagnostic] = {}
    for finding in unique:
        seen.setdefault((finding.code, finding.message, finding.span), finding)
    return sorted(seen.values(), key=lambda d: (d.span.file, d.span.line, d.span.column, d.code))


def count_severity(findings: Iterable[Diagnostic], severity: Severity) -> int:
    """Return how many findings have exactly this severity."""
    return sum(1 for finding in findings if finding.severity == severity)
