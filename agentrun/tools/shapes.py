"""Type hints to JSON Schema, and JSON values back to what the hint promises.

`shape_of` returns both directions together, so that they cannot disagree: what the schema lets through,
`convert` turns into the annotated type.

    str int float bool None Any          the JSON types
    Literal["a", "b"], Enum              `enum`; an Enum member is passed
    X | None, X | Y                      `anyOf`; the first member that fits is taken
    list, set, tuple, dict               arrays and objects; `dict[str, X]` has `additionalProperties`
    TypedDict, dataclass, pydantic model objects; an instance is passed
    date, time, datetime, UUID, Decimal  text (`format`) or number
    Annotated[X, "description", {…}]     a text describes; a mapping is merged into the schema; objects with
                                         `ge`, `gt`, `le`, `lt`, `min_length`, `max_length`, `pattern`,
                                         `multiple_of` (annotated-types, pydantic's `Field`) set bounds
"""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime
import decimal
import enum
import types
import typing
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from jsonschema import Draft202012Validator, FormatChecker

from agentrun.outcome import to_json
from agentrun.tools.annotations import read_constraints
from agentrun.tools.models import build_model, describe_model, is_model
from agentrun.wire.json import JsonObject, JsonValue

_DEEPEST = 12

FORMATS = FormatChecker(formats=())
"""The formats that are checked in arguments: those that have a Python type."""

FORMATS.checks("date", raises=ValueError)(lambda v: not isinstance(v, str) or bool(_date(v)))
FORMATS.checks("time", raises=ValueError)(lambda v: not isinstance(v, str) or bool(_time(v)))
FORMATS.checks("date-time", raises=ValueError)(lambda v: not isinstance(v, str) or bool(_datetime(v)))
FORMATS.checks("uuid", raises=ValueError)(lambda v: not isinstance(v, str) or bool(uuid.UUID(v)))


class UnsupportedHint(Exception):
    """A type hint has no JSON Schema; the text says which and what to use instead."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A JSON Schema, and the function that makes the annotated value of a JSON value that satisfies it.

    Attributes:
        convert: raises `ValueError` for a value that no schema could exclude.

    """

    schema: JsonObject
    convert: Callable[[JsonValue], Any]


_Rule: TypeAlias = Callable[[Any, int], Shape | None]


def shape_of(hint: Any, depth: int = 0) -> Shape:
    """Return the shape of a resolved type hint.

    Raises:
        UnsupportedHint: JSON cannot carry such a value.

    """
    if depth > _DEEPEST:
        raise UnsupportedHint("the type contains itself or is nested too deeply")
    if isinstance(hint, typing.NewType):
        return shape_of(hint.__supertype__, depth + 1)
    if type(hint).__name__ == "TypeAliasType":  # `type X = …`, Python 3.12 and later
        return shape_of(hint.__value__, depth + 1)
    for rule in _RULES:
        if shape := rule(hint, depth + 1):
            return shape
    name = getattr(hint, "__name__", None) or str(hint)
    raise UnsupportedHint(
        f"`{name}` cannot be sent as JSON; use str, int, float, bool, Literal, Enum, list, dict, TypedDict,"
        " a dataclass, date, time or datetime"
    )


def with_default(shape: Shape, default: Any) -> Shape:
    """Return a shape that shows what is taken when the value is left out, if JSON can show it."""
    if default is None:  # nothing to show: leaving it out says it
        return shape
    try:
        return Shape(shape.schema | {"default": to_json(default)}, shape.convert)
    except (TypeError, ValueError):
        return shape


def _same(value: JsonValue) -> Any:
    return value


def _date(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def _time(text: str) -> datetime.time:
    return datetime.time.fromisoformat(text)


def _datetime(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


_SCALARS: Mapping[Any, Shape] = {
    str: Shape({"type": "string"}, _same),
    bool: Shape({"type": "boolean"}, _same),
    int: Shape({"type": "integer"}, int),
    float: Shape({"type": "number"}, float),
    None: Shape({"type": "null"}, _same),
    types.NoneType: Shape({"type": "null"}, _same),
    Any: Shape({}, _same),
    object: Shape({}, _same),
    datetime.date: Shape({"type": "string", "format": "date"}, _date),
    datetime.time: Shape({"type": "string", "format": "time"}, _time),
    datetime.datetime: Shape({"type": "string", "format": "date-time"}, _datetime),
    uuid.UUID: Shape({"type": "string", "format": "uuid"}, uuid.UUID),
    decimal.Decimal: Shape({"type": "number"}, lambda value: decimal.Decimal(str(value))),
    list: Shape({"type": "array"}, _same),
    tuple: Shape({"type": "array"}, tuple),
    set: Shape({"type": "array", "uniqueItems": True}, set),
    dict: Shape({"type": "object"}, _same),
}


def _scalar(hint: Any, _depth: int) -> Shape | None:
    try:
        shape = _SCALARS.get(hint)
    except TypeError:  # an unhashable hint, such as Annotated with a mapping
        return None
    return Shape(dict(shape.schema), shape.convert) if shape else None


def _annotated(hint: Any, depth: int) -> Shape | None:
    if typing.get_origin(hint) is not typing.Annotated:
        return None
    base = shape_of(hint.__origin__, depth)
    schema = dict(base.schema)
    for note in hint.__metadata__:
        schema.update(read_constraints(note, schema))
    return Shape(schema, base.convert)


def _choices(values: Sequence[JsonValue]) -> JsonObject:
    names = {str: "string", int: "integer", float: "number", bool: "boolean"}
    kinds = {names.get(type(value)) for value in values}
    kind = kinds.pop() if len(kinds) == 1 else None
    return ({"type": kind} if kind else {}) | {"enum": list(values)}


def _literal(hint: Any, _depth: int) -> Shape | None:
    if typing.get_origin(hint) is not typing.Literal:
        return None
    members = {getattr(value, "value", value): value for value in typing.get_args(hint)}
    return Shape(_choices(list(members)), members.__getitem__)


def _enum(hint: Any, _depth: int) -> Shape | None:
    if not (isinstance(hint, type) and issubclass(hint, enum.Enum)):
        return None
    plain = all(isinstance(member.value, (str, int, float)) for member in hint)
    members = {(member.value if plain else member.name): member for member in hint}
    schema = _choices(list(members))
    if doc := (hint.__dict__.get("__doc__") or "").strip():
        schema["description"] = doc.splitlines()[0]
    return Shape(schema, members.__getitem__)


def _union(hint: Any, depth: int) -> Shape | None:
    if typing.get_origin(hint) not in (typing.Union, types.UnionType):
        return None
    members = [shape_of(member, depth) for member in typing.get_args(hint)]
    tests = [(Draft202012Validator(m.schema, format_checker=FORMATS), m.convert) for m in members]

    def convert(value: JsonValue) -> Any:
        for validator, convert_member in tests:
            if validator.is_valid(value):
                return convert_member(value)
        raise ValueError("fits none of the allowed types")

    return Shape({"anyOf": [member.schema for member in members]}, convert)


def _array(hint: Any, depth: int) -> Shape | None:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple and not (len(arguments) == 2 and arguments[1] is Ellipsis):
        return _fixed_tuple([shape_of(argument, depth) for argument in arguments])
    build = _ARRAYS.get(origin)
    if build is None or not arguments:
        return None
    item = shape_of(arguments[0], depth)
    unique = {"uniqueItems": True} if build in (set, frozenset) else {}
    schema = {"type": "array", "items": item.schema} | unique
    return Shape(schema, lambda values: build(item.convert(value) for value in values))


_ARRAYS: Mapping[Any, Callable[..., Any]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    collections.abc.Sequence: list,
    collections.abc.Iterable: list,
    collections.abc.Collection: list,
    collections.abc.Set: set,
}


def _fixed_tuple(items: Sequence[Shape]) -> Shape:
    schema = {
        "type": "array",
        "prefixItems": [item.schema for item in items],
        "minItems": len(items),
        "maxItems": len(items),
    }
    return Shape(
        schema, lambda values: tuple(i.convert(value) for i, value in zip(items, values, strict=True))
    )


def _mapping(hint: Any, depth: int) -> Shape | None:
    if typing.get_origin(hint) not in (dict, collections.abc.Mapping, collections.abc.MutableMapping):
        return None
    key, item = typing.get_args(hint)
    if key is not str:
        raise UnsupportedHint("the keys of a JSON object are texts; use `dict[str, …]`")
    shape = shape_of(item, depth)
    schema = {"type": "object"} | ({"additionalProperties": shape.schema} if shape.schema else {})
    return Shape(schema, lambda values: {name: shape.convert(value) for name, value in values.items()})


def _typed_dict(hint: Any, depth: int) -> Shape | None:
    if not hasattr(hint, "__required_keys__"):  # also that of typing_extensions, which pydantic asks for
        return None
    hints = typing.get_type_hints(hint, include_extras=True)
    fields = {name: shape_of(_without_required(field), depth) for name, field in hints.items()}
    # `__required_keys__` overlooks `NotRequired` where annotations are kept as text: ask the hints first.
    marks = {typing.Required: True, typing.NotRequired: False}
    required = [
        name
        for name, field in hints.items()
        if marks.get(typing.get_origin(field), name in hint.__required_keys__)
    ]
    return _object_shape(hint, fields, required, lambda **values: dict(values))


def _without_required(hint: Any) -> Any:
    """`Required[X]` and `NotRequired[X]` say something about the key, not about the value."""
    origin = typing.get_origin(hint)
    return typing.get_args(hint)[0] if origin in (typing.Required, typing.NotRequired) else hint


def _dataclass(hint: Any, depth: int) -> Shape | None:
    if not (isinstance(hint, type) and dataclasses.is_dataclass(hint)):
        return None
    hints = typing.get_type_hints(hint, include_extras=True)
    members = [field for field in dataclasses.fields(hint) if field.init]
    fields = {
        field.name: with_default(shape_of(hints[field.name], depth), field.default) for field in members
    }
    missing = dataclasses.MISSING
    required = [f.name for f in members if f.default is missing and f.default_factory is missing]
    return _object_shape(hint, fields, required, hint)


def _object_shape(
    hint: Any, fields: Mapping[str, Shape], required: list[str], build: Callable[..., Any]
) -> Shape:
    schema: JsonObject = {
        "type": "object",
        "properties": {name: field.schema for name, field in fields.items()},
        "required": required,
        "additionalProperties": False,
    }
    doc = (hint.__doc__ or "").strip()
    if doc and not doc.startswith((f"{hint.__name__}(", "dict(")):  # what Python itself writes there
        schema["description"] = doc.splitlines()[0]
    return Shape(
        schema, lambda values: build(**{name: fields[name].convert(value) for name, value in values.items()})
    )


def _pydantic(hint: Any, _depth: int) -> Shape | None:
    if not is_model(hint):
        return None
    try:
        return Shape(describe_model(hint), lambda value: build_model(hint, value))
    except RecursionError as error:
        raise UnsupportedHint("the model contains itself") from error


_RULES: tuple[_Rule, ...] = (
    _annotated,
    _scalar,
    _literal,
    _enum,
    _union,
    _array,
    _mapping,
    _typed_dict,
    _dataclass,
    _pydantic,
)
