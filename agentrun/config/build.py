"""From checked JSON values to the typed model. The classes in `model.py` say everything that is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from agentrun.wire.json import JsonObject, JsonValue

T = TypeVar("T")


def build(cls: type[T], data: JsonObject) -> T:
    """Return `cls` made from a mapping that has passed the schema; absent keys take the class's defaults."""
    hints = _hints(cls)  # type: ignore[arg-type]  # a type of dataclass is hashable
    values = {}
    for field in fields(cls):  # type: ignore[arg-type]  # callers pass dataclasses only
        key = field.metadata.get("key", field.name)
        if key in data:
            read = field.metadata.get("read")
            values[field.name] = read(data[key]) if read else _convert(hints[field.name], data[key])
    return cls(**values)


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _convert(hint: Any, value: JsonValue) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _convert_union(arguments, value)
    if is_dataclass(hint) and isinstance(hint, type):
        return _convert_class(hint, value)
    if origin is tuple and isinstance(value, list):
        return tuple(_convert(arguments[0], item) for item in value)
    if origin is not None and issubclass_safe(origin, Mapping) and isinstance(value, dict) and arguments:
        return {key: _convert(arguments[1], item) for key, item in value.items()}
    return value


def _convert_union(members: tuple[Any, ...], value: JsonValue) -> Any:
    """Pick the member that fits the form of the value: a class for a mapping or short form, or a tuple."""
    for member in members:
        is_class = is_dataclass(member) and (isinstance(value, dict) or hasattr(member, "short"))
        is_tuple = get_origin(member) is tuple and isinstance(value, list)
        is_mapping = issubclass_safe(get_origin(member), Mapping) and isinstance(value, dict)
        if value is not None and (is_class or is_tuple or is_mapping):
            return _convert(member, value)
    return value


def _convert_class(cls: type[T], value: JsonValue) -> T:
    if isinstance(value, dict):
        return build(cls, value)
    # A short form: the one word stands for this field. Only fields with such a form get here.
    return build(cls, {cls.short: value})  # type: ignore[attr-defined]


def issubclass_safe(candidate: object, parent: type) -> bool:
    """Return whether `candidate` is a class below `parent`; False for everything that is no class."""
    return isinstance(candidate, type) and issubclass(candidate, parent)
