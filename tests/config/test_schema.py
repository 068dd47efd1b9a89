"""The schema is complete, described, and says the same as the model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import pytest
from jsonschema import Draft7Validator

from agentrun.config import model
from agentrun.config.schema import build_agent_schema
from agentrun.config.shape import _EXPLAINERS
from agentrun.wire.json import JsonObject, JsonValue

SCHEMA = build_agent_schema()


def find(*path: str) -> JsonObject:
    node = SCHEMA
    for part in path:
        node = node[part] if part == "items" or part == "additionalProperties" else node["properties"][part]
    return node


def test_it_is_a_valid_draft_7_schema() -> None:
    Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"


def walk(schema: JsonValue, path: str = "") -> Iterator[tuple[str, JsonObject]]:
    """Yield every schema that stands for a value (not the conditions beside it)."""
    for name, sub in schema.get("properties", {}).items():
        yield f"{path}.{name}", sub
        yield from walk(sub, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield f"{path}[]", schema[key]
            yield from walk(schema[key], f"{path}[]")


def test_every_property_is_described() -> None:
    assert [path for path, schema in walk(SCHEMA) if not schema.get("description")] == []
    assert len(list(walk(SCHEMA))) > 150


def test_every_mapping_with_fixed_keys_is_closed() -> None:
    open_ones = [
        p for p, s in walk(SCHEMA) if s.get("properties") and s.get("additionalProperties") is not False
    ]
    assert open_ones == []


def keywords(schema: JsonValue) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key in ("properties", "patternProperties"):
                for sub in value.values():
                    yield from keywords(sub)
            elif key in ("if", "then", "items", "additionalProperties"):
                yield key
                yield from keywords(value)
            elif key in ("allOf", "oneOf"):
                yield key
                for sub in value:
                    yield from keywords(sub)
            else:
                yield key


def test_every_keyword_has_words_of_ours() -> None:
    silent = {"$schema", "$id", "title", "description", "examples", "allOf", "if", "then", "items"}
    assert set(keywords(SCHEMA)) - silent <= set(_EXPLAINERS)


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
    assert declared == set(find(*path)["properties"]) - RESOLVED


def test_every_class_of_the_model_is_compared() -> None:
    classes = {v for v in vars(model).values() if isinstance(v, type) and v.__module__ == model.__name__}
    assert classes == {cls for cls, _ in PAIRS}
