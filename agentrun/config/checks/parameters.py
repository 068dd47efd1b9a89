"""Check of `parameters`: is it a JSON Schema that a model can follow?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from agentrun.config.checks.case import AgentCase
from agentrun.config.checks.usability import check_usability
from agentrun.config.nodes import Path, YamlMap, YamlScalar, find_key, find_node, to_json
from agentrun.config.suggest import find_near
from agentrun.diagnostics import Diagnostic, Span, diagnose
from agentrun.wire.json import JsonValue

if TYPE_CHECKING:
    from jsonschema.exceptions import SchemaError

_TYPES = ("string", "number", "integer", "boolean", "object", "array", "null")
_KEYWORD_LIST = """
type title description default examples example enum const format pattern minLength maxLength
minimum maximum exclusiveMinimum exclusiveMaximum multipleOf properties required
additionalProperties patternProperties propertyNames minProperties maxProperties items prefixItems
contains minContains maxContains minItems maxItems uniqueItems anyOf oneOf allOf not if then else
dependentRequired dependentSchemas unevaluatedProperties unevaluatedItems contentEncoding
contentMediaType deprecated readOnly writeOnly nullable strict $ref $defs $schema $id $comment
definitions
"""
_KEYWORDS = _KEYWORD_LIST.split()
_SCHEMAS_BY_NAME = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_SCHEMAS = ("items", "additionalProperties", "contains", "not", "if", "then", "else", "propertyNames")


def check_parameters(case: AgentCase) -> Iterator[Diagnostic]:
    """`parameters` is a valid JSON Schema of an object."""
    for path, tool in case.tools():
        node = find_node(tool, ("parameters",))
        if isinstance(node, YamlMap):
            place = (*path, "parameters")
            findings = _check_schema(case, node, place) or list(_check_outline(case, node, place))
            yield from findings or check_usability(case, node, place)


def _check_schema(case: AgentCase, node: YamlMap, path: Path) -> list[Diagnostic]:
    if node.entries and not any(key in _KEYWORDS for key in node.entries):
        # The names of the arguments alone; as keywords they would only be guessed at.
        return list(_check_outline(case, node, path))
    findings = list(_check_keywords(case, node, path))
    if findings:
        return findings
    schema = to_json(node, reveal=True)
    if _is_plain(schema):
        return []
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return [_explain(case, error, (*path, *error.absolute_path))]
    return []


# What nearly every schema of a tool is made of. Others are left to the library, which takes long to import.
_PLAIN: Mapping[str, Callable[[JsonValue], bool]] = {
    "type": lambda value: value in _TYPES,
    "description": lambda value: isinstance(value, str),
    "title": lambda value: isinstance(value, str),
    "default": lambda value: True,
    "enum": lambda value: isinstance(value, list),
    "additionalProperties": lambda value: isinstance(value, bool) or _is_plain(value),
    "required": lambda value: (
        isinstance(value, list)
        and all(isinstance(name, str) for name in value)
        and len(set(value)) == len(value)
    ),
    "properties": lambda value: isinstance(value, dict) and all(map(_is_plain, value.values())),
    "items": lambda value: isinstance(value, dict) and _is_plain(value),
    "minimum": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "maximum": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}


def _is_plain(schema: JsonValue) -> bool:
    """Return whether a schema is valid at first sight; False says nothing."""
    if not isinstance(schema, dict):
        return False
    return all(key in _PLAIN and _PLAIN[key](value) for key, value in schema.items())


def _explain(case: AgentCase, error: SchemaError, path: Path) -> Diagnostic:
    key = next((str(part) for part in reversed(path) if isinstance(part, str)), "parameters")
    node = find_node(case.tree, path)
    span = node.span if isinstance(node, YamlScalar) else find_key(case.tree, path)
    if key == "type" and isinstance(error.instance, str):
        near = find_near(error.instance, _TYPES, 0.4)
        guess = {"text": "string", "str": "string", "int": "integer", "float": "number", "bool": "boolean"}
        best = guess.get(error.instance) or (near[0] if near else None)
        hint = f"did you mean `{best}`?" if best else f"types are {', '.join(f'`{t}`' for t in _TYPES)}"
        return _report(f"`{error.instance}` is no type of JSON Schema", span, hint, path)
    if isinstance(error.instance, str) and error.instance in _TYPES:
        hint = f"write `{{type: {error.instance}}}`"
    else:
        hint = _SCHEMA_HINTS.get(key, "see https://json-schema.org/understanding-json-schema/reference")
    return _report(f"the value of `{key}` is not valid in a JSON Schema", span, hint, path)


_SCHEMA_HINTS = {
    "required": "write a list of names beside `properties`: `required: [order_id]`",
    "properties": "write a mapping of names to schemas: `order_id: {type: string}`",
    "enum": "write a list: `[small, large]`",
}


def _check_keywords(case: AgentCase, node: YamlMap, path: Path) -> Iterator[Diagnostic]:
    """Find slips such as `tpye`, which JSON Schema itself allows."""
    for key, entry in node.entries.items():
        place = (*path, key)
        if key in _SCHEMAS_BY_NAME and isinstance(entry.node, YamlMap):
            for name, sub in entry.node.entries.items():
                if isinstance(sub.node, YamlMap):
                    yield from _check_keywords(case, sub.node, (*place, name))
        elif key in _SCHEMAS and isinstance(entry.node, YamlMap):
            yield from _check_keywords(case, entry.node, place)
        elif key not in _KEYWORDS:
            near = find_near(key, _KEYWORDS, 0.7)
            if near:
                message = f"`{key}` is no keyword of JSON Schema"
                yield _report(message, entry.key, f"did you mean `{near[0]}`?", place)


def _check_outline(case: AgentCase, node: YamlMap, path: Path) -> Iterator[Diagnostic]:
    kind = find_node(node, ("type",))
    if not isinstance(kind, YamlScalar) or kind.value != "object":
        span = kind.span if isinstance(kind, YamlScalar) else find_key(case.tree, path)
        given = ", ".join(f"{name}: {{…}}" for name in node.entries if name not in _KEYWORDS)
        hint = f"write `type: object` and `properties: {{{given}}}`" if given else "write `type: object`"
        yield _report("`parameters` must be the schema of an object", span, hint, path)
        return
    declared = find_node(node, ("properties",))
    names = declared.entries if isinstance(declared, YamlMap) else {}
    required = find_node(node, ("required",))
    for index, item in enumerate(getattr(required, "items", ())):
        if isinstance(item, YamlScalar) and item.value not in names:
            near = find_near(str(item.value), list(names))
            hint = f"did you mean `{near[0]}`?" if near else "add it to `properties`"
            message = f"`required` names `{item.value}`, which is not in `properties`"
            yield _report(message, item.span, hint, (*path, "required", index))


def _report(message: str, span: Span, hint: str, path: Path) -> Diagnostic:
    return diagnose("AR403", message, span, hint=hint, path=path)
