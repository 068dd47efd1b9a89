"""Findings as values, the registry of their codes, and renderers that return text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentrun.diagnostics.identity import show_path
from agentrun.diagnostics.model import (
    Diagnostic,
    PathPart,
    Remark,
    Severity,
    Span,
    count_severity,
    diagnose,
    sort_findings,
)
from agentrun.diagnostics.render import RENDERERS, Renderer, Report, render_text

if TYPE_CHECKING:
    from agentrun.diagnostics.codes import CODES, Code, find_code

__all__ = [
    "CODES",
    "RENDERERS",
    "Code",
    "Diagnostic",
    "PathPart",
    "Remark",
    "Renderer",
    "Report",
    "Severity",
    "Span",
    "count_severity",
    "diagnose",
    "find_code",
    "render_text",
    "show_path",
    "sort_findings",
]


def __getattr__(name: str) -> object:
    """Load the registry on first use: it is much text, and without a finding nobody reads it."""
    if name in ("CODES", "Code", "find_code"):
        from agentrun.diagnostics import codes

        found: object = getattr(codes, name)
        return found
    raise AttributeError(f"module `agentrun.diagnostics` has no attribute `{name}`")
