from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.config.openapi.document import MOST_CHARACTERS, OpenApiFault, References, parse_document
from agentrun.config.openapi.schemas import translate_schema

HEAD = "openapi: 3.1.0\npaths: {}\n"
LAUGHS = f"{HEAD}a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        HEAD,
        '{"openapi": "3.0.3", "paths": {}}',
        '\ufeff{"openapi": "3.1.0", "paths": {}}',
        "{openapi: 3.0.0, paths: {}}",
    ],
)
def test_json_and_yaml(text: str) -> None:
    assert parse_document(text)["paths"] == {}


def test_a_document_may_be_longer_than_an_agent() -> None:
    paths = "".join(f"  /p{number}: {{get: {{operationId: op{number}}}}}\n" for number in range(3000))
    assert len(parse_document(f"openapi: 3.1.0\npaths:\n{paths}")["paths"]) == 3000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "neither JSON nor YAML: it is empty"),
        ("a: [", "neither JSON nor YAML: line 2"),
        ("a: 1", "no OpenAPI document"),
        ("[]", "no OpenAPI document"),
        ("openapi: 4.0.0\npaths: {}", "no OpenAPI document"),
        ("openapi: 3.1.0\npaths: []", "no OpenAPI document"),
        ("swagger: '2.0'\npaths: {}", "Swagger 2"),
        ("a" * (MOST_CHARACTERS + 1), "larger than 1 MiB"),
        ("[" * 100_000, "neither JSON nor YAML"),
        ('{"a":' * 100_000, "neither JSON nor YAML"),
        (LAUGHS, "neither JSON nor YAML"),
    ],
    ids=range(11),
)
def test_what_is_no_document(text: str, message: str) -> None:
    with pytest.raises(OpenApiFault, match=message):
        parse_document(text)


def schemas(**schemas: Any) -> References:
    return References({"components": {"schemas": schemas}})


def at(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def test_references_are_filled_in() -> None:
    found = schemas(Id={"type": "string"}, Order={"properties": {"id": at("Id")}}).expand(at("Order"))
    assert found == {"properties": {"id": {"type": "string"}}}
    beside = schemas(Id={"type": "string"}).expand({**at("Id"), "description": "Mine"})
    assert beside == {"type": "string", "description": "Mine"}


def test_names_with_odd_characters() -> None:
    references = References({"paths": {"/a b/{id}": {"x": [{"type": "null"}]}}})
    assert references.resolve({"$ref": "#/paths/~1a%20b~1{id}/x/0"}) == {"type": "null"}


def test_a_schema_that_contains_itself_comes_to_an_end() -> None:
    tree = {"properties": {"name": {"type": "string"}, "child": at("Tree")}}
    found = schemas(Tree=tree).expand(at("Tree"))
    assert found == {"properties": {"name": {"type": "string"}, "child": {}}}


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("other.yaml#/a", "refers to another one"),
        ("https://a.example/b.json", "refers to another one"),
        ("#/components/schemas/None", "leads nowhere"),
        ("#/components/schemas/List/9", "leads nowhere"),
        ("#/components/schemas/Text/x", "leads nowhere"),
    ],
)
def test_references_that_lead_nowhere(reference: str, message: str) -> None:
    references = schemas(List=[1], Text="x")
    for ask in (references.expand, references.resolve):
        with pytest.raises(OpenApiFault, match=message):
            ask({"$ref": reference})


def test_circles_and_laughs() -> None:
    with pytest.raises(OpenApiFault, match="in a circle"):
        schemas(A=at("B"), B=at("A")).resolve(at("A"))
    laughs = {f"L{n}": {"allOf": [at(f"L{n + 1}")] * 10} for n in range(9)}
    with pytest.raises(OpenApiFault, match="more than 5000 values"):
        schemas(**laughs, L9={}).expand(at("L0"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        (
            {"type": "string", "nullable": True, "enum": ["a"]},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"maximum": 1, "exclusiveMaximum": False}, {"maximum": 1}),
        ({"exclusiveMaximum": 5}, {"exclusiveMaximum": 5}),
        ({"pattern": "^\\d+$"}, {"pattern": "^\\d+$"}),
        ({"pattern": "^\\p{L}+$"}, {}),
        ({"example": 1, "xml": {}, "x-internal": 1, "description": "d"}, {"description": "d"}),
        (
            {"enum": [{"example": 1}], "default": {"xml": 1}},
            {"enum": [{"example": 1}], "default": {"xml": 1}},
        ),
        (
            {
                "properties": {"example": {"type": "string"}, "id": {"readOnly": True}},
                "required": ["id", "example"],
            },
            {"properties": {"example": {"type": "string"}}, "required": ["example"]},
        ),
        ({"items": {"nullable": True, "type": "integer"}}, {"items": {"type": ["integer", "null"]}}),
        (True, True),
    ],
)
def test_words_of_old_schemas(old: Any, new: Any) -> None:
    before = json.dumps(old)
    assert translate_schema(old) == new
    assert json.dumps(old) == before, "documents are shared"


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "properties",
                    "required",
                    "nullable",
                    "pattern",
                    "enum",
                    "items",
                    "minimum",
                    "exclusiveMinimum",
                    "a",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(values)
def test_any_schema_can_be_translated(schema: Any) -> None:
    once = translate_schema(schema)
    json.dumps(once)
    assert translate_schema(once) == once
