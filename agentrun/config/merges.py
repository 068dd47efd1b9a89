"""`<<`: mappings that are merged into the one where the key stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from agentrun.config.nodes import YamlEntry, YamlList, YamlMap, YamlNode, YamlScalar
from agentrun.diagnostics import Diagnostic, Remark, diagnose


def merge_sources(
    values: Iterable[YamlNode], own: frozenset[str]
) -> tuple[dict[str, YamlEntry], list[Diagnostic]]:
    """Join the mappings that `<<` names.

    Args:
        values: what stands after each `<<`: a mapping, or a list of mappings.
        own: keys that stand beside `<<`; they win, so they cannot conflict.

    Returns:
        The entries, and what is wrong: a value that is no mapping, or two mappings that disagree.

    """
    merged: dict[str, YamlEntry] = {}
    findings: list[Diagnostic] = []
    for source in _flatten(values):
        if not isinstance(source, YamlMap):
            message = "`<<` needs a mapping, or a list of mappings"
            findings.append(diagnose("AR012", message, source.span))
            continue
        for key, entry in source.entries.items():
            earlier = merged.setdefault(key, replace(entry, via=source.via or source.span))
            if key not in own and not same_value(earlier.node, entry.node):
                findings.append(_report_conflict(key, earlier, entry))
    return merged, findings


def _flatten(values: Iterable[YamlNode]) -> Iterator[YamlNode]:
    for value in values:
        if isinstance(value, YamlList):
            yield from value.items
        else:
            yield value


def _report_conflict(key: str, earlier: YamlEntry, entry: YamlEntry) -> Diagnostic:
    message = f"the merged mappings disagree about `{key}`"
    notes = [Remark("the other value is here", earlier.key)]
    hint = f"give `{key}` beside `<<`, which always wins"
    return diagnose("AR012", message, entry.key, notes=notes, hint=hint)


def same_value(one: YamlNode, other: YamlNode) -> bool:
    """Return whether two nodes mean the same, wherever they stand."""
    match one, other:
        case YamlScalar(), YamlScalar():
            return type(one.value) is type(other.value) and one.value == other.value
        case YamlList(), YamlList():
            pairs = zip(one.items, other.items, strict=False)
            return len(one.items) == len(other.items) and all(same_value(a, b) for a, b in pairs)
        case YamlMap(), YamlMap():
            return one.entries.keys() == other.entries.keys() and all(
                same_value(entry.node, other.entries[key].node) for key, entry in one.entries.items()
            )
    return False
