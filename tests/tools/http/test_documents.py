from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from agentrun.compiler import compile_agent
from agentrun.errors import ConfigError
from agentrun.runtime.agents import load_runnable
from agentrun.tools.http import documents
from agentrun.tools.http.documents import fetch_document, forget_documents
from agentrun.tools.python import describe_function
from tests.tools.conftest import RecordingCall, Site, run_one

ALLOWED = ("127.0.0.1",)
ORDERS = {
    "openapi": "3.1.0",
    "paths": {
        "/orders/{id}": {
            "post": {
                "operationId": "changeOrder",
                "summary": "Change an order",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                    {
                        "name": "tags[]",
                        "in": "query",
                        "schema": {"type": "array", "items": {"type": "string"}},
                    },
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["count"],
                                "properties": {"count": {"type": "integer"}, "note": {"type": "string"}},
                            }
                        }
                    },
                },
            }
        }
    },
}


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    forget_documents()
    yield
    forget_documents()


async def test_an_agent_with_a_document_at_an_address(site: Site, tmp_path: Path) -> None:
    """From the file over the document to the request, also while a loop is running."""
    site.answer_with(200, json.dumps(ORDERS).encode(), Content_Type="application/json")
    (tmp_path / "pyproject.toml").touch()
    file = tmp_path / "desk.yaml"
    http = f"openapi: {site.url}/docs/api.json, operation: changeOrder, allow_hosts: [127.0.0.1]"
    file.write_text(f"version: 1\ninstructions: Help.\ntools:\n  - http: {{{http}}}\n")
    for _ in range(2):
        spec = load_runnable(file, {})
    plan = compile_agent(spec, describe_python=describe_function)
    (tool,) = plan.tools
    assert (tool.name, tool.description, tool.effect) == ("changeOrder", "Change an order", "write")
    assert list(tool.parameters["properties"]) == ["id", "tags", "count", "note"]
    assert tool.parameters["required"] == ["id", "count"]
    told = await run_one(tool, {"id": "A/1", "tags": ["x", "y"], "count": 2}, RecordingCall())
    assert told.outcome == "ok"
    assert [seen.method for seen in site.seen] == ["GET", "POST"], "the document is read once"
    assert site.seen[1].path == "/orders/A%2F1?tags%5B%5D=x&tags%5B%5D=y"
    assert json.loads(site.seen[1].body) == {"count": 2}


def test_a_document_at_a_private_address_is_refused(site: Site) -> None:
    with pytest.raises(OSError, match=r"`127\.0\.0\.1` may not be reached"):
        fetch_document(site.url, ())
    assert site.seen == []


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (404, b"", "answered 404"),
        (200, b"a" * 1_100_000, "larger than 1 MiB"),
        (200, b"a" * 1_048_576, "larger"),
    ],
)
def test_what_is_no_document(site: Site, status: int, body: bytes, message: str) -> None:
    site.answer_with(status, body, Content_Type="text/plain")
    with pytest.raises(OSError, match=message):
        fetch_document(site.url, ALLOWED)


def test_a_failure_is_not_kept(site: Site) -> None:
    site.answer_with(503)
    with pytest.raises(OSError, match="503"):
        fetch_document(site.url, ALLOWED)
    site.answer_with(200, b"openapi: 3.1.0\npaths: {}", Content_Type="application/yaml")
    assert fetch_document(site.url, ALLOWED).startswith("openapi")


def test_one_who_may_not_does_not_get_what_another_has_read(site: Site) -> None:
    site.answer_with(200, b"openapi: 3.1.0", Content_Type="text/plain")
    fetch_document(site.url, ALLOWED)
    with pytest.raises(OSError, match="may not be reached"):
        fetch_document(site.url, ())


def test_a_service_that_says_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "FETCH_S", 0.05)

    def wait(handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(1)  # until the client goes away

    site.answer = wait
    with pytest.raises(OSError, match=r"no answer in 0\.05 s"):
        fetch_document(site.url, ALLOWED)


def test_the_fault_names_the_tool(site: Site, tmp_path: Path) -> None:
    site.answer_with(200, b"<html>Sign in</html>", Content_Type="text/html")
    file = tmp_path / "desk.yaml"
    http = f"openapi: {site.url}/api, operation: a, allow_hosts: [127.0.0.1]"
    file.write_text(f"version: 1\ninstructions: Help.\ntools:\n  - http: {{{http}}}\n")
    with pytest.raises(ConfigError, match="no OpenAPI document") as caught:
        load_runnable(file, {})
    assert [finding.code for finding in caught.value.diagnostics] == ["AR417"]


def test_it_runs_beside_a_loop() -> None:
    async def ask() -> None:
        with pytest.raises(OSError, match="may not be reached"):
            fetch_document("http://127.0.0.1:9/", ())

    asyncio.run(ask())
