"""One agent file from the disk to a checked tree: read, include, fill in, check the shape, check the rest."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from agentrun.config.checks import CHECKS, AgentCase
from agentrun.config.environment import EnvironmentFiller
from agentrun.config.includes import IncludeReader
from agentrun.config.nodes import YamlMap, YamlScalar, find_node, find_text
from agentrun.config.shape import ShapeChecker
from agentrun.config.source import SourceError, Sources, find_root, overlay, read_dotenv
from agentrun.diagnostics import Diagnostic, Span, diagnose, sort_findings


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading one agent file.

    Attributes:
        tree: the agent with everything included and filled in; None if there is none to speak of.
        instructions: text of the instructions; None if there is none.
        findings: in file order, the agent's own file first.
        included: shown paths of the files that it names with `extends` and `use`.
        texts: every file that was read, by shown path.

    """

    root: Path
    tree: YamlMap | None
    instructions: str | None
    findings: tuple[Diagnostic, ...]
    included: frozenset[str]
    texts: Mapping[str, str]


def read_agent(shown: str, environment: Mapping[str, str], *, required: bool, today: date) -> Reading:
    """Read and check one agent file.

    Args:
        shown: its path.
        environment: variables for `${NAME}`; `.env` of the project root lies under them.
        required: whether a missing variable is an error.
        today: decides which models are retired.

    """
    sources = Sources(find_root(shown))
    reader = IncludeReader(sources)
    tree = reader.read_agent(shown)
    if tree is None:
        return _finish(shown, sources, reader, reader.findings)
    dotenv, findings = read_dotenv(sources.root)
    filler = EnvironmentFiller(overlay(dotenv, environment), sources.texts, required=required)
    tree = filler.fill(tree)
    findings += [*reader.findings, *filler.findings]
    instructions = _read_instructions(tree, sources, findings)
    findings += _check(AgentCase(tree, sources.root, sources.texts, instructions, today))
    text = str(instructions.value) if instructions else None
    return _finish(shown, sources, reader, findings, tree=tree, instructions=text)


def _finish(
    shown: str,
    sources: Sources,
    reader: IncludeReader,
    findings: Collection[Diagnostic],
    *,
    tree: YamlMap | None = None,
    instructions: str | None = None,
) -> Reading:
    # A stable sort keeps the order within each file and puts the agent's own file before what it includes.
    ordered = sorted(sort_findings(findings), key=lambda finding: finding.span.file != shown)
    included = frozenset(reader.included)
    return Reading(sources.root, tree, instructions, tuple(ordered), included, sources.texts)


def _read_instructions(tree: YamlMap, sources: Sources, findings: list[Diagnostic]) -> YamlScalar | None:
    """Return the text of the instructions as a scalar whose span covers it, also in a file of its own."""
    inline = find_node(tree, ("instructions",))
    if isinstance(inline, YamlScalar) and isinstance(inline.value, str):
        return inline
    name = find_text(tree, "instructions", "file")
    if name is None:
        return None
    try:
        shown = sources.resolve(str(name.value), name.span)
        text = sources.read(shown, name.span)
    except SourceError as error:
        findings.append(error.finding)
        return None
    if not text.strip():
        message = f"`{shown}` is empty"
        findings.append(diagnose("AR218", message, name.span, path=("instructions", "file")))
        return None
    lines = text.split("\n")
    return YamlScalar(text, Span(shown, 1, 1, len(lines), len(lines[-1]) + 1), text, plain=False)


def _check(case: AgentCase) -> list[Diagnostic]:
    shape = ShapeChecker(case.tree)
    shape.check()
    # One cause, one message: where the form of a value is wrong already, its meaning is not questioned.
    wrong = {finding.span for finding in shape.findings}
    meaning = [finding for check in CHECKS for finding in check(case) if finding.span not in wrong]
    return [*shape.findings, *meaning]


def find_blocked(reading: Reading) -> list[Diagnostic]:
    """Return an error for each value whose form depends on a variable that is not set.

    Without the value no model can be made, even where missing variables are otherwise allowed.
    """
    if reading.tree is None:
        return []
    shape = ShapeChecker(reading.tree)
    shape.check()
    file = find_node(reading.tree, ("instructions", "file"))
    named = [file] if isinstance(file, YamlScalar) and file.unset else []
    return [
        diagnose(
            "AR101",
            f"the environment variable `{scalar.unset[0]}` is not set and the value is needed",
            scalar.span,
            severity="error",
        )
        for scalar in (*shape.blocked, *named)
    ]
