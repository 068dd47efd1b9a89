"""The two doors of this package: check files, or load one agent."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from agentrun.config.build import build
from agentrun.config.discovery import find_yaml_files, is_agent_file, is_complete, is_scenario_file
from agentrun.config.imports import ImportPython, check_imports
from agentrun.config.model import AgentSpec
from agentrun.config.nodes import to_json
from agentrun.config.reading import Reading, find_blocked, read_agent
from agentrun.diagnostics import Diagnostic, Span, diagnose
from agentrun.errors import ConfigError


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `check_paths` found.

    Attributes:
        files: the agent files that were checked.
        findings: in the order of the files, and in file order in each.
        unreadable: paths that were given and do not exist.
        sources: text of every file that findings point into, by path.

    """

    files: tuple[str, ...] = ()
    findings: tuple[Diagnostic, ...] = ()
    unreadable: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)


def check_paths(
    paths: Iterable[str | os.PathLike[str]],
    *,
    environment: Mapping[str, str],
    require_environment: bool = False,
    import_python: ImportPython | None = None,
    today: date | None = None,
) -> CheckReport:
    """Check agent files and folders of them.

    Args:
        paths: files, which are checked whatever they look like, and folders, which are searched.
        environment: variables for `${NAME}`; the file `.env` in each project root lies under them.
        require_environment: whether a missing variable is an error instead of a note.
        import_python: imports the function of a Python tool, raising `ToolError` if that fails; without it
            no code of the user runs.
        today: decides which models are retired; the default is the present day.

    """
    day = today or date.today()
    missing: dict[str, Diagnostic] = {}
    readings: dict[str, Reading] = {}
    scenarios: list[str] = []
    named: set[str] = set()
    for given in [os.fspath(path) for path in paths]:
        if not os.path.exists(given):
            message = f"`{given}` cannot be read: there is no such file or folder"
            missing[given] = diagnose("AR001", message, Span(given, 1, 1, 1, 1))
            continue
        folder = os.path.isdir(given)
        named |= set() if folder else {given}
        for file in find_yaml_files(given) if folder else (given,):
            if is_scenario_file(file):
                scenarios.append(file)
            elif file not in readings and (not folder or is_agent_file(file)):
                readings[file] = read_agent(file, environment, required=require_environment, today=day)
    kept = _drop_parts(readings, named)
    if import_python is not None:
        kept = {file: check_imports(reading, import_python) for file, reading in kept.items()}
    return _join(kept, missing, scenarios)


def _drop_parts(readings: dict[str, Reading], named: set[str]) -> dict[str, Reading]:
    """Leave out files that were only found as parts of others: they are checked where they are included."""
    included = {os.path.normpath(file) for reading in readings.values() for file in reading.included}
    return {
        file: reading
        for file, reading in readings.items()
        if file in named or os.path.normpath(file) not in included or is_complete(reading.texts.get(file, ""))
    }


def _join(
    readings: Mapping[str, Reading], missing: Mapping[str, Diagnostic], scenarios: Iterable[str]
) -> CheckReport:
    findings = dict.fromkeys(missing.values())
    sources: dict[str, str] = {}
    for reading in readings.values():
        findings |= dict.fromkeys(reading.findings)
        sources |= reading.texts
    for file in scenarios:
        findings[diagnose("AR901", "scenario files are not checked yet", Span(file, 1, 1, 1, 1))] = None
    return CheckReport((*readings, *scenarios), tuple(findings), tuple(missing), sources)


def load_agent(
    path: str | os.PathLike[str],
    *,
    environment: Mapping[str, str],
    require_environment: bool = True,
    today: date | None = None,
) -> AgentSpec:
    """Read one agent file and everything that it includes.

    Args:
        path: the file.
        environment: variables for `${NAME}`; the file `.env` in the project root lies under them.
        require_environment: whether a missing variable is an error. Without it the text `${NAME}` stays in
            place, which is fine for looking at an agent and not for running it.
        today: decides which models are retired; the default is the present day.

    Raises:
        ConfigError: there is at least one error; it carries all findings, warnings and notes too.

    """
    shown = os.fspath(path)
    reading = read_agent(shown, environment, required=require_environment, today=today or date.today())
    findings = [*reading.findings, *find_blocked(reading)]
    if any(finding.severity == "error" for finding in findings):
        raise ConfigError(findings)
    assert reading.tree is not None
    data = to_json(reading.tree)
    defaults = {"name": make_name(shown), "path": shown, "root": str(reading.root)}
    return build(
        AgentSpec, {**defaults, **data, "instructions": reading.instructions or data["instructions"]}
    )


def make_name(path: str) -> str:
    """Return the name of an agent whose file gives none: the file's stem, made to fit."""
    slug = re.sub(r"[^a-z0-9_-]+", "-", Path(path).stem.lower()).strip("-_")
    return slug[:63] or "agent"


def read_sources(findings: Iterable[Diagnostic]) -> dict[str, str]:
    """Return the text of every file that findings point into, for excerpts; unreadable ones are left out."""
    sources: dict[str, str] = {}
    for finding in findings:
        for span in (finding.span, *(note.span for note in finding.notes if note.span)):
            if span.file not in sources:
                try:
                    sources[span.file] = Path(span.file).read_text("utf-8-sig")
                except (OSError, UnicodeDecodeError):
                    sources[span.file] = ""
    return sources
