"""Our schemas of functions say what pydantic and the MCP package say of the same functions."""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired, Optional
from uuid import UUID

import annotated_types
import pydantic
import pytest
from mcp.server.mcpserver import MCPServer
from typing_extensions import TypedDict  # pydantic does not take that of `typing` before Python 3.12

from agentrun.plan import PythonTarget
from agentrun.tools.python import describe_function
from agentrun.wire.json import JsonObject, JsonValue


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Address(TypedDict):
    street: str
    floor: NotRequired[int]


@dataclass
class Line:
    title: str
    day: date
    count: int = 1


class Inner(pydantic.BaseModel):
    count: int = pydantic.Field(ge=1, description="How many")


class Order(pydantic.BaseModel):
    inner: Inner
    words: list[str] = pydantic.Field(max_length=3)


def scalars(a: str, b: int, c: float, d: bool, e: str = "x", f: int = 3, g: bool = False) -> None: ...
def moments(a: date, b: time, c: datetime, d: UUID) -> None: ...
def choices(a: Literal["x", "y"], b: Size, c: Level, d: Literal[1, 2] = 2) -> None: ...
def containers(
    a: list[int], b: dict[str, float], c: set[str], d: tuple[int, ...], e: list[list[str]]
) -> None: ...
def pairs(a: tuple[int, str]) -> None: ...
def objects(a: Address, b: Line, c: Order, d: list[Line]) -> None: ...
def unions(a: int | str, b: int | None, c: Optional[list[int]]) -> None: ...  # noqa: UP045
def anything(a: Any, b: dict[str, Any], c: list[Any]) -> None: ...
def bounds(
    a: Annotated[int, annotated_types.Ge(1), annotated_types.Le(9)],
    b: Annotated[float, annotated_types.Gt(0), annotated_types.Lt(1)],
    c: Annotated[str, annotated_types.MinLen(2), annotated_types.MaxLen(5)],
    d: Annotated[list[int], annotated_types.MinLen(1)],
    e: Annotated[str, pydantic.Field(pattern="^A", description="A word", examples=["Ab"])],
    f: Annotated[int, annotated_types.MultipleOf(5)] = 10,
) -> None: ...


FUNCTIONS = [scalars, moments, choices, containers, pairs, objects, unions, anything, bounds]


def ours(function: Callable[..., Any]) -> JsonObject:
    target = PythonTarget(__name__, function.__name__, str(Path(__file__).parents[2]))
    return describe_function(target).parameters


def pydantics(function: Callable[..., Any]) -> JsonObject:
    fields: Any = {
        name: (parameter.annotation, ... if parameter.default is parameter.empty else parameter.default)
        for name, parameter in inspect.signature(function, eval_str=True).parameters.items()
    }
    schema: JsonObject = pydantic.create_model("Arguments", **fields).model_json_schema()
    return schema


async def mcps(function: Callable[..., Any]) -> JsonObject:
    server = MCPServer("theirs")
    server.add_tool(function)
    [tool] = await server.list_tools()
    return dict(tool.input_schema)


def reduce(node: JsonValue, definitions: JsonObject, names: bool = False) -> JsonValue:
    """Write a schema without what two generators may put differently.

    References are followed; titles are left out, and whether other arguments are allowed.

    Args:
        node: a schema, or a part of one.
        definitions: `$defs` of its root.
        names: whether the keys of this node are names of properties.

    """
    if isinstance(node, list):
        return [reduce(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if names:
        return {name: reduce(item, definitions) for name, item in node.items()}
    if "$ref" in node:
        node = definitions[node["$ref"].rpartition("/")[2]] | {k: v for k, v in node.items() if k != "$ref"}
    dropped = ("title", "additionalProperties", "$defs") if "properties" in node else ("title", "$defs")
    kept = {
        key: value for key, value in node.items() if key not in dropped and (key, value) != ("required", [])
    }
    if kept.get("additionalProperties") is True:  # the same as saying nothing
        del kept["additionalProperties"]
    return {key: reduce(value, definitions, key == "properties") for key, value in kept.items()}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
async def test_the_schema_is_what_others_derive(function: Callable[..., Any]) -> None:
    mine = reduce(ours(function), {})
    for theirs in (pydantics(function), await mcps(function)):
        assert reduce(theirs, theirs.get("$defs", {})) == mine
