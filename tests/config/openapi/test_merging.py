from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentrun.compiler import compile_agent
from agentrun.config import check_paths, load_agent
from agentrun.config.model import AgentSpec, HttpSpec, ToolSpec
from agentrun.config.openapi.merging import expand_remote_tools, merge_operation
from agentrun.config.openapi.operation import Operation, find_operation
from agentrun.errors import ConfigError, ToolError
from tests.compiler.test_compile import describe
from tests.config.openapi.test_operation import TEXT, body, document, parameter

ORDER = document(
    {
        "summary": "Order a book",
        "parameters": [
            parameter("shop", "path"),
            parameter("lang", "query"),
            parameter("X-Trace", "header"),
        ],
        **body({"properties": {"isbn": TEXT, "count": {"type": "integer"}}, "required": ["isbn"]}),
    },
    path="/shops/{shop}/orders",
    method="post",
)


def merge(document: Any = ORDER, *, http: Any = None, **tool: Any) -> tuple[ToolSpec, HttpSpec]:
    spec = ToolSpec(http=HttpSpec(openapi="api.yaml", operation="it", **(http or {})), **tool)
    merged = merge_operation(spec, find_operation(document, "it"))
    assert merged.http is not None
    return merged, merged.http


def names(tool: ToolSpec) -> list[str]:
    assert tool.parameters is not None
    return list(tool.parameters["properties"])


def test_the_document_says_everything() -> None:
    tool, http = merge()
    assert (tool.name, tool.description) == ("it", "Order a book")
    assert names(tool) == ["shop", "lang", "X_Trace", "isbn", "count"]
    assert tool.parameters is not None
    assert tool.parameters["required"] == ["shop", "isbn"]
    assert (http.method, http.url) == ("POST", "https://api.example.com/v1/shops/{{shop}}/orders")
    assert http.query == {"lang": "{{lang}}"}
    assert http.headers == {"X-Trace": "{{X_Trace}}"}
    assert http.json == {"isbn": "{{isbn}}", "count": "{{count}}"}
    assert (http.form, http.body, http.openapi) == (None, None, None)


def test_the_words_of_the_file_win() -> None:
    tool, http = merge(
        name="order",
        description="Mine",
        http={
            "method": "PUT",
            "url": "https://test.example/orders",
            "query": {"lang": "en", "more": 1},
            "headers": {"x-trace": "{{call.id}}"},
            "json": {"isbn": "{{isbn}}"},
        },
    )
    assert (tool.name, tool.description, http.method) == ("order", "Mine", "PUT")
    assert (http.url, http.query) == ("https://test.example/orders", {"lang": "en", "more": 1})
    assert (http.headers, http.json) == ({"x-trace": "{{call.id}}"}, {"isbn": "{{isbn}}"})
    assert names(tool) == [], "what the file says is not the model's to give"


def test_parameters_of_the_file_decide_what_is_asked_for() -> None:
    declared = {"type": "object", "properties": {"shop": TEXT, "isbn": TEXT}}
    tool, http = merge(parameters=declared)
    assert tool.parameters is declared
    assert (http.query, http.headers, http.json) == ({}, {}, {"isbn": "{{isbn}}"})


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        (body({"type": "array", "items": TEXT}), "json", "{{body}}"),
        (body({"properties": {"a": TEXT}}, "application/x-www-form-urlencoded"), "form", {"a": "{{a}}"}),
        (body(TEXT, "text/plain"), "body", "{{body}}"),
        (body({}, "application/x-www-form-urlencoded"), "body", "{{body}}"),
    ],
)
def test_bodies(given: Any, field: str, value: Any) -> None:
    _, http = merge(document(given, path="/a", method="post"))
    assert getattr(http, field) == value
    assert [getattr(http, name) for name in ("json", "form", "body")].count(None) == 2


def remote(**http: Any) -> AgentSpec:
    spec = HttpSpec(openapi="https://docs.example/api.json", operation="it", **http)
    return AgentSpec(
        path="desk.yaml", root="/", version=1, name="d", instructions="i", tools=(ToolSpec(http=spec),)
    )


def expand(spec: AgentSpec, whole: Any) -> HttpSpec:
    http = expand_remote_tools(spec, lambda _address, _hosts: json.dumps(whole)).tools[0].http
    assert http is not None
    return http


def test_a_document_at_an_address() -> None:
    relative = {**ORDER, "servers": [{"url": "/v2"}]}
    assert expand(remote(), relative).url == "https://docs.example/v2/shops/{{shop}}/orders"


def test_a_stranger_does_not_choose_who_gets_the_keys() -> None:
    with pytest.raises(ConfigError, match=r"another host, `api\.example\.com`"):
        expand(remote(), ORDER)
    for permitted in (
        {"allow_hosts": ("api.example.com",)},
        {"url": "https://api.example.com/v1/shops/1/orders"},
    ):
        assert str(expand(remote(**permitted), ORDER).url).startswith("https://api.example.com/v1/shops/")


@pytest.mark.parametrize(
    ("whole", "code"),
    [
        ({}, "AR417"),
        (document({"operationId": "that"}), "AR418"),
        ({**ORDER, "servers": [{"url": "ftp://x"}]}, "AR417"),
    ],
)
def test_a_document_at_an_address_that_cannot_be_used(whole: Any, code: str) -> None:
    with pytest.raises(ConfigError) as caught:
        expand(remote(), whole)
    (finding,) = caught.value.diagnostics
    assert (finding.code, finding.path) == (code, ("tools", 0, "http", "openapi"))


def test_a_document_that_the_environment_names(project: Path) -> None:
    address = "https://docs.example/canary.json"
    write("http: {openapi: '${DOCS}', operation: it}")
    spec = load_agent("desk.yaml", environment={"DOCS": address})
    read = {address: json.dumps({**ORDER, "servers": []})}
    (tool,) = expand_remote_tools(spec, lambda name, _hosts: read[name]).tools
    assert tool.name == "it"
    for text in ("{}", "openapi: 3.1.0\npaths: {}"):
        with pytest.raises(ConfigError) as caught:
            expand_remote_tools(spec, lambda _name, _hosts, text=text: text)  # type: ignore[misc]  # a default
        assert "canary" not in str(caught.value)
    with pytest.raises(ConfigError, match="depends on the environment"):
        expand_remote_tools(load_agent("desk.yaml", environment={"DOCS": "shop.json"}), lambda *_: "")


def test_an_agent_whose_documents_are_not_read_is_not_compiled() -> None:
    with pytest.raises(ToolError, match=r"`https://docs\.example/api\.json` is read before"):
        compile_agent(remote(), describe_python=describe)


def test_a_document_that_cannot_be_had() -> None:
    def refuse(_address: str, _hosts: tuple[str, ...]) -> str:
        raise OSError("no answer in 15 s")

    with pytest.raises(ConfigError, match="no answer in 15 s"):
        expand_remote_tools(remote(), refuse)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "toolsets/apis").mkdir(parents=True)
    (tmp_path / "toolsets/apis/shop.json").write_text(json.dumps(ORDER))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(tool: str, *, file: str = "desk.yaml") -> None:
    text = f"- {tool}\n" if file != "desk.yaml" else f"version: 1\ninstructions: Help.\ntools:\n  - {tool}\n"
    Path(file).write_text(text)


SHOP = "openapi: toolsets/apis/shop.json, operation: it"


def find_codes() -> list[tuple[str, str]]:
    findings = check_paths(["desk.yaml"], environment={}).findings
    return [(finding.code, f"{finding.span.file}:{finding.span.line}") for finding in findings]


def test_a_path_is_relative_to_the_file_that_names_it(project: Path) -> None:
    write("use: toolsets/shop.yaml")
    write("http: {openapi: apis/shop.json, operation: it}", file="toolsets/shop.yaml")
    assert find_codes() == []
    (tool,) = load_agent("desk.yaml", environment={}).tools
    assert tool.name == "it"
    write("http: {openapi: apis/shop.json, operation: is}", file="toolsets/shop.yaml")
    assert find_codes() == [("AR418", "toolsets/shop.yaml:1")]


@pytest.mark.parametrize(
    ("tool", "codes"),
    [
        (f"http: {{{SHOP}}}", []),
        (f"http: {{{SHOP}}}\n    retry: {{attempts: 2}}", ["AR409"]),
        (f"http: {{{SHOP}}}\n    idempotency: key\n    key: [isbn]\n    retry: {{attempts: 2}}", []),
        (f"http: {{{SHOP}}}\n    idempotency: key\n    key: [isbm]", ["AR415"]),
        (f"http: {{{SHOP}, query: {{lang: '{{{{isbn}}}}'}}}}", []),
        (f"http: {{{SHOP}, query: {{lang: '{{{{isbm}}}}'}}}}", ["AR104"]),
        (f"http: {{{SHOP}}}\n    name: a b", ["AR401"]),
        (f"http: {{{SHOP}}}\n  - http: {{{SHOP}}}", ["AR402"]),
        ("http: {openapi: https://a.example/api.json, operation: it, query: {lang: '{{isbm}}'}}", []),
        ("http: {openapi: nowhere.json, operation: it}", ["AR001"]),
        ("http: {openapi: ../shop.json, operation: it}", ["AR120"]),
        ("http: {openapi: toolsets/apis/shop.json}", ["AR203"]),
        ("name: a\n    description: b\n    http: {json: {}, headers: {}}", ["AR203"]),
        ("http: {operation: it}", ["AR203", "AR203", "AR217"]),
        ("name: a\n    description: b\n    http: {url: 'https://a.example', operation: it}", ["AR217"]),
    ],
)
def test_what_is_found_in_a_file(project: Path, tool: str, codes: list[str]) -> None:
    write(tool)
    assert sorted(code for code, _ in find_codes()) == codes


def test_operations_are_values() -> None:
    assert find_operation(ORDER, "it") == find_operation(json.loads(json.dumps(ORDER)), "it")
    assert isinstance(find_operation(ORDER, "it"), Operation)
