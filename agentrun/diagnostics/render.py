"""The renderers, by the name that `--format` gives them. A new format is one module and one row here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from agentrun.diagnostics.render_concise import render_concise
from agentrun.diagnostics.render_github import render_github
from agentrun.diagnostics.render_json import render_json
from agentrun.diagnostics.render_junit import render_junit
from agentrun.diagnostics.render_sarif import render_sarif
from agentrun.diagnostics.render_text import render_text
from agentrun.diagnostics.report import Report


class Renderer(Protocol):
    """Turns a report into text that ends with a line break, or into an empty text."""

    def __call__(self, report: Report, *, color: bool = False) -> str:
        """Render; `color` asks for ANSI colours where the format knows them."""
        ...


RENDERERS: Mapping[str, Renderer] = {
    "text": render_text,
    "concise": render_concise,
    "json": render_json,
    "github": render_github,
    "sarif": render_sarif,
    "junit": render_junit,
}

__all__ = ["RENDERERS", "Renderer", "Report", "render_text"]
