"""The schema is complete, described, and says the same as the model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from agentrun.config import model, scenario
from agentrun.config.schema import build_agent_schema, build_scenario_schema
from agentrun.config.schema.examples import AGENT_EXAMPLES, SCENARIO_EXAMPLES
from agentrun.config.shape import _EXPLAINERS
from agentrun.wire.json import JsonObject, JsonValue

SCHEMA = build_agent_schema()
SCENARIO = build_scenario_schema()
SCHEMAS = pytest.mark.parametrize("schema", [SCHEMA, SCENARIO], ids=["agent", "scenario"])
DOCS = Path(__file__).parents[2] / "docs" / "reference"


def find(node: JsonObject, *path: str) -> JsonObject:
    for part in path:
        node = node[part] if part == "items" or part == "additionalProperties" else node["properties"][part]
    return node


@SCHEMAS
def test_it_is_a_valid_draft_7_schema(schema: JsonObject) -> None:
    Draft7Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"


def walk(schema: JsonValue, path: str = "") -> Iterator[tuple[str, JsonObject]]:
    """Yield every schema that stands for a value (not the conditions beside it)."""
    for name, sub in schema.get("properties", {}).items():
        yield f"{path}.{name}", sub
        yield from walk(sub, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield f"{path}[]", schema[key]
            yield from walk(schema[key], f"{path}[]")


@SCHEMAS
def test_every_property_is_described(schema: JsonObject) -> None:
    assert [path for path, inner in walk(schema) if not inner.get("description")] == []
    assert len(list(walk(schema))) > 80


@SCHEMAS
def test_every_property_has_an_example_that_fits(schema: JsonObject) -> None:
    assert [path for path, inner in walk(schema) if not inner.get("examples")] == []
    wrong = [
        (path, example)
        for path, inner in walk(schema)
        for example in inner["examples"]
        if not Draft7Validator(inner).is_valid(example)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("schema", "examples"),
    [(SCHEMA, AGENT_EXAMPLES), (SCENARIO, SCENARIO_EXAMPLES)],
    ids=["agent", "scenario"],
)
def test_every_example_is_used(schema: JsonObject, examples: Mapping[str, JsonValue]) -> None:
    used = [example for _, inner in walk(schema) for example in inner["examples"]]
    assert [name for name, example in examples.items() if example not in used] == []


@SCHEMAS
def test_every_mapping_with_fixed_keys_is_closed(schema: JsonObject) -> None:
    open_ones = [
        p for p, s in walk(schema) if s.get("properties") and s.get("additionalProperties") is not False
    ]
    assert open_ones == []


@pytest.mark.parametrize(
    ("schema", "page"), [(SCHEMA, "agent-file.md"), (SCENARIO, "scenario-file.md")], ids=["agent", "scenario"]
)
def test_the_page_has_a_row_for_every_property(schema: JsonObject, page: str) -> None:
    rows: set[str] = set()
    section = ""
    for line in (DOCS / page).read_text("utf-8").splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif found := re.match(r"\| `([^`]+)` \|", line):
            rows.add(f"{section}.{found[1]}" if section else found[1])
    named = {path.replace(".NAME", "[]") for path in rows}
    declared = {path.removeprefix(".") for path, _ in walk(schema) if not path.endswith("[]")}
    assert named == declared


def keywords(schema: JsonValue) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key in ("properties", "patternProperties"):
                for sub in value.values():
                    yield from keywords(sub)
            elif key == "if":
                yield key  # a condition is never an error
            elif key in ("then", "items", "additionalProperties"):
                yield key
                yield from keywords(value)
            elif key in ("allOf", "oneOf"):
                yield key
                for sub in value:
                    yield from keywords(sub)
            else:
                yield key


@SCHEMAS
def test_every_keyword_has_words_of_ours(schema: JsonObject) -> None:
    silent = {"$schema", "$id", "title", "description", "examples", "allOf", "if", "then", "items"}
    assert set(keywords(schema)) - silent <= set(_EXPLAINERS)


# Keys of the file that reading resolves, so that the model does not know them.
RESOLVED = {"extends", "use"}

PAIRS = [
    (model.AgentSpec, ()),
    (model.ModelSpec, ("model",)),
    (model.ReasoningSpec, ("model", "reasoning")),
    (model.VoiceSpec, ("voice",)),
    (model.VariableSpec, ("variables", "additionalProperties")),
    (model.GreetingSpec, ("greeting",)),
    (model.TurnDetectionSpec, ("turn_detection",)),
    (model.TranscriptionSpec, ("transcription",)),
    (model.ToolSpec, ("tools", "items")),
    (model.HttpSpec, ("tools", "items", "http")),
    (model.BuiltinSpec, ("tools", "items", "builtin")),
    (model.PlaceholderSpec, ("tools", "items", "placeholder")),
    (model.RetrySpec, ("tools", "items", "retry")),
    (model.ResultSpec, ("tools", "items", "result")),
    (model.McpServerSpec, ("mcp_servers", "items")),
    (model.OAuthSpec, ("mcp_servers", "items", "authorization")),
    (model.ToolRules, ("mcp_servers", "items", "tools", "additionalProperties")),
    (model.HandoffSpec, ("handoffs", "items")),
    (model.GuardrailSpec, ("guardrails", "items")),
    (model.InterruptionSpec, ("interruption",)),
    (model.NoInputSpec, ("no_input",)),
    (model.SessionSpec, ("session",)),
    (model.ReconnectSpec, ("session", "reconnect")),
    (model.ContextSpec, ("context",)),
    (model.TruncationSpec, ("context", "truncation")),
    (model.HistoryEntry, ("context", "history", "items")),
    (model.SummarizeSpec, ("context", "summarize")),
    (model.BudgetSpec, ("budget",)),
    (model.TranscriptSpec, ("transcript",)),
    (model.RedactSpec, ("transcript", "redact", "items")),
    (model.PromptSpec, ("prompt",)),
]
# Fields that stand for a word instead of a mapping, or come from the place of the file.
NOT_KEYS = {model.AgentSpec: {"path", "root"}, model.TruncationSpec: {"mode"}, model.RedactSpec: {"kind"}}


@pytest.mark.parametrize(("cls", "path"), PAIRS, ids=lambda value: getattr(value, "__name__", ""))
def test_properties_equal_fields(cls: type, path: tuple[str, ...]) -> None:
    declared = {f.metadata.get("key", f.name) for f in fields(cls)} - NOT_KEYS.get(cls, set())
    assert declared == set(find(SCHEMA, *path)["properties"]) - RESOLVED


TURN = ("turns", "items")
EXPECTATION = (*TURN, "expect", "items")
SCENARIO_PAIRS = [
    (scenario.ScenarioSpec, ()),
    (scenario.PersonaSpec, ("persona",)),
    (scenario.FaultSpec, ("faults", "items")),
    (scenario.MockSpec, ("mocks", "additionalProperties", "items")),
    (scenario.TurnSpec, TURN),
    (scenario.StepSpec, (*TURN, "model", "items")),
    (scenario.StepSpec, ("model", "items", "items")),
    (scenario.ExpectationSpec, EXPECTATION),
    (scenario.ExpectationSpec, ("expect", "items")),
    (scenario.WordsSpec, (*EXPECTATION, "says")),
    (scenario.WordsSpec, (*EXPECTATION, "heard")),
    (scenario.JudgeSpec, (*EXPECTATION, "says", "judge")),
    (scenario.CallsSpec, (*EXPECTATION, "calls")),
    (scenario.PlaceholderExpectation, (*EXPECTATION, "placeholder")),
    (scenario.SilenceExpectation, (*EXPECTATION, "silence")),
    (scenario.HandoffExpectation, (*EXPECTATION, "handoff")),
    (scenario.EndsExpectation, (*EXPECTATION, "ends")),
    (scenario.GuardrailExpectation, (*EXPECTATION, "guardrail")),
    (scenario.CostExpectation, (*EXPECTATION, "cost")),
]


@pytest.mark.parametrize(("cls", "path"), SCENARIO_PAIRS, ids=lambda value: getattr(value, "__name__", ""))
def test_scenario_properties_equal_fields(cls: type, path: tuple[str, ...]) -> None:
    declared = {f.metadata.get("key", f.name) for f in fields(cls)} - {"path"}
    assert {name.removesuffix("_ms") for name in declared} == set(find(SCENARIO, *path)["properties"])


def test_every_class_of_the_scenario_is_compared() -> None:
    classes = {
        v for v in vars(scenario).values() if isinstance(v, type) and v.__module__ == scenario.__name__
    }
    assert classes == {cls for cls, _ in SCENARIO_PAIRS}


def test_every_class_of_the_model_is_compared() -> None:
    classes = {v for v in vars(model).values() if isinstance(v, type) and v.__module__ == model.__name__}
    assert classes == {cls for cls, _ in PAIRS}
