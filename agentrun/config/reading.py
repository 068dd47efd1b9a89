"""One agent file from the disk to a checked tree: read, include, fill in, check the shape, check the rest."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from agentrun.config.causes import ABSENCES, drop_consequences
from agentrun.config.checks import CHECKS, AgentCase
from agentrun.config.environment import EnvironmentFiller
from agentrun.config.handoffs import read_handoffs
from agentrun.config.includes import IncludeReader
from agentrun.config.nodes import (
    YamlMap,
    YamlScalar,
    find_detours,
    find_list,
    find_node,
    find_path,
    find_text,
    path_in_file,
)
from agentrun.config.shapecheck import ShapeChecker
from agentrun.config.source import Projects, SourceError, Sources, overlay
from agentrun.config.suppressions import Suppression, sift_findings
from agentrun.diagnostics import Diagnostic, Remark, Span, diagnose, sort_findings

if TYPE_CHECKING:
    from agentrun.config.openapi.operation import Operation


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading one agent file.

    Attributes:
        tree: the agent with everything included and filled in; None if there is none to speak of.
        instructions: text of the instructions; None if there is none.
        findings: in file order, the agent's own file first.
        included: shown paths of the files that it names with `extends` and `use`.
        texts: every file that was read, by shown path.
        case: what the checks saw; None without a tree.
        used: comments that kept a finding back.
        unused: comments that kept none back.
        operations: those of OpenAPI files, by the index of the tool that is one.

    """

    root: Path
    tree: YamlMap | None
    instructions: str | None
    findings: tuple[Diagnostic, ...]
    included: frozenset[str]
    texts: Mapping[str, str]
    case: AgentCase | None = None
    used: frozenset[Suppression] = frozenset()
    unused: frozenset[Suppression] = frozenset()
    operations: Mapping[int, Operation] = field(default_factory=dict)


def read_agent(
    shown: str,
    environment: Mapping[str, str],
    *,
    required: bool,
    today: date,
    projects: Projects | None = None,
) -> Reading:
    """Read and check one agent file.

    Args:
        shown: its path.
        environment: variables for `${NAME}`; `.env` of the project root lies under them.
        required: whether a missing variable is an error.
        today: decides which models are retired.
        projects: roots and `.env` files that are known already.

    """
    projects = projects or Projects()
    sources = Sources(projects.find_root(shown))
    reader = IncludeReader(sources)
    tree = reader.read_agent(shown)
    if tree is None:
        return _finish(shown, sources, reader, reader.findings)
    dotenv, findings = projects.read_dotenv(sources.root)
    filler = EnvironmentFiller(overlay(dotenv, environment), sources.texts, required=required)
    tree = filler.fill(tree)
    findings += [name_path_of(tree, finding) for finding in reader.findings]
    findings += [replace(f, path=path_in_file(tree, f.path)) for f in filler.findings]
    instructions = _read_instructions(tree, sources, findings)
    operations = _read_operations(tree, sources, findings)
    net = read_handoffs(shown, tree, sources.root)
    case = AgentCase(tree, sources.root, sources.texts, instructions, today, shown, net, operations)
    checked = [tell_place(tree, finding) for finding in _check(case)]
    findings += [f for f in checked if not (reader.incomplete and f.code in ABSENCES)]
    return replace(_finish(shown, sources, reader, findings, case), operations=operations)


def _finish(
    shown: str,
    sources: Sources,
    reader: IncludeReader,
    findings: Collection[Diagnostic],
    case: AgentCase | None = None,
) -> Reading:
    included = frozenset(reader.included)
    yaml_files = {file: text for file, text in sources.texts.items() if file == shown or file in included}
    sifted = sift_findings(findings, yaml_files)
    # A stable sort keeps the order within each file and puts the agent's own file before what it includes.
    ordered = tuple(sorted(sort_findings(sifted.findings), key=lambda finding: finding.span.file != shown))
    if case is None:
        return Reading(sources.root, None, None, ordered, included, sources.texts)
    text = str(case.instructions.value) if case.instructions else None
    texts = {**case.net.texts, **sources.texts}
    used, unused = sifted.used, sifted.unused
    return Reading(sources.root, case.tree, text, ordered, included, texts, case, used, unused)


def tell_place(tree: YamlMap, finding: Diagnostic) -> Diagnostic:
    """Return a finding with the path in its own file, and with the aliases that lead to its place."""
    notes = tuple(
        Remark("the value is written here" if written else "it is used here", span)
        for written, span in find_detours(tree, finding.path)
    )
    path = path_in_file(tree, finding.path)
    return replace(finding, path=path, notes=(*finding.notes, *notes))


def name_path_of(tree: YamlMap, finding: Diagnostic) -> Diagnostic:
    """Return a finding that knows its path, where it was made before there were paths.

    A key that is given twice is not in the tree; the first one, in its note, is.
    """
    if finding.path:
        return finding
    spans = [finding.span, *(note.span for note in finding.notes if note.span)]
    path = next((found for span in spans if (found := find_path(tree, span))), ())
    return replace(finding, path=path_in_file(tree, path))


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
        findings.append(replace(error.finding, path=("instructions", "file")))
        return None
    if not text.strip():
        message = f"`{shown}` is empty"
        findings.append(diagnose("AR218", message, name.span, path=("instructions", "file")))
        return None
    lines = text.split("\n")
    return YamlScalar(text, Span(shown, 1, 1, len(lines), len(lines[-1]) + 1), text, plain=False)


def _read_operations(tree: YamlMap, sources: Sources, findings: list[Diagnostic]) -> Mapping[int, Operation]:
    tools = find_list(tree, "tools")
    if not any(find_node(tool, ("http", "openapi")) for tool in (tools.items if tools else ())):
        return {}
    from agentrun.config.openapi.reading import read_operations  # hardly any agent needs it

    operations, found = read_operations(tree, sources)
    findings += [tell_place(tree, finding) for finding in found]
    return operations


def _check(case: AgentCase) -> list[Diagnostic]:
    shape = ShapeChecker(case.tree)
    shape.check()
    meaning = (finding for check in CHECKS for finding in check(case))
    return [*shape.findings, *drop_consequences(shape.findings, meaning)]


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
            path=path_in_file(reading.tree, find_path(reading.tree, scalar.span)),
            severity="error",
        )
        for scalar in (*shape.blocked, *named)
    ]
