"""Checks of handoffs, which need the files of the other agents."""

from __future__ import annotations

from collections.abc import Iterator

from agentrun.config.checks.case import AgentCase
from agentrun.config.nodes import YamlMap, YamlScalar, find_list, find_text
from agentrun.diagnostics import Diagnostic, Remark, diagnose

_ENDINGS = ("hang_up", "transfer")


def check_handoff_targets(case: AgentCase) -> Iterator[Diagnostic]:
    """Each handoff leads to an agent file."""
    for handoff in case.net.handoffs.get(case.file, ()):
        path = ("handoffs", handoff.index, "to")
        if handoff.problem is not None:
            hint = handoff.problem.hint or "the path is relative to this file"
            message = f"this handoff leads nowhere: {handoff.problem.message}"
            yield diagnose("AR501", message, handoff.to.span, hint=hint, path=path)
        elif handoff.target not in case.net.agents:
            message = f"this handoff leads nowhere: `{handoff.target}` is no agent file"
            yield diagnose("AR501", message, handoff.to.span, hint="run `agentrun validate` on it", path=path)


def check_handoff_circles(case: AgentCase) -> Iterator[Diagnostic]:
    """A circle of handoffs has an agent that can end the call, or one that leads out of it."""
    circle = case.net.find_circle(case.file)
    if not circle or any(_ends(case.net.agents[agent]) for agent in circle):
        return
    handoffs = [handoff for agent in circle for handoff in case.net.handoffs.get(agent, ())]
    if any(handoff.target not in circle for handoff in handoffs):
        return
    first = next(h for h in case.net.handoffs[case.file] if h.target in circle)
    names = ", ".join(f"`{agent}`" for agent in sorted(circle - {case.file}))
    message = (
        f"this handoff goes round in a circle with {names}" if names else "an agent hands over to itself"
    )
    hint = "give one of them `builtin: hang_up`, `builtin: transfer` or a handoff that leads out"
    path = ("handoffs", first.index, "to")
    yield diagnose(
        "AR502", f"{message}, and none of them can end the call", first.to.span, hint=hint, path=path
    )


def _ends(agent: YamlMap) -> bool:
    tools = find_list(agent, "tools")
    names = [
        find_text(tool, "builtin") or find_text(tool, "builtin", "name")
        for tool in (tools.items if tools else ())
    ]
    return any(name is not None and name.value in _ENDINGS for name in names)


def check_handoff_voices(case: AgentCase) -> Iterator[Diagnostic]:
    """The other agent has the same voice."""
    own = _find_voice(case.tree)
    for handoff in case.net.handoffs.get(case.file, ()):
        other = _find_voice(case.net.agents.get(handoff.target, YamlMap({}, case.tree.span)))
        if own is not None and other is not None and own.value != other.value:
            message = f"the voice cannot change from `{own.value}` to `{other.value}` in the middle of a call"
            notes = [
                Remark("the voice of this agent", own.span),
                Remark("the voice of the other", other.span),
            ]
            hint = "after the first sound the session keeps its voice; give both agents the same one"
            path = ("handoffs", handoff.index, "to")
            yield diagnose("AR503", message, handoff.to.span, hint=hint, path=path, notes=notes)


def _find_voice(agent: YamlMap) -> YamlScalar | None:
    return find_text(agent, "voice") or find_text(agent, "voice", "name") or find_text(agent, "voice", "id")
