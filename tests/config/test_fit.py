"""The quick yes agrees with the schema library on every value."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator

from agentrun.config import build_agent_schema, build_scenario_schema
from agentrun.config.checks.parameters import _is_plain
from agentrun.config.fit import make_predicate
from tests.config.test_robustness import FILES, FULL, SCENARIO, VALUES, replace_one

AGENT, SCENARIOS = build_agent_schema(), build_scenario_schema()
AGENT_FITS, SCENARIO_FITS = make_predicate(AGENT), make_predicate(SCENARIOS)
AGENT_VALID, SCENARIO_VALID = Draft7Validator(AGENT), Draft7Validator(SCENARIOS)


def test_the_examples_fit() -> None:
    assert AGENT_FITS(FULL)
    assert SCENARIO_FITS(SCENARIO)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False), VALUES, FILES)
def test_both_say_the_same_of_agents_and_scenarios(choose: random.Random, new: object, made: object) -> None:
    for value in (made, {"version": 1, "instructions": "x"}, replace_one(FULL, choose, new)):
        assert AGENT_FITS(value) == AGENT_VALID.is_valid(value)
    changed = replace_one(SCENARIO, choose, new)
    assert SCENARIO_FITS(changed) == SCENARIO_VALID.is_valid(changed)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"const": 1}, True),
        ({"enum": [0, "a"]}, False),
        ({"type": "integer"}, 5.0),
        ({"type": "integer"}, True),
        ({"type": "number", "minimum": 1}, 0.5),
        ({"additionalProperties": False}, {"a": 1}),
        ({"patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": False}, {"x-a": 1}),
        ({"properties": {"a": False}}, {"a": 1}),
        ({"oneOf": [{"type": "number"}, {"type": "integer"}]}, 1),
        ({"if": {"required": ["a"]}, "then": {"required": ["b"]}}, {"a": 1}),
    ],
)
def test_corners(schema: dict[str, object], value: object) -> None:
    assert make_predicate(schema)(value) == Draft7Validator(schema).is_valid(value)


def test_an_unknown_keyword_is_refused() -> None:
    with pytest.raises(ValueError, match="`multipleOf`"):
        make_predicate({"properties": {"a": {"multipleOf": 2}}})


PARTS = st.sampled_from(
    [
        "type",
        "properties",
        "required",
        "items",
        "enum",
        "minimum",
        "description",
        "additionalProperties",
        "a",
        "string",
    ]
)
SCHEMAS = st.recursive(
    st.none() | st.booleans() | st.integers() | PARTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PARTS, inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(PARTS, SCHEMAS, max_size=4))
def test_what_looks_plain_is_a_valid_schema(schema: dict[str, object]) -> None:
    if _is_plain(schema):
        Draft202012Validator.check_schema(schema)


def test_a_usual_schema_is_plain() -> None:
    assert _is_plain({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]})
    assert not _is_plain({"type": "objekt"})
    assert not _is_plain({"required": [{}]})
