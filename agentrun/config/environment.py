"""`${NAME}` in values: filled in from the environment, and secret unless the name is listed as public."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from operator import is_

from agentrun.config.nodes import Atom, Path, YamlList, YamlMap, YamlNode, YamlScalar, find_list
from agentrun.config.places import locate
from agentrun.config.scalars import resolve_plain
from agentrun.diagnostics import Diagnostic, Severity, diagnose
from agentrun.secret import Secret

_MOST_FINDINGS = 200  # of one agent; finding the place of each is a search
_REFERENCE = re.compile(r"\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?:(:-|:\?)([^}]*))?\}|([^}\n]{0,40}\}?))")


class EnvironmentFiller:
    """Fills in one tree.

    Attributes:
        findings: what is missing or malformed, with paths in the tree.

    """

    def __init__(
        self,
        environment: Mapping[str, str],
        texts: Mapping[str, str],
        *,
        required: bool,
        public: Collection[str] = (),
    ) -> None:
        self.findings: list[Diagnostic] = []
        self._environment = environment
        self._texts = texts
        self._severity: Severity = "error" if required else "note"
        self._public = frozenset(public)

    def fill(self, root: YamlMap) -> YamlMap:
        """Return the tree with every `${…}` replaced; parts without any are shared with the one given."""
        self._public |= read_public_names(root)
        filled = self._fill(root, ())
        assert isinstance(filled, YamlMap)
        return filled

    def _fill(self, node: YamlNode, path: Path) -> YamlNode:
        match node:
            case YamlMap():
                return self._fill_map(node, path)
            case YamlList():
                items = tuple(self._fill(item, (*path, at)) for at, item in enumerate(node.items))
                return node if all(map(is_, items, node.items)) else replace(node, items=items)
            case YamlScalar(value=str() as text) if "${" in text:
                return self._fill_scalar(node, text, path)
        return node

    def _fill_map(self, node: YamlMap, path: Path) -> YamlMap:
        changed = {
            key: replace(entry, node=filled)
            for key, entry in node.entries.items()
            if (filled := self._fill(entry.node, (*path, key))) is not entry.node
        }
        return replace(node, entries={**node.entries, **changed}) if changed else node

    def _fill_scalar(self, node: YamlScalar, text: str, path: Path) -> YamlScalar:
        unset: dict[str, None] = {}
        malformed: set[str] = set()
        secret = False

        def substitute(match: re.Match[str]) -> str:
            nonlocal secret
            if match[0] == "$${":
                return "${"
            if match[1] is None:
                if match[0] not in malformed:
                    self._report_malformed(node, match[0], path)
                malformed.add(match[0])
                return match[0]
            value = self._environment.get(match[1])
            if value:
                secret = secret or match[1] not in self._public
                return value
            if match[2] == ":-":
                return match[3]
            if value is None or match[2] == ":?":
                if match[1] not in unset:
                    self._report_unset(node, match, path)
                unset[match[1]] = None
            return ""

        filled = _REFERENCE.sub(substitute, text)
        if unset:
            return replace(node, unset=tuple(unset))
        return replace(node, value=_retype(filled, node, secret))

    def _report_unset(self, node: YamlScalar, match: re.Match[str], path: Path) -> None:
        if len(self.findings) >= _MOST_FINDINGS:
            return
        name, words = match[1], match[3] if match[2] == ":?" else ""
        message = f"the environment variable `{name}` is not set" + (f": {words}" if words else "")
        hint = f"set it, or put `{name}=…` into `.env` in the project root"
        span = locate(self._texts, node.span, match[0])
        self.findings.append(diagnose("AR101", message, span, hint=hint, path=path, severity=self._severity))

    def _report_malformed(self, node: YamlScalar, text: str, path: Path) -> None:
        if len(self.findings) >= _MOST_FINDINGS:
            return
        span = locate(self._texts, node.span, text)
        hint = "the forms are `${NAME}`, `${NAME:-default}` and `${NAME:?message}`; `$${` stands for itself"
        self.findings.append(
            diagnose("AR102", f"`{text}` is not a reference to a variable", span, hint=hint, path=path)
        )


def read_public_names(root: YamlMap) -> frozenset[str]:
    """Return the names under `public_env`."""
    names = find_list(root, "public_env")
    return frozenset(
        item.value
        for item in (names.items if names else ())
        if isinstance(item, YamlScalar) and isinstance(item.value, str)
    )


def _retype(filled: str, node: YamlScalar, secret: bool) -> Atom:
    """A public value without quotes may become a number or a boolean, as if it had been written there."""
    if secret:
        return Secret(filled)
    if not node.plain:
        return filled
    try:
        return resolve_plain(filled)
    except ValueError:
        return filled
