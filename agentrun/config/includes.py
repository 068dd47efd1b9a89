"""`extends` and `use`: from several files to one tree. Spans keep naming the file that a value came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from agentrun.config.nodes import (
    Path,
    YamlList,
    YamlMap,
    YamlNode,
    YamlScalar,
    find_text,
    first_place,
)
from agentrun.config.source import SourceError, Sources
from agentrun.config.yamlfile import parse_yaml
from agentrun.diagnostics import Diagnostic, Span, diagnose


class IncludeReader:
    """Reads one agent with all that it includes.

    Attributes:
        findings: what is wrong with the files so far.
        included: shown paths of the files that others named.
        incomplete: whether one of them could not be read.

    """

    def __init__(self, sources: Sources) -> None:
        self.findings: list[Diagnostic] = []
        self.included: set[str] = set()
        self.incomplete = False
        self._sources = sources
        self._open: list[str] = []

    def read_agent(self, shown: str, near: Span | None = None, path: Path = ()) -> YamlMap | None:
        """Return the tree of an agent file, `extends` merged and `use` spliced in, or None without one."""
        node = self._read(shown, near, path)
        if node is None:
            return None
        if not isinstance(node, YamlMap):
            hint = "an agent file is a mapping that starts with `version: 1`"
            self._report("AR013", "this file is not a mapping", first_place(node), hint)
            return None
        self._open.append(shown)
        try:
            return self._extend(self._splice_tools(node))
        finally:
            self._open.pop()

    def read_tools(self, shown: str, near: Span | None = None, path: Path = ()) -> YamlList:
        """Return the list of tools in a file, with its own `use` spliced in."""
        node = self._read(shown, near, path)
        if node is not None and not isinstance(node, YamlList):
            hint = "a file named by `use` is a list whose items are tools"
            self._report("AR013", "this file is not a list of tools", first_place(node), hint)
            node = None
        if node is None:
            self.incomplete = True
            return YamlList((), Span(shown, 1, 1, 1, 2))
        self._open.append(shown)
        try:
            return _join_list(node, self._splice(node, ()))
        finally:
            self._open.pop()

    def _read(self, shown: str, near: Span | None, path: Path) -> YamlNode | None:
        try:
            text = self._sources.read(shown, near)
        except SourceError as error:
            here = error.finding.span == near
            self.findings.append(replace(error.finding, path=path if here else ()))
            return None
        node, findings = parse_yaml(text, shown)
        self.findings += findings
        if node is None and not findings:
            self._report("AR013", "this file is empty", Span(shown, 1, 1, 1, 2))
        return node

    def _resolve(self, name: YamlScalar, path: Path) -> str | None:
        try:
            shown = self._sources.resolve(str(name.value), name.span)
        except SourceError as error:
            self.findings.append(replace(error.finding, path=path))
            return None
        if shown in self._open:
            way = " → ".join([*self._open[self._open.index(shown) :], shown])
            self._report("AR121", f"the files include each other: {way}", name.span, path=path)
            return None
        self.included.add(shown)
        return shown

    def _extend(self, node: YamlMap) -> YamlMap:
        name = find_text(node, "extends")
        if name is None:
            return node
        own = YamlMap({k: e for k, e in node.entries.items() if k != "extends"}, node.span)
        shown = self._resolve(name, ("extends",))
        base = self.read_agent(shown, name.span, ("extends",)) if shown else None
        self.incomplete |= base is None
        return merge_maps(base or YamlMap({}, node.span), own)

    def _splice_tools(self, node: YamlMap) -> YamlMap:
        entry = node.entries.get("tools")
        if entry is None or not isinstance(entry.node, YamlList):
            return node
        tools = _join_list(entry.node, self._splice(entry.node, ("tools",)))
        return YamlMap({**node.entries, "tools": replace(entry, node=tools)}, node.span)

    def _splice(self, tools: YamlList, path: Path) -> Iterator[tuple[Path, YamlNode]]:
        """Yield each tool with its path in the file where it stands."""
        for index, item in enumerate(tools.items):
            name = find_text(item, "use")
            if name is None or not isinstance(item, YamlMap):
                yield (*path, index), item
                continue
            for key, entry in item.entries.items():
                if key != "use":
                    self._report(
                        "AR201", f"`{key}` cannot stand beside `use`", entry.key, path=(*path, index, key)
                    )
            place = (*path, index, "use")
            shown = self._resolve(name, place)
            if shown:
                found = self.read_tools(shown, name.span, place)
                yield from zip(found.homes, found.items, strict=True)

    def _report(self, code: str, message: str, span: Span, hint: str = "", path: Path = ()) -> None:
        self.findings.append(diagnose(code, message, span, hint=hint, path=path))


def _join_list(written: YamlList, found: Iterator[tuple[Path, YamlNode]]) -> YamlList:
    pairs = list(found)
    return replace(written, items=tuple(item for _, item in pairs), homes=tuple(home for home, _ in pairs))


def merge_maps(base: YamlMap, own: YamlMap) -> YamlMap:
    """Lay `own` over `base`: mappings merge, everything else replaces, and `null` removes the key."""
    entries = dict(base.entries)
    for key, entry in own.entries.items():
        below = entries.get(key)
        if isinstance(entry.node, YamlScalar) and entry.node.value is None and not entry.node.unset:
            entries.pop(key, None)
        elif isinstance(entry.node, YamlMap):
            under = below.node if below and isinstance(below.node, YamlMap) else YamlMap({}, entry.node.span)
            entries[key] = replace(entry, node=merge_maps(under, entry.node))
        else:
            entries[key] = entry
    return replace(own, entries=entries)
