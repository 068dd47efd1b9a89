"""Checks the keys and values of a tree against the schema.

A file without a fault is recognised by one predicate; nothing else is imported for it. For all others the
schema library finds the faults, and `shape` says in our words what they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Literal

from agentrun.config.fit import Fits, make_predicate
from agentrun.config.nodes import Path, YamlNode, YamlScalar, find_node, to_json
from agentrun.diagnostics import Diagnostic
from agentrun.wire.json import JsonObject

if TYPE_CHECKING:
    from jsonschema import Draft7Validator
    from jsonschema.exceptions import ValidationError

Kind = Literal["agent", "scenario"]


@cache
def _schema(kind: Kind) -> JsonObject:
    if kind == "agent":
        from agentrun.config.schema.agent import build_agent_schema

        return build_agent_schema()
    from agentrun.config.schema.scenario import build_scenario_schema

    return build_scenario_schema()


@cache
def _predicate(kind: Kind) -> Fits:
    return make_predicate(_schema(kind))


@cache
def _validator(kind: Kind) -> Draft7Validator:
    # Only here: importing the library takes longer than checking a good file.
    from jsonschema import Draft7Validator

    return Draft7Validator(_schema(kind))


class ShapeChecker:
    """Checks one tree.

    Attributes:
        findings: what is wrong.
        blocked: places whose value depends on an environment variable that is not set, and whose form could
            not be checked for that reason.

    """

    def __init__(self, root: YamlNode, kind: Kind = "agent") -> None:
        self.findings: list[Diagnostic] = []
        self.blocked: list[YamlScalar] = []
        self._root = root
        self._kind: Kind = kind

    def check(self) -> None:
        """Fill `findings` and `blocked`."""
        data = to_json(self._root, reveal=True)
        if _predicate(self._kind)(data):
            return
        for error in _validator(self._kind).iter_errors(data):
            self._explain(error, tuple(error.absolute_path))

    def _explain(self, error: ValidationError, path: Path) -> None:
        node = find_node(self._root, path)
        if node is None:
            return
        if isinstance(node, YamlScalar) and node.unset:
            self.blocked.append(node)
            return
        if not _follows_from_type(error):
            from agentrun.config.shape import explain  # many words, and most files have no fault

            self.findings += explain(
                str(error.validator), self._root, path, node, error.schema, error.validator_value
            )


def _follows_from_type(error: ValidationError) -> bool:
    """Return whether the type is wrong already, so that this error would say the same thing again."""
    if error.validator == "type" or not isinstance(error.schema, Mapping):
        return False
    if error.validator == "oneOf":
        return not isinstance(error.instance, dict)
    if error.validator == "enum" and "type" in error.schema:
        return not make_predicate({"type": error.schema["type"]})(error.instance)
    return False
