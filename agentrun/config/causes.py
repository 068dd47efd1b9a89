"""One cause, one message: where the form of a value is wrong already, its meaning is not questioned.

A misspelt `variables` is reported once, and not again for every name that is not found for that reason.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from agentrun.config.nodes import Path
from agentrun.config.suggest import find_near
from agentrun.diagnostics import Diagnostic

# What is found only because something is missing, by code; and the keys under which that would have stood.
CONSEQUENCES: Mapping[str, Collection[str]] = {
    "AR104": ("variables", "parameters"),
    "AR105": ("variables", "tools", "greeting", "instructions", "handoffs", "guardrails", "no_input"),
    "AR308": ("tools",),
    "AR309": ("base_url",),
    "AR408": ("timeout", "after"),
    "AR409": ("idempotency", "effect", "method"),
    "AR411": ("description",),
    "AR414": ("placeholder", "deliver"),
    "AR415": ("key", "parameters"),
    "AR604": ("expect", "turns"),
    "AR606": ("variables",),
}
_HOMES = tuple(dict.fromkeys(home for homes in CONSEQUENCES.values() for home in homes))
ABSENCES = frozenset({"AR104", "AR105", "AR203", "AR308"})
"""Codes that say nothing while a part of the agent cannot be read: what is missing may stand there."""


def drop_consequences(form: Collection[Diagnostic], meaning: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield the findings about meaning that are more than an echo of those about form."""
    spans, paths = {finding.span for finding in form}, {finding.path for finding in form if finding.path}
    touched = [(finding.path, _touched_keys(finding)) for finding in form]
    for finding in meaning:
        homes = CONSEQUENCES.get(finding.code, ())
        echoes = finding.span in spans or (finding.severity == "note" and finding.path in paths)
        if not echoes and not any(
            not keys.isdisjoint(homes) and _is_near(finding.path, path) for path, keys in touched
        ):
            yield finding


def _is_near(one: Path, other: Path) -> bool:
    """Return whether two places can have to do with each other: two items of one list have not."""
    return one[:1] != other[:1] or len(one) < 2 or len(other) < 2 or one[1] == other[1]


def _touched_keys(finding: Diagnostic) -> frozenset[str]:
    """Return the keys above a fault, and the one that was probably meant where a key is unknown."""
    keys = [part for part in finding.path if isinstance(part, str)]
    if finding.code == "AR201" and keys:
        keys += find_near(keys.pop(), _HOMES)
    return frozenset(keys)
