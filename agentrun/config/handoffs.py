"""Who hands over to whom: the agent files that can be reached from one agent through `handoffs`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from agentrun.config.includes import IncludeReader
from agentrun.config.nodes import YamlMap, YamlScalar, find_list, find_text
from agentrun.config.source import SourceError, Sources
from agentrun.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class Handoff:
    """One entry of `handoffs`.

    Attributes:
        index: its place in the list.
        to: the value that names the other file.
        target: shown path of that file, or empty if it leaves the project.
        problem: why no agent can be read there, or None.

    """

    index: int
    to: YamlScalar
    target: str
    problem: Diagnostic | None


@dataclass(frozen=True, slots=True)
class HandoffNet:
    """Agents by shown path, the first one included.

    Attributes:
        handoffs: those of each agent.
        texts: the files that were read.

    """

    agents: Mapping[str, YamlMap] = field(default_factory=dict)
    handoffs: Mapping[str, tuple[Handoff, ...]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)

    def find_circle(self, start: str) -> frozenset[str]:
        """Return the agents on a way from `start` back to it; empty without one."""
        ahead = self._reach(start)
        return (
            frozenset(agent for agent in ahead if start in self._reach(agent))
            if start in ahead
            else frozenset()
        )

    def _reach(self, start: str) -> set[str]:
        reached: set[str] = set()
        todo = [start]
        while todo:
            for handoff in self.handoffs.get(todo.pop(), ()):
                if handoff.target in self.agents and handoff.target not in reached:
                    reached.add(handoff.target)
                    todo.append(handoff.target)
        return reached


def read_handoffs(shown: str, tree: YamlMap, root: FilePath) -> HandoffNet:
    """Read every agent that can take over, directly or by a further handoff.

    What is wrong inside the other files is not reported here: each is checked as a file of its own.
    """
    sources = Sources(root)
    agents, handoffs = {shown: tree}, {}
    todo = [shown] if "handoffs" in tree.entries else []
    while todo:
        name = todo.pop()
        handoffs[name] = tuple(_read_targets(agents[name], sources, agents, todo))
    return HandoffNet(agents, handoffs, sources.texts)


def _read_targets(
    tree: YamlMap, sources: Sources, agents: dict[str, YamlMap], todo: list[str]
) -> Iterator[Handoff]:
    entries = find_list(tree, "handoffs")
    for index, entry in enumerate(entries.items if entries else ()):
        to = find_text(entry, "to")
        if to is None:
            continue
        target, problem = "", None
        try:
            target = sources.resolve(str(to.value), to.via or to.span)
            if target not in agents:
                sources.read(target, to.span)
                agent = IncludeReader(sources).read_agent(target, to.span)
                if agent is not None:
                    agents[target] = agent
                    todo.append(target)
        except SourceError as error:
            problem = error.finding
        yield Handoff(index, to, target, problem)
