"""A quick yes: does a value fit one of our schemas?

Most files have no fault, and for them the schema library is most of the cost, to import and to run. This
module makes one predicate of a schema, once; the library is asked only where the answer is no, to find out
why. Only the keywords that our own schemas use are known here, and any other is refused when the predicate is
made. Both must agree on every value: a test compares them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from agentrun.wire.json import JsonObject, JsonValue

Fits: TypeAlias = Callable[[Any], bool]

_ANNOTATIONS = frozenset({"$schema", "$id", "title", "description", "examples", "default"})
_TYPES: Mapping[str, Fits] = {
    "string": lambda value: isinstance(value, str),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    # JSON knows one kind of number: 5.0 is an integer, too.
    "integer": lambda value: (
        not isinstance(value, bool)
        and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
    ),
}


def make_predicate(schema: JsonObject | bool) -> Fits:
    """Return a function that says whether a JSON value is valid under a draft-07 schema.

    Raises:
        ValueError: the schema has a keyword that is not known here.

    """
    if isinstance(schema, bool):
        return _fits_always if schema else lambda value: False
    rules: list[Fits] = []
    for keyword, argument in schema.items():
        if keyword in ("additionalProperties", "patternProperties", "then") or keyword in _ANNOTATIONS:
            continue  # the first two belong to `properties`, and `then` to `if`
        if keyword not in _RULES:
            raise ValueError(f"no rule for the keyword `{keyword}`")
        rules.append(_RULES[keyword](argument, schema))
    if "properties" not in schema and {"additionalProperties", "patternProperties"} & schema.keys():
        rules.append(_properties({}, schema))
    return _all_of(rules)


def _fits_always(value: Any) -> bool:
    return True


def _all_of(rules: list[Fits]) -> Fits:
    if len(rules) <= 1:
        return rules[0] if rules else _fits_always

    def fits(value: Any) -> bool:
        for rule in rules:  # noqa: SIM110  # `all` with a generator takes twice the time
            if not rule(value):
                return False
        return True

    return fits


def _type(argument: Any, _: JsonObject) -> Fits:
    if isinstance(argument, str):
        return _TYPES[argument]
    kinds = [_TYPES[name] for name in argument]
    return lambda value: any(kind(value) for kind in kinds)


def _same(one: JsonValue, other: JsonValue) -> bool:
    """Return whether two scalars are equal; unlike in Python, `true` is not 1."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _enum(argument: Any, _: JsonObject) -> Fits:
    texts = frozenset(choice for choice in argument if isinstance(choice, str))
    rest = [choice for choice in argument if not isinstance(choice, str)]
    return lambda value: (
        value in texts if isinstance(value, str) else any(_same(value, choice) for choice in rest)
    )


def _properties(argument: JsonObject, schema: JsonObject) -> Fits:
    known = {key: make_predicate(part) for key, part in argument.items()}
    patterns = [
        (re.compile(key), make_predicate(part)) for key, part in schema.get("patternProperties", {}).items()
    ]
    others = make_predicate(schema.get("additionalProperties", True))

    def find_rules(key: str) -> list[Fits]:
        matched = [rule for pattern, rule in patterns if pattern.search(key)]
        return [*matched, known[key]] if key in known else matched or [others]

    def fits(value: Any) -> bool:
        if not isinstance(value, dict):
            return True
        for key, item in value.items():
            if patterns:
                if not all(rule(item) for rule in find_rules(key)):
                    return False
            elif not known.get(key, others)(item):
                return False
        return True

    return fits


def _required(argument: Any, _: JsonObject) -> Fits:
    keys = frozenset(argument)
    return lambda value: not isinstance(value, dict) or keys <= value.keys()


def _items(argument: Any, _: JsonObject) -> Fits:
    rule = make_predicate(argument)
    return lambda value: not isinstance(value, list) or all(map(rule, value))


def _least(kind: type[str] | type[list[Any]] | type[dict[str, Any]]) -> Callable[[Any, JsonObject], Fits]:
    return lambda argument, _: lambda value: not isinstance(value, kind) or len(value) >= argument


def _minimum(argument: Any, _: JsonObject) -> Fits:
    return lambda value: not _TYPES["number"](value) or value >= argument


def _maximum(argument: Any, _: JsonObject) -> Fits:
    return lambda value: not _TYPES["number"](value) or value <= argument


def _pattern(argument: Any, _: JsonObject) -> Fits:
    search = re.compile(argument).search
    return lambda value: not isinstance(value, str) or search(value) is not None


def _one_of(argument: Any, _: JsonObject) -> Fits:
    branches = [make_predicate(part) for part in argument]
    return lambda value: sum(branch(value) for branch in branches) == 1


def _any_of(argument: Any, _: JsonObject) -> Fits:
    branches = [make_predicate(part) for part in argument]
    return lambda value: any(branch(value) for branch in branches)


def _not(argument: Any, _: JsonObject) -> Fits:
    rule = make_predicate(argument)
    return lambda value: not rule(value)


def _if(argument: Any, schema: JsonObject) -> Fits:
    condition, rule = make_predicate(argument), make_predicate(schema.get("then", True))
    return lambda value: not condition(value) or rule(value)


_RULES: Mapping[str, Callable[[Any, JsonObject], Fits]] = {
    "type": _type,
    "enum": _enum,
    "const": lambda argument, _: lambda value: _same(value, argument),
    "properties": _properties,
    "required": _required,
    "items": _items,
    "minLength": _least(str),
    "minItems": _least(list),
    "minProperties": _least(dict),
    "minimum": _minimum,
    "maximum": _maximum,
    "pattern": _pattern,
    "allOf": lambda argument, _: _all_of([make_predicate(part) for part in argument]),
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "if": _if,
}
