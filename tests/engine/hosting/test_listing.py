"""What servers list, made fit to be shown and offered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.engine.hosting.failures import HostedFailure
from agentrun.engine.hosting.listing import MAX_LISTING_BYTES, MAX_TOOLS, RawTool, clean_tools

ANY_OBJECT: dict[str, Any] = {"type": "object", "properties": {}}


def raw(name: str = "t", description: str | None = None, schema: Any = None, notes: Any = None) -> RawTool:
    return RawTool(name, description, {"type": "object"} if schema is None else schema, notes or {})


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}, None),
        ({"properties": {"a": {}}}, {"type": "object", "properties": {"a": {}}}),
        ({}, ANY_OBJECT),
        ({"type": "string"}, ANY_OBJECT),
        ("a text", ANY_OBJECT),
        ({"type": "object", "properties": ["a"]}, ANY_OBJECT),
        ({"type": "object", "properties": {}, "required": "a"}, ANY_OBJECT),
        (
            {"type": "object", "properties": {"a": {"default": float("nan")}}},
            {"type": "object", "properties": {"a": {"default": None}}},
        ),
    ],
)
def test_schemas(schema: Any, expected: Any) -> None:
    [tool] = clean_tools([raw(schema=schema)])
    assert tool.input_schema == (schema if expected is None else expected)


def test_of_two_tools_with_one_name_the_first_counts() -> None:
    tools = clean_tools([raw("a", "first"), raw("b"), raw("a", "second")])
    assert [(tool.name, tool.description) for tool in tools] == [("a", "first"), ("b", "")]


@pytest.mark.parametrize("name", ["", "x" * 129, "hid\u202eden", "line\nbreak\x00"])
def test_names_that_cannot_be_called_are_left_out(name: str) -> None:
    assert clean_tools([raw(name)]) == ()


def test_descriptions_are_cut_and_cleaned() -> None:
    [tool] = clean_tools([raw(description="\u202ego" + "x" * 10_000)])
    assert tool.description.startswith("gox")
    assert len(tool.description) == 4096


def test_only_the_word_of_the_server_makes_a_tool_read_only() -> None:
    notes: list[Any] = [{}, {"readOnlyHint": False}, {"readOnlyHint": True}, {"readOnlyHint": "yes"}, ["x"]]
    tools = clean_tools([raw(f"t{index}", notes=note) for index, note in enumerate(notes)])
    assert [tool.read_only for tool in tools] == [False, False, True, False, False]


def test_too_many_or_too_large() -> None:
    assert len(clean_tools([raw(f"t{number}") for number in range(MAX_TOOLS)])) == MAX_TOOLS
    with pytest.raises(HostedFailure, match=f"more than {MAX_TOOLS} tools"):
        clean_tools([raw(f"t{number}") for number in range(MAX_TOOLS + 1)])
    with pytest.raises(HostedFailure, match="bytes to describe"):
        clean_tools([raw(schema={"title": "x" * MAX_LISTING_BYTES})])


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


@given(st.lists(st.builds(RawTool, st.text(max_size=8), st.none() | st.text(), JSON, JSON), max_size=6))
def test_whatever_is_listed_can_be_sent_and_offered(tools: list[RawTool]) -> None:
    cleaned = clean_tools(tools)
    assert len({tool.name for tool in cleaned}) == len(cleaned)
    for tool in cleaned:
        json.dumps(tool.to_wire(), allow_nan=False, ensure_ascii=False).encode()
        assert tool.input_schema["type"] == "object"
        assert isinstance(tool.input_schema["properties"], dict)
        assert isinstance(tool.input_schema.get("required", []), list)
