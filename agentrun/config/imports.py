"""Checks that Python tools import, by importing them: the user's code runs, so only when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from agentrun.config.nodes import YamlMap, find_list, find_text
from agentrun.config.reading import Reading
from agentrun.diagnostics import Diagnostic, diagnose
from agentrun.errors import ToolError

if TYPE_CHECKING:
    from agentrun.plan import PythonTarget

ImportPython: TypeAlias = "Callable[[PythonTarget], object]"


def check_imports(reading: Reading, import_python: ImportPython) -> Reading:
    """Return the reading with an error for each Python tool that does not import.

    Places that have an error already (no such file, no such function) are not tried.
    """
    if reading.tree is None:
        return reading
    wrong = {finding.span for finding in reading.findings if finding.severity == "error"}
    found = [f for f in _import_tools(reading, reading.tree, import_python) if f.span not in wrong]
    return replace(reading, findings=(*reading.findings, *found))


def _import_tools(reading: Reading, tree: YamlMap, import_python: ImportPython) -> Iterator[Diagnostic]:
    from agentrun.plan import PythonTarget

    tools = find_list(tree, "tools")
    for index, tool in enumerate(tools.items if tools else ()):
        name = find_text(tool, "python")
        if name is None or ":" not in str(name.value):
            continue
        module, _, function = str(name.value).partition(":")
        try:
            import_python(PythonTarget(module, function, str(reading.root)))
        except ToolError as error:
            message = f"`{name.value}` does not import: {error}"
            yield diagnose("AR410", message, name.span, path=("tools", index, "python"))
