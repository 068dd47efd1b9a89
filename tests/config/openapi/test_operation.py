from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from agentrun.config.openapi.document import OpenApiFault
from agentrun.config.openapi.operation import Operation, find_operation, make_tool_name

TEXT = {"type": "string"}
REGIONAL = {
    "url": "https://{region}.a.example/{v}",
    "variables": {"region": {"default": "eu"}, "v": {"default": 2}},
}


def document(operation: Any = None, *, path: str = "/orders/{id}", method: str = "get", **more: Any) -> Any:
    node = {"operationId": "it", **(operation or {})}
    servers = [{"url": "https://api.example.com/v1/"}]
    return {
        "openapi": "3.1.0",
        "servers": servers,
        "paths": {path: {method: node, **more.pop("item", {})}},
        **more,
    }


def parameter(name: str, place: str, schema: Any = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "schema": schema or TEXT, **more}


def body(schema: Any, kind: str = "application/json", *, required: bool = True) -> dict[str, Any]:
    return {"requestBody": {"required": required, "content": {kind: {"schema": schema}}}}


def build(operation: Any = None, **more: Any) -> Operation:
    more.setdefault("path", "/orders")
    return find_operation(document(operation, **more), "it")


def test_an_operation_with_everything() -> None:
    found = find_operation(
        document(
            {
                "summary": "Change an order",
                "description": "Only before it is {{shipped}}.",
                "parameters": [
                    parameter("id", "query"),
                    parameter("X-Trace", "header", {"type": "integer"}, description="Its number"),
                    parameter("Authorization", "header", required=True),
                    parameter("session", "cookie"),
                ],
                **body({"$ref": "#/components/schemas/Change"}),
            },
            method="patch",
            item={"parameters": [parameter("id", "path", required=True)]},
            components={
                "schemas": {"Change": {"properties": {"id": TEXT, "2nd day": TEXT}, "required": ["id"]}}
            },
        ),
        "PATCH /orders/{id}",
    )
    assert (found.name, found.method, found.body) == ("PATCH_orders_id", "PATCH", "json")
    assert found.url == "https://api.example.com/v1/orders/{{id}}"
    assert found.description == "Change an order\nOnly before it is { {shipped}}."
    assert [(a.name, a.place, a.wire_name, a.required) for a in found.arguments] == [
        ("id", "path", "id", True),
        ("id_query", "query", "id", False),
        ("X_Trace", "header", "X-Trace", False),
        ("id_body", "body", "id", True),
        ("_2nd_day", "body", "2nd day", False),
    ]
    assert found.arguments[2].schema == {"type": "integer", "description": "Its number"}


def test_the_parameters_of_an_operation_win_over_those_of_its_path() -> None:
    found = build(
        {"parameters": [parameter("q", "query", {"type": "integer"})]},
        item={"parameters": [parameter("q", "query"), parameter("r", "query")]},
    )
    assert [(a.name, a.schema["type"]) for a in found.arguments] == [("q", "integer"), ("r", "string")]


@pytest.mark.parametrize(
    ("given", "kind", "names"),
    [
        (body({"type": "object", "properties": {"a": TEXT}}), "json", ["a"]),
        (body({"properties": {"a": TEXT}}, "application/vnd.shop+json; charset=utf-8"), "json", ["a"]),
        (body({"properties": {"a": TEXT}}, "*/*"), "json", ["a"]),
        (body({"properties": {"a": TEXT}}, "application/x-www-form-urlencoded"), "form", ["a"]),
        (body({"allOf": [{"properties": {"a": TEXT}}, {"properties": {"b": TEXT}}]}), "json", ["a", "b"]),
        (body({"type": "array", "items": TEXT}), "json", ["body"]),
        (body({"oneOf": [{"properties": {"a": TEXT}}]}), "json", ["body"]),
        (body({"allOf": [{"properties": {"a": TEXT}}, {"oneOf": [TEXT]}]}), "json", ["body"]),
        (body({}), "json", ["body"]),
        (body(TEXT, "text/plain"), "text", ["body"]),
        (body(TEXT, "multipart/form-data", required=False), "", []),
        ({}, "", []),
    ],
)
def test_bodies(given: Any, kind: str, names: list[str]) -> None:
    found = build(given, method="post")
    assert (found.body, [argument.name for argument in found.arguments]) == (kind, names)


def test_a_body_that_may_be_left_out_asks_for_nothing() -> None:
    schema = {"properties": {"a": TEXT}, "required": ["a"]}
    assert not build(body(schema, required=False), method="post").arguments[0].required


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (parameter("a", "query", {"type": "array"}), "array"),
        (parameter("a", "query", {"type": "array"}, explode=False), "string"),
        (parameter("a", "query", {"type": "array"}, style="pipeDelimited"), "string"),
        (parameter("a", "header", {"type": "array"}), "string"),
        (
            {"name": "a", "in": "query", "content": {"application/json": {"schema": {"type": "object"}}}},
            "object",
        ),
    ],
)
def test_lists(given: Any, kind: str) -> None:
    assert build({"parameters": [given]}).arguments[0].schema["type"] == kind


@pytest.mark.parametrize(
    ("operation", "path", "message"),
    [
        ({"parameters": [parameter("a", "cookie", required=True)]}, "/a", "is a `cookie`"),
        (
            {"parameters": [parameter("a", "query", style="deepObject", required=True)]},
            "/a",
            "is a `deepObject`",
        ),
        ({"parameters": [parameter("a", "path", style="matrix")]}, "/{a}", "is a `matrix`"),
        (body(TEXT, "multipart/form-data"), "/a", "takes `multipart/form-data`"),
        ({}, "/{id}", "has `{id}`, which is no parameter"),
        ({"parameters": [{"$ref": "#/nowhere"}]}, "/a", "leads nowhere"),
        (
            {"parameters": [parameter("a", "query", {"type": "text"})]},
            "/a",
            "a schema of the operation is none",
        ),
        (body({"properties": {"a": {"minimum": "1"}}}), "/a", "a schema of the operation is none"),
    ],
)
def test_what_cannot_be_a_tool(operation: Any, path: str, message: str) -> None:
    with pytest.raises(OpenApiFault, match=message):
        build(operation, path=path, method="post")


def test_an_operation_that_is_not_there() -> None:
    with pytest.raises(OpenApiFault) as caught:
        find_operation(document({"operationId": "getOrder"}), "getOder")
    assert caught.value.about_operation
    assert caught.value.hint == "did you mean `getOrder`?"
    with pytest.raises(OpenApiFault) as caught:
        find_operation({"openapi": "3.1.0", "paths": {}}, "any")
    assert caught.value.hint == "the document has no operation"


@pytest.mark.parametrize(
    ("servers", "address", "url"),
    [
        ([{"url": "https://a.example"}], "", "https://a.example/orders"),
        ([REGIONAL], "", "https://eu.a.example/2/orders"),
        ([{"url": "/v2"}], "https://a.example/docs/api.json", "https://a.example/v2/orders"),
        ([{"url": "../v2"}], "https://a.example/docs/x/api.json", "https://a.example/docs/v2/orders"),
        ([], "https://a.example/docs/api.json", "https://a.example/orders"),
        ([{"url": "/v2"}], "", None),
        ([], "", None),
        ([{"url": "ftp://a.example"}], "", None),
        ([{"url": 5}], "", None),
        ("x", "", None),
    ],
)  # fmt: skip
def test_servers(servers: Any, address: str, url: str | None) -> None:
    whole = {**document(path="/orders"), "servers": servers}
    assert find_operation(whole, "it", address).url == url


def test_the_nearest_servers_count() -> None:
    near = {"servers": [{"url": "https://near.example"}]}
    assert build(near).url == "https://near.example/orders"
    assert build(item=near).url == "https://near.example/orders"


def test_a_path_with_odd_characters_stays_one() -> None:
    found = build({"parameters": [parameter("a-b", "path")]}, path="/x y/{a-b}:send/{{")
    assert found.url == "https://api.example.com/v1/x%20y/{{a_b}}:send/%7B%7B"


@given(st.text(max_size=80))
def test_every_operation_has_a_name_that_a_tool_can_have(wanted: str) -> None:
    name = make_tool_name(wanted)
    assert 1 <= len(name) <= 64
    assert name.isascii()
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(["query", "path", "object", "#/paths", "a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "in",
                    "schema",
                    "required",
                    "content",
                    "application/json",
                    "$ref",
                    "type",
                    "properties",
                    "allOf",
                    "style",
                    "url",
                    "variables",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(junk, junk, junk)
def test_whatever_stands_in_a_document_it_is_an_operation_or_a_fault(
    parameters: Any, request: Any, servers: Any
) -> None:
    whole = document({"parameters": parameters, "requestBody": request, "servers": servers}, path="/a")
    try:
        found = find_operation(whole, "it")
    except OpenApiFault:
        return
    names = [argument.name for argument in found.arguments]
    assert len(set(names)) == len(names)
    for argument in found.arguments:
        Draft202012Validator.check_schema(argument.schema)
