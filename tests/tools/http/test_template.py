from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.plan import HttpTarget
from agentrun.secret import Secret
from agentrun.tools.arguments import InvalidArguments
from agentrun.tools.call import CodedFailure
from agentrun.tools.http.request import build_request
from agentrun.tools.http.template import ABSENT, Scope, render_header, render_json, render_query, render_url
from tests.tools.conftest import RecordingCall

PARAMETERS = {
    "type": "object",
    "properties": {"x": {}, "note": {"type": "string"}, "size": {"default": "small"}},
}
values = st.text() | st.integers() | st.booleans() | st.none() | st.lists(st.text())


def scope(**arguments: Any) -> Scope:
    return Scope(PARAMETERS, arguments, RecordingCall(variables={"shop": "Harbour", "x": "variable"}))


def test_names_of_the_call() -> None:
    assert render_json("{{call.id}} {{call.from}} {{call.to}} {{call.channel}} {{shop}}", scope()) == (
        "call_1 +4912345 +49800 text Harbour"
    )
    assert render_json("{{today}}", scope()) == datetime.now().astimezone().date().isoformat()
    assert str(render_json("{{now}}", scope())).startswith(str(render_json("{{today}}", scope())))


def test_a_scope_is_a_mapping() -> None:
    assert {"shop", "x", "call.id", "today"} <= set(scope())
    assert len(scope()) == len(list(scope()))


def test_an_argument_that_the_schema_does_not_declare_cannot_replace_a_variable() -> None:
    assert render_json("{{shop}}", scope(shop="another")) == "Harbour"


def test_defaults_of_the_schema_and_absent_arguments() -> None:
    assert render_json({"a": "{{size}}", "b": "{{note}}", "c": "[{{note}}]"}, scope()) == {
        "a": "small",
        "c": "[]",
    }
    assert render_json(["{{note}}", "{{x}}"], scope(x=1)) == [1]
    assert render_json("{{note}}", scope()) is ABSENT


def test_a_name_without_a_value() -> None:
    with pytest.raises(CodedFailure, match="no value for `nobody`"):
        render_json("{{nobody}}", scope())


@given(values)
def test_json_keeps_type_and_text(value: Any) -> None:
    assert render_json({"a": ["{{ x }}"]}, scope(x=value)) == {"a": [value]}


@given(st.text())
def test_a_value_is_not_a_template(value: str) -> None:
    assert render_json("<{{x}}>", scope(x=value + "{{shop}}")) == f"<{value}{{{{shop}}}}>"


@given(values)
def test_a_value_stays_one_segment_of_the_path(value: Any) -> None:
    try:
        url = render_url("https://shop.example:8443/api/{{x}}/end?a={{x}}&b=1", scope(x=value))
    except InvalidArguments:
        assert value in (None, "", ".", "..")
        return
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "shop.example:8443", "")
    before, segment, end = parts.path.removeprefix("/").split("/")
    assert (before, end) == ("api", "end")
    query = parse_qsl(parts.query, keep_blank_values=True)
    assert [name for name, _ in query] == ["a", "b"]
    if isinstance(value, str):
        assert unquote(segment) == value == query[0][1]
    # The HTTP library must not see another path than we do.
    assert httpx.URL(url).raw_path.decode().partition("?")[0].split("/") == ["", "api", segment, "end"]


@pytest.mark.parametrize("bad", ["", ".", "..", None])
def test_values_that_would_name_another_resource(bad: Any) -> None:
    with pytest.raises(InvalidArguments, match="`x` must be a name"):
        render_url("https://shop.example/{{x}}", scope(x=bad))
    with pytest.raises(InvalidArguments):
        render_url("https://shop.example/{{note}}", scope())


@pytest.mark.parametrize(
    "template", ["https://{{x}}/", "https://shop.{{x}}.example/", "{{x}}://shop.example/"]
)
def test_a_value_cannot_choose_the_host(template: str) -> None:
    with pytest.raises(CodedFailure) as caught:
        build_request(HttpTarget("GET", template), scope(x="evil.example"))
    assert caught.value.code == "bad_url"


@given(values)
def test_a_query_value_stays_one_value(value: Any) -> None:
    pairs = parse_qsl(render_query({"q": "{{x}}", "z": "end"}, scope(x=value)), keep_blank_values=True)
    assert pairs[-1] == ("z", "end")
    if isinstance(value, str):
        assert pairs[0] == ("q", value)
    if isinstance(value, list):
        assert pairs[:-1] == [("q", item) for item in value]
    if value is None:
        assert pairs == [("z", "end")]


def test_query_values_that_are_not_text() -> None:
    query = render_query({"a": "{{x}}", "b": True, "c": "{{note}}"}, scope(x={"k": [1]}))
    assert parse_qsl(query) == [("a", '{"k": [1]}'), ("b", "true")]


@pytest.mark.parametrize("bad", ["a\nb", "a\r\nX-Evil: 1", "a\x00b", "a\u2028b", "a\x0bb"])
def test_a_header_stays_one_line(bad: str) -> None:
    with pytest.raises(InvalidArguments, match="line breaks"):
        render_header("v {{x}}", scope(x=bad))


def test_a_request_with_everything() -> None:
    target = HttpTarget(
        "post",
        Secret("https://api.example/v1/{{x}}?fixed=1"),
        query={"size": "{{size}}"},
        headers={"X-Caller": "{{call.from}}", "X-Note": "{{note}}"},
        json={"n": "{{x}}", "key": Secret("k-{{shop}}")},
        auth={"bearer": Secret("token")},
    )
    request = build_request(target, scope(x=3))
    assert request.method == "POST"
    assert request.url == "https://api.example/v1/3?fixed=1&size=small"
    assert dict(request.headers) == {
        "X-Caller": "+4912345",
        "Content-Type": "application/json",
        "Authorization": "Bearer token",
    }
    assert request.content == b'{"n": 3, "key": "k-Harbour"}'
    assert "token" not in repr(request)


@pytest.mark.parametrize(
    ("auth", "header", "query"),
    [
        ({"basic": {"username": "ann", "password": Secret("pässword")}}, "Basic YW5uOnDDpHNzd29yZA==", ""),
        ({"header": {"X-Api-Key": Secret("k")}}, "k", ""),
        ({"query": {"key": Secret("a&b")}}, None, "key=a%26b"),
    ],
)
def test_auth(auth: Any, header: str | None, query: str) -> None:
    request = build_request(HttpTarget("GET", "https://api.example/", auth=auth), scope())
    assert [value for _, value in request.headers] == ([header] if header else [])
    assert urlsplit(request.url).query == query


def test_auth_of_an_unknown_kind() -> None:
    with pytest.raises(CodedFailure, match="unknown kind `digest`"):
        build_request(HttpTarget("GET", "https://api.example/", auth={"digest": "x"}), scope())


def test_form_and_text_bodies() -> None:
    form = build_request(
        HttpTarget("POST", "https://a.example/", form={"a": "{{x}}", "b": "c d"}), scope(x="&=")
    )
    assert (form.content, dict(form.headers)) == (
        b"a=%26%3D&b=c%20d",
        {"Content-Type": "application/x-www-form-urlencoded"},
    )
    text = build_request(HttpTarget("POST", "https://a.example/", body="<{{x}}>"), scope(x="한글"))
    assert text.content.decode() == "<한글>"


@pytest.mark.parametrize("url", ["ftp://a.example/", "/path", "https://"])
def test_urls_that_are_not_http(url: str) -> None:
    with pytest.raises(CodedFailure, match="not an http or https"):
        build_request(HttpTarget("GET", url), scope())


def test_hosts_that_the_file_allows() -> None:
    def allowed(url: str, *hosts: str) -> bool:
        return build_request(HttpTarget("GET", url, allow_hosts=hosts), scope()).allow_private

    assert allowed("http://localhost:8080/", "localhost")
    assert allowed("http://localhost:8080/", "LOCALHOST:8080")
    assert not allowed("http://localhost:8080/", "localhost:80")
    assert not allowed("http://localhost.example/", "localhost")
