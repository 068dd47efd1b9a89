"""What is checked in a scenario beyond its shape. A new check is one function in `SCENARIO_CHECKS`.

The tree may have the wrong form anywhere, and the agent may be missing or broken: then nothing is said about
what depends on it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from agentrun.config.checks.case import AgentCase, handoff_name, read_tool_name
from agentrun.config.checks.guardrails import check_expression
from agentrun.config.nodes import (
    Path,
    YamlMap,
    YamlNode,
    YamlScalar,
    find_key,
    find_list,
    find_map,
    find_node,
    find_text,
    walk_scalars,
)
from agentrun.config.suggest import suggest
from agentrun.diagnostics import Diagnostic, Remark, Span, diagnose

_REFERENCE = re.compile(r"(?<!\$)\$\{[A-Za-z_]\w*[^}\n]{0,40}\}?")
_TURN_KINDS = ("user", "silence", "dtmf", "hang_up", "image")


@dataclass(frozen=True, slots=True)
class ScenarioCase:
    """One scenario under check.

    Attributes:
        tree: the whole scenario.
        file: its shown path.
        agent: its agent, or None if that has no tree to speak of.
        problem: why the agent's file cannot be used, or None.

    """

    tree: YamlMap
    file: str
    agent: AgentCase | None
    problem: Diagnostic | None

    def turns(self) -> Iterator[tuple[Path, YamlMap]]:
        """Yield each turn that is a mapping, with its path."""
        yield from _find_maps(self.tree, ("turns",))

    def expectations(self) -> Iterator[tuple[Path, YamlMap]]:
        """Yield every expectation, also those inside `not`, with its path."""
        places: list[Path] = [("expect",), *((*path, "expect") for path, _ in self.turns())]
        for place in places:
            for path, expectation in _find_maps(self.tree, place):
                yield path, expectation
                inner = find_map(expectation, "not")
                if inner is not None:
                    yield (*path, "not"), inner

    def steps(self) -> Iterator[tuple[Path, YamlMap]]:
        """Yield every step of the scripted model, with its path."""
        script = find_list(self.tree, "model")
        places: list[Path] = [("model", index) for index in range(len(script.items if script else ()))]
        places += [(*path, "model") for path, _ in self.turns()]
        for place in places:
            yield from _find_maps(self.tree, place)


ScenarioCheck = Callable[[ScenarioCase], Iterator[Diagnostic]]


def _find_maps(tree: YamlNode, path: Path) -> Iterator[tuple[Path, YamlMap]]:
    found = find_list(tree, *path)
    for index, item in enumerate(found.items if found else ()):
        if isinstance(item, YamlMap):
            yield (*path, index), item


def check_agent(case: ScenarioCase) -> Iterator[Diagnostic]:
    """The agent's file exists and is an agent."""
    name = find_text(case.tree, "agent")
    if case.problem is not None and name is not None:
        hint = case.problem.hint or "the path is relative to this file"
        yield diagnose("AR601", case.problem.message, name.span, hint=hint, path=("agent",))


def check_expectations(case: ScenarioCase) -> Iterator[Diagnostic]:
    """Something is expected."""
    if not any(True for _ in case.expectations()) and (
        "turns" in case.tree.entries or "persona" in case.tree.entries
    ):
        key = "turns" if "turns" in case.tree.entries else "persona"
        hint = "add `expect:` with what must come of a turn, for example `- says: {contains: shipped}`"
        span = case.tree.entries[key].key
        yield diagnose(
            "AR604", "this scenario expects nothing, so it could not fail", span, hint=hint, path=(key,)
        )


def _named_tools(case: ScenarioCase) -> Iterator[tuple[str, Span, Path, Path | None]]:
    """Yield each place that names a tool: name, place, path, and the path of arguments given to it."""
    mocks = find_map(case.tree, "mocks")
    for name, entry in mocks.entries.items() if mocks else ():
        yield name, entry.key, ("mocks", name), None
        for answer, _ in _find_maps(case.tree, ("mocks", name)):
            yield name, entry.key, ("mocks", name), (*answer, "when")
    for path, expectation in case.expectations():
        if tool := find_text(expectation, "calls", "tool"):
            yield str(tool.value), tool.span, (*path, "calls", "tool"), (*path, "calls", "with")
    for path, step in case.steps():
        if call := find_text(step, "call"):
            yield str(call.value), call.span, (*path, "call"), (*path, "with")
    for path, fault in _find_maps(case.tree, ("faults",)):
        if tool := find_text(fault, "tool"):
            yield str(tool.value), tool.span, (*path, "tool"), None


def _agent_tools(agent: AgentCase) -> dict[str, YamlMap | None]:
    """Return the agent's tools by name; None for handoffs, which take no arguments that are known here."""
    tools: dict[str, YamlMap | None] = {}
    for _, tool in agent.tools():
        if (name := read_tool_name(tool)) is not None:
            tools[name] = tool
    for handoff in agent.net.handoffs.get(agent.file, ()):
        if handoff.target in agent.net.agents:
            tools[handoff_name(agent.net.agents[handoff.target], handoff.target)] = None
    return tools


def check_tools(case: ScenarioCase) -> Iterator[Diagnostic]:
    """Tools that are mocked, expected, scripted or made to fail are tools of the agent."""
    if case.agent is None:
        return
    tools = _agent_tools(case.agent)
    labels = [find_text(server, "label") for _, server in _find_maps(case.agent.tree, ("mcp_servers",))]
    for name, span, path, arguments in _named_tools(case):
        from_server = any(label is not None and name.startswith(str(label.value)) for label in labels)
        if name in tools:
            yield from _check_arguments(case, name, tools[name], arguments)
        elif not from_server and not (arguments and path[0] == "mocks"):
            hint = suggest(name, tools) or "the agent has no tools"
            yield diagnose("AR602", f"the agent has no tool `{name}`", span, hint=hint, path=path)


def _check_arguments(
    case: ScenarioCase, name: str, tool: YamlMap | None, path: Path | None
) -> Iterator[Diagnostic]:
    given = find_map(case.tree, *path) if path else None
    known = _argument_names(case, tool) if tool is not None else None
    if given is None or known is None or path is None:
        return
    for key, entry in given.entries.items():
        if key not in known:
            hint = suggest(key, known) or "it takes no arguments"
            yield diagnose("AR603", f"`{name}` takes no `{key}`", entry.key, hint=hint, path=(*path, key))


def _argument_names(case: ScenarioCase, tool: YamlMap) -> list[str] | None:
    """Return the arguments of a tool: declared, or of its Python function; None if they are not known."""
    declared = find_map(tool, "parameters", "properties")
    if declared is not None or "parameters" in tool.entries:
        return list(declared.entries) if declared else None
    target = find_text(tool, "python")
    if target is None:
        builtin = find_text(tool, "builtin") or find_text(tool, "builtin", "name")
        return _ARGUMENTS_OF_BUILTINS.get(str(builtin.value)) if builtin else []
    from agentrun.config.checks.python_tools import read_arguments

    assert case.agent is not None
    return read_arguments(case.agent.root, str(target.value))


# Those of builtin tools that work today.
_ARGUMENTS_OF_BUILTINS = {"hang_up": ["reason"]}


def check_variables_of_call(case: ScenarioCase) -> Iterator[Diagnostic]:
    """The variables fit the agent: all that it needs, and none that it does not know."""
    if case.agent is None:
        return
    declared, given = case.agent.variables(), find_map(case.tree, "variables")
    for name, entry in given.entries.items() if given else ():
        if name not in declared:
            hint = suggest(name, declared) or "it declares none"
            message = f"the agent has no variable `{name}`"
            yield diagnose("AR606", message, entry.key, hint=hint, path=("variables", name))
    for name, rule in declared.items():
        needed = find_node(rule, ("required",))
        if (
            isinstance(needed, YamlScalar)
            and needed.value is True
            and (given is None or name not in given.entries)
        ):
            place = case.tree.entries.get("variables") or case.tree.entries.get("agent")
            if place is not None:
                notes = [Remark("the agent requires it here", needed.span)]
                message, hint = (
                    f"the agent needs the variable `{name}`",
                    f"add it: `variables: {{{name}: …}}`",
                )
                yield diagnose("AR606", message, place.key, hint=hint, path=("variables",), notes=notes)


def check_names_in_expectations(case: ScenarioCase) -> Iterator[Diagnostic]:
    """Guardrails, handoffs and variables that are expected exist."""
    if case.agent is None:
        return
    agent = case.agent
    guardrails = [
        str(name.value) for _, g in _find_maps(agent.tree, ("guardrails",)) if (name := find_text(g, "name"))
    ]
    targets = [n.removeprefix("handoff_to_") for n, tool in _agent_tools(agent).items() if tool is None]
    for path, expectation in case.expectations():
        for kind, key, known in (("guardrail", "name", guardrails), ("handoff", "to", targets)):
            name = find_text(expectation, kind, key)
            if name is not None and name.value not in known:
                hint = suggest(str(name.value), known) or f"the agent has no {kind}s with names"
                message = f"the agent has no {kind} `{name.value}`"
                yield diagnose("AR605", message, name.span, hint=hint, path=(*path, kind, key))
        expected = find_map(expectation, "variables")
        for name_, entry in expected.entries.items() if expected else ():
            if name_ not in agent.variables():
                hint = suggest(name_, agent.variables()) or "it declares none"
                message = f"the agent has no variable `{name_}`"
                yield diagnose("AR605", message, entry.key, hint=hint, path=(*path, "variables", name_))


def check_matches(case: ScenarioCase) -> Iterator[Diagnostic]:
    """Regular expressions are valid and quick."""
    for path, scalar in walk_scalars(case.tree):
        inside = "expect" in path[:-1] and path[-1] in ("matches", "not_matches")
        if inside and isinstance(scalar.value, str):
            yield from check_expression(scalar, path)


def check_references(case: ScenarioCase) -> Iterator[Diagnostic]:
    """Nothing is meant to come from the environment: a rehearsal is the same on every machine."""
    for path, scalar in walk_scalars(case.tree):
        if isinstance(scalar.value, str) and (found := _REFERENCE.search(scalar.value)):
            message = f"`{found[0]}` stays as it stands: scenarios take nothing from the environment"
            hint = "write the value itself; what is secret belongs into the agent's file"
            yield diagnose("AR102", message, scalar.span, hint=hint, path=path, severity="warning")


def check_order(case: ScenarioCase) -> Iterator[Diagnostic]:
    """Nothing happens after the caller has hung up."""
    turns = list(case.turns())
    for (_, turn), (path, after) in pairwise(turns):
        if "hang_up" in turn.entries and any(kind in after.entries for kind in _TURN_KINDS):
            notes = [Remark("the caller hangs up here", turn.entries["hang_up"].key)]
            span = find_key(case.tree, path)
            message, hint = "this turn never happens", "move `hang_up` to the end"
            yield diagnose("AR607", message, span, hint=hint, path=path, notes=notes)
            return


def check_mocks(case: ScenarioCase) -> Iterator[Diagnostic]:
    """No answer stands behind one that fits every call."""
    mocks = find_map(case.tree, "mocks")
    for name in mocks.entries if mocks else ():
        answers = list(_find_maps(case.tree, ("mocks", name)))
        for (_, mock), (path, after) in pairwise(answers):
            if not _is_limited(mock):
                notes = [
                    Remark("this one fits every call", find_key(case.tree, (*path[:-1], int(path[-1]) - 1)))
                ]
                hint = "put the answer without `when` last"
                message = f"this answer of `{name}` is never given"
                span = next(iter(after.entries.values())).key if after.entries else after.span
                yield diagnose("AR608", message, span, hint=hint, path=path, notes=notes)
                break


def _is_limited(mock: YamlMap) -> bool:
    when = find_map(mock, "when")
    return when is not None and bool(when.entries)


def check_repeats(case: ScenarioCase) -> Iterator[Diagnostic]:
    """Not more runs must pass than there are."""
    least, runs = find_node(case.tree, ("pass_at_least",)), find_node(case.tree, ("repeat",))
    most = runs.value if isinstance(runs, YamlScalar) and isinstance(runs.value, int) else 1
    if isinstance(least, YamlScalar) and isinstance(least.value, int) and least.value > most:
        notes = [Remark("`repeat` is here", runs.span)] if runs is not None else []
        message = f"{least.value} runs must pass, and there {'is' if most == 1 else 'are'} only {most}"
        hint = f"add `repeat: {least.value}` or more"
        yield diagnose("AR609", message, least.span, hint=hint, path=("pass_at_least",), notes=notes)


def check_images(case: ScenarioCase) -> Iterator[Diagnostic]:
    """Images that are files exist."""
    for path, turn in case.turns():
        image = find_text(turn, "image")
        if image is None or str(image.value).startswith(("data:", "https://", "http://")):
            continue
        if not os.path.isfile(os.path.join(os.path.dirname(case.file), str(image.value))):
            message, hint = f"there is no file `{image.value}`", "the path is relative to this file"
            yield diagnose("AR001", message, image.span, hint=hint, path=(*path, "image"))


SCENARIO_CHECKS: tuple[ScenarioCheck, ...] = (
    check_agent,
    check_expectations,
    check_tools,
    check_variables_of_call,
    check_names_in_expectations,
    check_matches,
    check_references,
    check_order,
    check_mocks,
    check_repeats,
    check_images,
)
