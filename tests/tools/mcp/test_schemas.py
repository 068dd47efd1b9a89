from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from agentrun.tools.arguments import ArgumentChecker
from agentrun.tools.mcp.schemas import fit_for_model, reduce_schema

KEYWORDS = ("type", "properties", "required", "enum", "items", "additionalProperties", "$ref", "pattern")
WORDS = st.sampled_from(
    ["object", "string", "nonsense", "array", "a", "#/properties/a", "http://127.0.0.1:9/x", "(a+)+"]
)
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(0, 3), WORDS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from([*KEYWORDS, "a", "b"]), inner, max_size=4),
    ),
    max_leaves=12,
)
SCHEMAS = st.dictionaries(st.sampled_from(KEYWORDS), ANYTHING, max_size=5)


@given(SCHEMAS, ANYTHING)
def test_whatever_a_server_says_becomes_a_schema_that_can_be_checked(schema: Any, value: Any) -> None:
    for made in (fit_for_model({**schema, "type": "object"}), reduce_schema(schema)):
        Draft202012Validator.check_schema(made)
        assert made["type"] == "object"
    Draft202012Validator(reduce_schema(schema)).is_valid(value)  # raises nothing, dials nobody
    ArgumentChecker(reduce_schema(schema))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"type": "string", "pattern": "^A"}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"enum": [1, 2]}}},
    ],
)
def test_a_good_schema_reaches_the_model_as_it_is(schema: Any) -> None:
    assert fit_for_model(schema) == schema


@pytest.mark.parametrize("reference", ["http://127.0.0.1:9/x", "#/$defs/B", "other.json", "#", 5])
def test_what_refers_elsewhere_is_left_out(reference: Any) -> None:
    schema = {"type": "object", "properties": {"a": {"$ref": reference, "description": "An A"}}}
    assert fit_for_model(schema) == {"type": "object", "properties": {"a": {"description": "An A"}}}
