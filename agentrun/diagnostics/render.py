"""The renderers, by the name that `--format` gives them. A new format is one module and one row here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from agentrun.diagnostics.render_text import render_text
from agentrun.diagnostics.report import Report


class Renderer(Protocol):
    """Turns a report into text that ends with a line break, or into an empty text."""

    def __call__(self, report: Report, *, color: bool = False) -> str:
        """Render; `color` asks for ANSI colours where the format knows them."""
        ...


@dataclass(frozen=True, slots=True)
class _Imported:
    """The function `render_NAME` of the module of that name, which is imported when it is called."""

    name: str

    def __call__(self, report: Report, *, color: bool = False) -> str:
        module: Any = import_module(f"agentrun.diagnostics.{self.name}")
        text: str = getattr(module, self.name)(report, color=color)
        return text


RENDERERS: Mapping[str, Renderer] = {
    "text": render_text,
    "concise": _Imported("render_concise"),
    "json": _Imported("render_json"),
    "github": _Imported("render_github"),
    "sarif": _Imported("render_sarif"),
    "junit": _Imported("render_junit"),
}

__all__ = ["RENDERERS", "Renderer", "Report", "render_text"]
