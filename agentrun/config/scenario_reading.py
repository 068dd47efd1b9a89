"""One scenario file from the disk to a checked tree: read, check the shape, check it against its agent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from agentrun.config.causes import drop_consequences
from agentrun.config.checks.case import AgentCase
from agentrun.config.checks.later import LATER_SCENARIOS
from agentrun.config.checks.scenario import SCENARIO_CHECKS, ScenarioCase
from agentrun.config.nodes import YamlMap, find_text, first_place
from agentrun.config.reading import Reading, name_path_of, tell_place
from agentrun.config.shapecheck import ShapeChecker
from agentrun.config.source import Projects, SourceError, Sources, suggest_file
from agentrun.config.suppressions import Suppression, sift_findings
from agentrun.config.yamlfile import parse_yaml
from agentrun.diagnostics import Diagnostic, Span, diagnose, sort_findings

ReadAgent = Callable[[str], Reading]


@dataclass(frozen=True, slots=True)
class ScenarioReading:
    """What came of reading one scenario file.

    Attributes:
        tree: the scenario; None if there is none to speak of.
        findings: in file order, all of them in the scenario's own file.
        texts: the files that findings point into, by shown path.
        used: comments that kept a finding back.
        unused: comments that kept none back.

    """

    tree: YamlMap | None
    findings: tuple[Diagnostic, ...]
    texts: Mapping[str, str] = field(default_factory=dict)
    used: frozenset[Suppression] = frozenset()
    unused: frozenset[Suppression] = frozenset()


def read_scenario(shown: str, read_agent: ReadAgent, projects: Projects | None = None) -> ScenarioReading:
    """Read and check one scenario file.

    Args:
        shown: its path.
        read_agent: reads the agent file at a shown path. What is wrong inside the agent is not reported
            here, because the agent is checked as a file of its own.
        projects: roots that are known already.

    """
    sources = Sources((projects or Projects()).find_root(shown))
    try:
        node, findings = parse_yaml(sources.read(shown), shown)
    except SourceError as error:
        return ScenarioReading(None, (error.finding,), sources.texts)
    if not isinstance(node, YamlMap):
        if not findings:
            place = first_place(node) if node is not None else Span(shown, 1, 1, 1, 2)
            hint = "a scenario file is a mapping that starts with `version: 1`"
            findings = [diagnose("AR013", "this file is not a mapping", place, hint=hint)]
        return ScenarioReading(None, tuple(findings), sources.texts)
    agent, problem = _read_agent(node, sources, read_agent)
    found = [*(name_path_of(node, f) for f in findings), *_check(ScenarioCase(node, shown, agent, problem))]
    found.append(diagnose("AR901", LATER_SCENARIOS, Span(shown, 1, 1, 1, 1)))
    sifted = sift_findings(found, {shown: sources.texts[shown]})
    texts = {**(agent.texts if agent else {}), **sources.texts}
    return ScenarioReading(node, tuple(sort_findings(sifted.findings)), texts, sifted.used, sifted.unused)


def _read_agent(
    tree: YamlMap, sources: Sources, read_agent: ReadAgent
) -> tuple[AgentCase | None, Diagnostic | None]:
    """Return the agent as its own checks saw it, or why there is none."""
    name = find_text(tree, "agent")
    if name is None:
        return None, None
    try:
        shown = sources.resolve(str(name.value), name.span)
    except SourceError as error:
        return None, error.finding
    reading = read_agent(shown)
    if reading.case is not None:
        return reading.case, None
    cause = next((finding for finding in reading.findings if finding.severity == "error"), None)
    if cause is not None and cause.code == "AR001":
        return None, replace(cause, hint=suggest_file(shown, name.span))
    message = f"`{shown}` is no agent that can be read"
    return None, diagnose("AR601", message, name.span, hint="run `agentrun validate` on it")


def _check(case: ScenarioCase) -> list[Diagnostic]:
    shape = ShapeChecker(case.tree, "scenario")
    shape.check()
    meaning = (finding for check in SCENARIO_CHECKS for finding in check(case))
    findings = (*shape.findings, *drop_consequences(shape.findings, meaning))
    return [tell_place(case.tree, finding) for finding in findings]
