"""Check of `parameters` that are a valid JSON Schema, and still of no use to a model."""

from __future__ import annotations

from collections.abc import Iterator

from agentrun.config.checks.case import AgentCase
from agentrun.config.nodes import (
    Path,
    YamlList,
    YamlMap,
    YamlNode,
    YamlScalar,
    find_key,
    find_node,
    find_text,
)
from agentrun.diagnostics import Diagnostic, Remark, diagnose

_BOUNDS = (
    ("minimum", "maximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
)
_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
_SELF_EXPLAINING = ("description", "title", "enum", "const", "$ref", "anyOf", "oneOf", "allOf")


def check_usability(case: AgentCase, schema: YamlMap, path: Path) -> Iterator[Diagnostic]:
    """Some value satisfies each schema, and each argument is described."""
    yield from _check_bounds(schema, path)
    yield from _check_choices(schema, path)
    properties = find_node(schema, ("properties",))
    for name, entry in properties.entries.items() if isinstance(properties, YamlMap) else ():
        place = (*path, "properties", name)
        if not isinstance(entry.node, YamlMap):
            continue
        if not any(key in entry.node.entries for key in _SELF_EXPLAINING):
            message = f"the argument `{name}` has no `description`"
            hint = "the model fills it in by its description: say what it is and how it is written"
            yield diagnose("AR413", message, find_key(case.tree, place), hint=hint, path=place)
        yield from check_usability(case, entry.node, place)
    items = find_node(schema, ("items",))
    if isinstance(items, YamlMap):
        yield from check_usability(case, items, (*path, "items"))


def _check_bounds(schema: YamlMap, path: Path) -> Iterator[Diagnostic]:
    for least, most in _BOUNDS:
        low, high = _number(schema, least), _number(schema, most)
        if low is not None and high is not None and low[0] > high[0]:
            message = f"no value fits: `{least}` is larger than `{most}`"
            notes = [Remark(f"`{most}` is here", high[1].span)]
            yield diagnose("AR412", message, low[1].span, path=(*path, least), notes=notes)


def _number(schema: YamlMap, key: str) -> tuple[float, YamlScalar] | None:
    node = find_node(schema, (key,))
    if isinstance(node, YamlScalar) and isinstance(node.value, int | float):
        return node.value, node
    return None


def _check_choices(schema: YamlMap, path: Path) -> Iterator[Diagnostic]:
    choices, kind = find_node(schema, ("enum",)), find_text(schema, "type")
    if not isinstance(choices, YamlList):
        return
    if not choices.items:
        message = "no value fits: `enum` is empty"
        yield diagnose("AR412", message, schema.entries["enum"].key, path=(*path, "enum"))
    for index, item in enumerate(choices.items):
        if kind is not None and not _has_type(item, str(kind.value)):
            message = f"this choice can never be made: the type is `{kind.value}`"
            hint = "put it in quotes" if kind.value == "string" else ""
            notes = [Remark("the type is here", kind.span)]
            span = item.span
            yield diagnose("AR412", message, span, hint=hint, path=(*path, "enum", index), notes=notes)


def _has_type(node: YamlNode, kind: str) -> bool:
    if kind not in _PYTHON_TYPES or not isinstance(node, YamlScalar):
        return True
    is_flag = isinstance(node.value, bool)
    return isinstance(node.value, _PYTHON_TYPES[kind]) and is_flag == (kind == "boolean")
