"""The doors of this package: check files, or load one agent or scenario."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from agentrun.config.discovery import (
    find_kind,
    find_yaml_files,
    is_complete,
    make_name,
    name_plainly,
)
from agentrun.config.excerpts import hide_secrets
from agentrun.config.imports import ImportPython, check_imports
from agentrun.config.nodes import to_json
from agentrun.config.reading import Reading, find_blocked, read_agent
from agentrun.config.source import Projects
from agentrun.config.suppressions import Suppression, report_unused
from agentrun.diagnostics import Diagnostic, Span, diagnose, sort_findings
from agentrun.errors import ConfigError
from agentrun.wire.json import JsonObject

if TYPE_CHECKING:
    from agentrun.config.model import AgentSpec
    from agentrun.config.scenario import ScenarioSpec
    from agentrun.config.scenario_reading import ScenarioReading

_MOST_RECENT = 64  # agents that are kept for the scenarios that follow


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `check_paths` found.

    Attributes:
        files: the agent files and then the scenario files that were checked.
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
    """Check agent and scenario files, and folders of them.

    Args:
        paths: files, which are checked whatever they look like, and folders, which are searched.
        environment: variables for `${NAME}`; the file `.env` in each project root lies under them.
        require_environment: whether a missing variable is an error instead of a note.
        import_python: imports the function of a Python tool, raising `ToolError` if that fails; without it
            no code of the user runs.
        today: decides which models are retired; the default is the present day.

    """
    run = _Run(environment, require_environment, today or date.today(), import_python is not None)
    for given in [os.fspath(path) for path in paths]:
        run.check(given)
    kept = _drop_parts(run.readings, run.named)
    if import_python is not None:
        kept = {file: check_imports(reading, import_python) for file, reading in kept.items()}
    return _join(kept, run.scenarios, run.missing)


@dataclass(slots=True)
class _Run:
    """What one run of `check_paths` has read so far.

    Attributes:
        missing: findings for paths that do not exist.
        readings: agents that were asked for, by shown path.
        scenarios: scenarios that were asked for, by shown path.
        named: files that were given themselves, not found in a folder.
        keeps_trees: whether the agents are still needed when all are read. Of thousands of files the
            findings are kept and not the trees: they would fill the memory, and slow down its upkeep.

    """

    environment: Mapping[str, str]
    required: bool
    today: date
    keeps_trees: bool
    missing: dict[str, Diagnostic] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)
    scenarios: dict[str, ScenarioReading] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    _recent: dict[str, Reading] = field(default_factory=dict)
    _projects: Projects = field(default_factory=Projects)

    def check(self, given: str) -> None:
        """Check a file, or the files of a folder."""
        if not os.path.exists(given):
            message = f"`{given}` cannot be read: there is no such file or folder"
            self.missing[given] = diagnose("AR001", message, Span(given, 1, 1, 1, 1))
            return
        given = name_plainly(given)
        folder = os.path.isdir(given)
        self.named |= set() if folder else {given}
        for file in find_yaml_files(given) if folder else (given,):
            kind = find_kind(file)
            if kind == "scenario":
                if file not in self.scenarios:
                    self.scenarios[file] = self.read_scenario(file)
            elif kind == "agent" or not folder:
                agent = self.read(file)
                self.readings[file] = agent if self.keeps_trees else replace(agent, tree=None, case=None)

    def read_scenario(self, shown: str) -> ScenarioReading:
        """Read a scenario file."""
        from agentrun.config.scenario_reading import read_scenario  # most folders hold agents only

        return replace(read_scenario(shown, self.read, self._projects), tree=None)

    def read(self, shown: str) -> Reading:
        """Read an agent file, once for all the scenarios in a row that need it."""
        key = os.path.normpath(shown)
        if key not in self._recent:
            if len(self._recent) >= _MOST_RECENT:
                del self._recent[next(iter(self._recent))]
            self._recent[key] = read_agent(
                shown,
                self.environment,
                required=self.required,
                today=self.today,
                projects=self._projects,
            )
        return self._recent[key]


def _drop_parts(readings: dict[str, Reading], named: set[str]) -> dict[str, Reading]:
    """Leave out files that were only found as parts of others: they are checked where they are included."""
    included = {os.path.normpath(file) for reading in readings.values() for file in reading.included}
    return {
        file: reading
        for file, reading in readings.items()
        if file in named or os.path.normpath(file) not in included or is_complete(reading.texts.get(file, ""))
    }


def _join(
    readings: Mapping[str, Reading],
    scenarios: Mapping[str, ScenarioReading],
    missing: Mapping[str, Diagnostic],
) -> CheckReport:
    findings = dict.fromkeys(missing.values())
    sources: dict[str, str] = {}
    every: dict[str, Reading | ScenarioReading] = {**readings, **scenarios}
    # A file that several agents include may allow what only one of them needs.
    used = frozenset[Suppression]().union(*(reading.used for reading in every.values()))
    for file, reading in every.items():
        unused = map(report_unused, reading.unused - used)
        ordered = sort_findings((*reading.findings, *unused))
        findings |= dict.fromkeys(sorted(ordered, key=lambda finding: finding.span.file != file))
        sources |= reading.texts
    return CheckReport(tuple(every), tuple(findings), tuple(missing), hide_secrets(sources, findings))


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
    loaded = load_checked(path, environment=environment, require_environment=require_environment, today=today)
    if loaded.spec is None:
        raise ConfigError(loaded.findings)
    return loaded.spec


@dataclass(frozen=True, slots=True)
class Loaded:
    """One agent file after one reading.

    Attributes:
        report: what `check_paths` says of it.
        blocked: values that are needed and depend on a variable that is not set.
        spec: the agent; None if there is at least one error.

    """

    report: CheckReport
    blocked: tuple[Diagnostic, ...]
    spec: AgentSpec | None

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """All of them, each said once."""
        return tuple(dict.fromkeys((*self.report.findings, *self.blocked)))


def load_checked(
    path: str | os.PathLike[str],
    *,
    environment: Mapping[str, str],
    require_environment: bool = True,
    import_python: ImportPython | None = None,
    today: date | None = None,
) -> Loaded:
    """Read one agent file once, for its findings and for the agent.

    Args:
        path: the file.
        environment: as in `load_agent`.
        require_environment: as in `load_agent`.
        import_python: as in `check_paths`.
        today: as in `check_paths`.

    """
    shown = os.fspath(path)
    reading = read_agent(shown, environment, required=require_environment, today=today or date.today())
    if import_python is not None:
        reading = check_imports(reading, import_python)
    report, blocked = _join({shown: reading}, {}, {}), tuple(find_blocked(reading))
    is_wrong = any(finding.severity == "error" for finding in (*reading.findings, *blocked))
    return Loaded(report, blocked, None if is_wrong else _build(shown, reading))


def _build(shown: str, reading: Reading) -> AgentSpec:
    # Typed models take a while to define, and checking needs none.
    from agentrun.config.build import build
    from agentrun.config.model import AgentSpec

    assert reading.tree is not None
    data = to_json(reading.tree)
    _pass_rules_on(data.get("mcp_servers") or [])
    defaults = {"name": make_name(shown), "path": shown, "root": str(reading.root)}
    spec = build(
        AgentSpec, {**defaults, **data, "instructions": reading.instructions or data["instructions"]}
    )
    if not reading.operations:
        return spec
    from agentrun.config.openapi.merging import expand_tools

    return expand_tools(spec, reading.operations)


def _pass_rules_on(servers: list[JsonObject]) -> None:
    """Have the rules of each MCP server stand at its single tools too, where these have none of their own."""
    from agentrun.config.schema.tools import RULES

    for server in servers:
        rules = {name: server[name] for name in RULES if name in server}
        for name, own in (server.get("tools") or {}).items():
            server["tools"][name] = {**rules, **own}


def load_scenario(
    path: str | os.PathLike[str], *, environment: Mapping[str, str], today: date | None = None
) -> ScenarioSpec:
    """Read one scenario file, and check it against its agent.

    Args:
        path: the file.
        environment: variables for `${NAME}` in the agent's file.
        today: the day on which the agent is checked; the default is the present day.

    Raises:
        ConfigError: there is at least one error in the scenario; it carries all of its findings.

    """
    from agentrun.config.build import build
    from agentrun.config.scenario import ScenarioSpec
    from agentrun.config.scenario_reading import read_scenario

    shown, day = os.fspath(path), today or date.today()
    reading = read_scenario(shown, lambda agent: read_agent(agent, environment, required=False, today=day))
    if any(finding.severity == "error" for finding in reading.findings):
        raise ConfigError(reading.findings)
    assert reading.tree is not None
    defaults: JsonObject = {"name": Path(shown).stem, "path": shown}
    return build(ScenarioSpec, {**defaults, **to_json(reading.tree)})
