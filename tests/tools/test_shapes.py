from __future__ import annotations

import dataclasses
import datetime
import enum
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal, NewType, NotRequired, TypedDict

import annotated_types
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from agentrun.tools.shapes import FORMATS, UnsupportedHint, shape_of


class Size(enum.Enum):
    """How large."""

    SMALL = "small"
    LARGE = "large"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Address(TypedDict):
    """Where somebody lives."""

    street: str
    floor: NotRequired[int]


@dataclasses.dataclass(frozen=True)
class Line:
    """One line of an order."""

    title: str
    day: datetime.date
    count: int = 1


@dataclasses.dataclass
class Tree:
    children: list[Tree]


class Endless(pydantic.BaseModel):
    inside: list[Endless]


class Inner(pydantic.BaseModel):
    count: int = pydantic.Field(ge=1)


class Outer(pydantic.BaseModel):
    inner: Inner
    name: str


OrderId = NewType("OrderId", str)


@pytest.mark.parametrize(
    ("hint", "schema"),
    [
        (str, {"type": "string"}),
        (int, {"type": "integer"}),
        (float, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (None, {"type": "null"}),
        (Any, {}),
        (OrderId, {"type": "string"}),
        (Decimal, {"type": "number"}),
        (datetime.date, {"type": "string", "format": "date"}),
        (datetime.time, {"type": "string", "format": "time"}),
        (datetime.datetime, {"type": "string", "format": "date-time"}),
        (uuid.UUID, {"type": "string", "format": "uuid"}),
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (Literal["a", 1], {"enum": ["a", 1]}),
        (Size, {"type": "string", "enum": ["small", "large"], "description": "How large."}),
        (str | None, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        (list, {"type": "array"}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (Sequence[int], {"type": "array", "items": {"type": "integer"}}),
        (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
        (set[str], {"type": "array", "items": {"type": "string"}, "uniqueItems": True}),
        (dict, {"type": "object"}),
        (dict[str, Any], {"type": "object"}),
        (Mapping[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (Annotated[str, "The name"], {"type": "string", "description": "The name"}),
        (
            Annotated[str, {"pattern": "^A", "examples": ["A1"]}],
            {"type": "string", "pattern": "^A", "examples": ["A1"]},
        ),
        (
            list[Annotated[str, {"maxLength": 3}]],
            {"type": "array", "items": {"type": "string", "maxLength": 3}},
        ),
        (Annotated[int, annotated_types.Ge(1), annotated_types.Lt(9)], "1 to 9"),
        (Annotated[int, pydantic.Field(ge=1, lt=9)], "1 to 9"),
        (Annotated[list[int], annotated_types.MinLen(1)], "items"),
        (Annotated[str, pydantic.Field(description="A word", min_length=2, examples=["ab"])], "word"),
    ],
)
def test_schema_of_a_hint(hint: Any, schema: Any) -> None:
    named = {
        "1 to 9": {"type": "integer", "minimum": 1, "exclusiveMaximum": 9},
        "items": {"type": "array", "items": {"type": "integer"}, "minItems": 1},
        "word": {"type": "string", "minLength": 2, "description": "A word", "examples": ["ab"]},
    }
    expected = named[schema] if isinstance(schema, str) else schema
    assert shape_of(hint).schema == expected
    Draft202012Validator.check_schema(expected)


@pytest.mark.parametrize(
    ("hint", "value", "converted"),
    [
        (float, 3, 3.0),
        (int, 3.0, 3),
        (Decimal, 12.5, Decimal("12.5")),
        (datetime.date, "2026-11-21", datetime.date(2026, 11, 21)),
        (datetime.time, "10:30", datetime.time(10, 30)),
        (datetime.datetime, "2026-11-21T10:30:00", datetime.datetime(2026, 11, 21, 10, 30)),
        (uuid.UUID, str(uuid.UUID(int=5)), uuid.UUID(int=5)),
        (Size, "large", Size.LARGE),
        (Level, 2, Level.HIGH),
        (Literal["a"], "a", "a"),
        (list[Size], ["small"], [Size.SMALL]),
        (set[int], [1, 2], {1, 2}),
        (tuple[int, Size], [1, "small"], (1, Size.SMALL)),
        (dict[str, datetime.date], {"x": "2026-01-02"}, {"x": datetime.date(2026, 1, 2)}),
        (int | Size, "small", Size.SMALL),
        (datetime.date | str, "soon", "soon"),
        (datetime.date | None, None, None),
        (Line, {"title": "a", "day": "2026-01-02"}, Line("a", datetime.date(2026, 1, 2), 1)),
        (Address, {"street": "Pier 1"}, {"street": "Pier 1"}),
        (Outer, {"inner": {"count": 1}, "name": "a"}, Outer(inner=Inner(count=1), name="a")),
    ],
)
def test_a_value_becomes_what_the_hint_promises(hint: Any, value: Any, converted: Any) -> None:
    shape = shape_of(hint)
    Draft202012Validator(shape.schema, format_checker=FORMATS).validate(value)
    result = shape.convert(value)
    assert result == converted
    assert type(result) is type(converted)


def test_objects() -> None:
    assert shape_of(Line).schema == {
        "type": "object",
        "description": "One line of an order.",
        "properties": {
            "title": {"type": "string"},
            "day": {"type": "string", "format": "date"},
            "count": {"type": "integer", "default": 1},
        },
        "required": ["title", "day"],
        "additionalProperties": False,
    }
    assert shape_of(Address).schema["required"] == ["street"]
    assert shape_of(Address).schema["properties"]["floor"] == {"type": "integer"}


def test_pydantic_models_have_no_references_and_no_titles() -> None:
    schema = shape_of(Outer).schema
    assert schema["properties"]["inner"]["properties"]["count"] == {"minimum": 1, "type": "integer"}
    assert "$ref" not in str(schema)
    assert "title" not in schema


@pytest.mark.parametrize("hint", [complex, bytes, dict[int, str], Tree, list[bytes], [int], Endless])
def test_hints_that_json_cannot_carry(hint: Any) -> None:
    with pytest.raises(UnsupportedHint):
        shape_of(hint)


hints = st.recursive(
    st.sampled_from([str, int, float, bool, Size, Level, datetime.date, datetime.time, Literal["x", "y"]]),
    lambda inner: (
        inner.map(lambda hint: list[hint])  # type: ignore[valid-type]
        | inner.map(lambda hint: dict[str, hint])  # type: ignore[valid-type]
        | inner.map(lambda hint: hint | None)
        | inner.map(lambda hint: Annotated[hint, "text"])
    ),
    max_leaves=4,
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.sampled_from(["small", "x", "2026-11-21", "10:30"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(hints, values)
def test_what_the_schema_lets_through_converts(hint: Any, value: Any) -> None:
    shape = shape_of(hint)
    Draft202012Validator.check_schema(shape.schema)
    if Draft202012Validator(shape.schema, format_checker=FORMATS).is_valid(value):
        shape.convert(value)
