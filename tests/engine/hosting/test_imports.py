"""Naming MCP servers: what may be said, what is listed when, what is offered."""

from __future__ import annotations

from typing import Any

import pytest

from agentrun.engine.core import Core
from agentrun.engine.effects import Expect, HostedToolsListed, ListHostedTools, StopHosted
from agentrun.engine.hosting.definitions import MAX_SERVERS
from agentrun.engine.hosting.values import HostedError
from agentrun.engine.ids import Ids
from agentrun.engine.seams import Call
from agentrun.secret import Secret
from agentrun.wire import server as events
from tests.engine.hosting.kit import SCHEMA, URL, HostingSession, make_server, make_tool
from tests.engine.kit import EPOCH, error_of, last, names

LISTING = [
    "session.updated",
    "mcp_list_tools.in_progress",
    "conversation.item.added",
    "conversation.item.done",
    "mcp_list_tools.completed",
]


def offered(session: HostingSession, **overrides: Any) -> list[str]:
    session.send("response.create", response=overrides)
    return [tool["name"] for tool in session.prompts[-1].tools]


def test_tools_of_a_server_are_listed() -> None:
    session = HostingSession()
    events = session.update(tools=[make_server()])
    assert names(events) == LISTING
    item = last(events, "conversation.item.done")["item"]
    assert item["id"].startswith("mcpl_")
    assert {event["item_id"] for event in events if "item_id" in event} == {item["id"]}
    assert (item["type"], item["server_label"]) == ("mcp_list_tools", "docs")
    assert item["tools"][0] == {
        "name": "search",
        "description": "Do search.",
        "input_schema": SCHEMA,
        "annotations": None,
    }
    assert "status" not in item


def test_a_listing_under_way_can_be_retrieved() -> None:
    session = HostingSession(hold=(ListHostedTools,))
    item_id = session.update(tools=[make_server()])[1]["item_id"]
    retrieved = session.send("conversation.item.retrieve", item_id=item_id)
    assert (names(retrieved), retrieved[0]["item"]["tools"]) == (["conversation.item.retrieved"], [])
    session.say("Hi", id="item_between")
    done = session.answer()
    assert done[0]["previous_item_id"] == "item_between"
    assert len(session.send("conversation.item.retrieve", item_id=item_id)[0]["item"]["tools"]) == 2


def test_tools_can_be_used_in_turns_that_start_after_loading() -> None:
    session = HostingSession([[], []], hold=(ListHostedTools,))
    session.update(tools=[make_server()])
    assert offered(session) == []
    session.answer()
    assert offered(session) == ["search", "drop"]
    assert session.prompts[-1].tools[0] == {
        "type": "function",
        "name": "search",
        "description": "Do search.",
        "parameters": SCHEMA,
    }


def test_the_recogniser_learns_of_the_tools() -> None:
    session = HostingSession()
    session.update(tools=[make_server()])
    assert isinstance(session.expected[-1], Expect)
    assert [tool["name"] for tool in session.expected[-1].tools] == ["search", "drop"]


def test_a_server_that_cannot_be_listed() -> None:
    refused = HostedError("http_error", "the server answered with status 401", 401)
    session = HostingSession([[]], listings={"docs": refused})
    events = session.update(tools=[make_server()])
    assert names(events) == [*LISTING[:-1], "mcp_list_tools.failed"]
    item = last(events, "conversation.item.done")["item"]
    assert item["tools"] == []
    assert item["error"] == {
        "type": "http_error",
        "code": 401,
        "message": "the server answered with status 401",
    }
    assert offered(session) == []


@pytest.mark.parametrize("place", [{"connector_id": "connector_gmail"}, {"tunnel_id": "tunnel_1"}])
def test_services_of_the_provider_are_not_there(place: dict[str, str]) -> None:
    session = HostingSession()
    events = session.update(tools=[{"type": "mcp", "server_label": "mail", **place}])
    assert names(events) == [*LISTING[:-1], "mcp_list_tools.failed"]
    assert events[0]["session"]["tools"] == [{"type": "mcp", "server_label": "mail", **place}]
    message = last(events, "conversation.item.done")["item"]["error"]["message"]
    assert next(iter(place.values())) in message
    assert "'server_url'" in message
    assert session.hosted == []


def test_a_server_that_takes_too_long() -> None:
    session = HostingSession(hold=(ListHostedTools,))
    item_id = session.update(tools=[make_server()])[1]["item_id"]
    assert session.core.deadline_ms == 30_000
    assert session.wake(29_999) == []
    events = session.wake(30_000)
    assert names(events) == ["conversation.item.added", "conversation.item.done", "mcp_list_tools.failed"]
    assert session.hosted[-1] == StopHosted(item_id)
    assert session.core.deadline_ms == 3_600_000
    assert session.answer() == []  # too late


def test_credentials_are_never_shown() -> None:
    session = HostingSession()
    secrets: dict[str, Any] = {"headers": {"X-Key": "hidden-header"}, "authorization": "hidden-token"}
    tool = make_server(**secrets)
    shown = [*session.update(tools=[tool]), *session.update(instructions="Be kind.")]
    session.send("response.create", response={"tools": [tool]})
    assert "hidden" not in str([*shown, *session.events, session.hosted, session.core.__dict__])
    order = session.hosted[0]
    assert isinstance(order, ListHostedTools)
    assert order.server.authorization is not None
    assert order.server.authorization.reveal() == "hidden-token"
    assert [(name, value.reveal()) for name, value in order.server.headers] == [("X-Key", "hidden-header")]


def test_the_same_server_is_listed_once() -> None:
    session = HostingSession([[]])
    tool = make_server(authorization="k")
    session.update(tools=[tool])
    assert names(session.update(tools=[tool])) == ["session.updated"]
    assert names(session.update(tools=[make_server()])) == ["session.updated"]  # its token is known
    assert names(session.update(tools=[tool], instructions="x")) == ["session.updated"]
    assert len(session.hosted) == 1
    assert offered(session) == ["search", "drop"]


def test_a_listing_under_way_is_not_started_again() -> None:
    session = HostingSession(hold=(ListHostedTools,))
    session.update(tools=[make_server()])
    assert names(session.update(tools=[make_server()])) == ["session.updated"]


def test_another_place_or_token_is_another_server() -> None:
    session = HostingSession([[]])
    session.update(tools=[make_server(authorization="old")])
    assert names(session.update(tools=[make_server(authorization="new")])) == LISTING
    assert names(session.update(tools=[make_server(server_url="https://other.example/mcp")])) == LISTING
    orders = [order.server for order in session.hosted if isinstance(order, ListHostedTools)]
    assert [server.url for server in orders] == [URL, URL, "https://other.example/mcp"]
    assert orders[-1].authorization is None
    assert names(session.update(tools=[make_server(authorization="old")])) == LISTING  # not kept meanwhile


def test_a_listing_that_comes_when_its_label_means_another_server() -> None:
    session = HostingSession([[]], hold=(ListHostedTools,))
    session.update(tools=[make_server(authorization="old")])
    session.update(tools=[make_server(authorization="new")])
    old, new = (order for order in session.hosted if isinstance(order, ListHostedTools))
    session.put(HostedToolsListed(new.item_id, [make_tool("new")]))
    session.put(HostedToolsListed(old.item_id, [make_tool("old")]))
    assert offered(session) == ["new"]
    session.update(tools=[make_server(authorization="old")])
    assert isinstance(session.hosted[-1], ListHostedTools)
    assert len(session.hosted) == 3


def test_a_new_token_replaces_the_old_header() -> None:
    session = HostingSession()
    session.update(tools=[make_server(headers={"Authorization": "Basic old"})])
    session.update(tools=[{"type": "mcp", "server_label": "docs", "authorization": "new"}])
    order = session.hosted[-1]
    assert isinstance(order, ListHostedTools)
    assert (order.server.authorization, order.server.headers) == (Secret("new"), ())


def test_a_failed_listing_is_tried_again_when_the_server_is_named_again() -> None:
    lost = HostedError("protocol_error", "gone", -32000)
    session = HostingSession(listings={"docs": lost})
    session.update(tools=[make_server()])
    session.listings.clear()
    assert names(session.update(tools=[make_server()])) == LISTING


def test_a_label_brings_a_server_back() -> None:
    session = HostingSession([[], [], []])
    session.update(tools=[make_server(authorization="k", allowed_tools=["drop"])])
    session.update(tools=[])
    assert offered(session) == []
    label = {"type": "mcp", "server_label": "docs"}
    events = session.update(tools=[label])
    assert names(events) == ["session.updated"]
    assert events[0]["session"]["tools"] == [{**make_server(), "allowed_tools": ["drop"]}]
    assert offered(session) == ["drop"]
    assert offered(session, tools=[{**label, "allowed_tools": ["search"]}]) == ["search"]


def test_a_server_of_one_response() -> None:
    session = HostingSession([[], [], []])
    session.send("response.create", response={"tools": [make_server()]})
    assert len(session.hosted) == 1
    assert session.prompts[-1].tools == []  # not loaded when the turn started
    assert offered(session, tools=[{"type": "mcp", "server_label": "docs"}]) == ["search", "drop"]
    assert offered(session) == []


def test_a_server_that_came_with_the_key() -> None:
    preset = {"type": "realtime", "tools": [make_server(authorization="hidden-token")]}
    core = Core("gpt-realtime-2.1", Ids(7), EPOCH, preset=preset)
    created, *_, progress, order = core.start(0)
    assert isinstance(created, events.SessionCreated)
    assert created.session["tools"] == [make_server()]
    assert isinstance(progress, events.McpListToolsInProgress)
    assert isinstance(order, ListHostedTools)
    assert order.server.authorization == Secret("hidden-token")


def test_no_listing_for_a_response_that_is_refused() -> None:
    session = HostingSession()
    error_of(session.send("response.create", response={"tools": [make_server()], "tool_choice": "never"}))
    assert session.hosted == []


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        (None, ["look", "change"]),
        ([], []),
        (["change", "no such tool"], ["change"]),
        ({}, ["look", "change"]),
        ({"read_only": True}, ["look"]),
        ({"read_only": False}, ["change"]),
        ({"tool_names": ["look", "change"], "read_only": False}, ["change"]),
    ],
)
def test_allowed_tools(allowed: Any, expected: list[str]) -> None:
    tools = (make_tool("look", read_only=True), make_tool("change"))
    session = HostingSession([[]], listings={"docs": tools})
    events = session.update(tools=[make_server(allowed_tools=allowed)])
    item = last(events, "conversation.item.done")["item"]
    assert [tool["name"] for tool in item["tools"]] == expected
    assert offered(session) == expected


def test_tools_that_only_programs_may_call_are_not_offered() -> None:
    session = HostingSession([[]])
    session.update(tools=[make_server(allowed_callers=["programmatic"])])
    assert offered(session) == []


def test_names_that_clash_or_are_no_names_of_functions() -> None:
    tools = (make_tool("a.b"), make_tool("a b"), make_tool("own"), make_tool("x" * 100))
    session = HostingSession([[Call("own", {})]], listings={"one": tools, "two": tools})
    own = {"type": "function", "name": "own"}
    session.update(tools=[own, make_server("one", require_approval="never"), make_server("two")])
    shown = offered(session)
    assert shown == [
        "own",
        "a_b",
        "one_a_b",
        "one_own",
        "x" * 64,
        "two_a_b",
        "a_b_2",
        "two_own",
        "two_" + "x" * 60,
    ]
    assert (
        session.events[-2]["response"]["output"][0]["type"] == "function_call"
    )  # the client's own comes first


@pytest.mark.parametrize(
    ("choice", "seen", "tools"),
    [
        ("required", "required", ["own", "search", "drop"]),
        ({"type": "mcp", "server_label": "docs"}, "required", ["search", "drop"]),
        (
            {"type": "mcp", "server_label": "docs", "name": "drop"},
            {"type": "function", "name": "drop"},
            ["own", "search", "drop"],
        ),
        ({"type": "mcp", "server_label": "docs", "name": "other"}, "none", ["own", "search", "drop"]),
    ],
)
def test_choice_of_a_server(choice: Any, seen: Any, tools: list[str]) -> None:
    session = HostingSession([[]])
    session.update(tools=[{"type": "function", "name": "own"}, make_server()], tool_choice=choice)
    assert offered(session) == tools
    assert session.prompts[-1].tool_choice == seen


@pytest.mark.parametrize("choice", ["required", {"type": "mcp", "server_label": "docs"}])
def test_a_choice_that_cannot_be_met_yet_leaves_words(choice: Any) -> None:
    session = HostingSession([[]], hold=(ListHostedTools,))
    session.update(tools=[make_server()], tool_choice=choice)
    assert offered(session) == []
    assert session.prompts[-1].tool_choice == "none"


@pytest.mark.parametrize(
    ("tools", "code", "param"),
    [
        ([make_server(), make_server()], "invalid_value", "session.tools"),
        (
            [{"type": "mcp", "server_label": "docs"}],
            "missing_required_parameter",
            "session.tools[0].server_url",
        ),
        ([make_server(tunnel_id="t")], "invalid_value", "session.tools[0]"),
        ([make_server(server_url="file:///etc/passwd")], "invalid_value", "session.tools[0].server_url"),
        ([make_server(server_url="https://")], "invalid_value", "session.tools[0].server_url"),
        ([make_server(server_url="http://[::1")], "invalid_value", "session.tools[0].server_url"),
        ([make_server(server_url="https://a:b@example.com")], "invalid_value", "session.tools[0].server_url"),
        (
            [{"type": "mcp", "server_label": "x", "connector_id": "connector_fax"}],
            "invalid_value",
            "session.tools[0].connector_id",
        ),
        (
            [make_server(authorization="k", headers={"authorization": "Bearer k"})],
            "invalid_value",
            "session.tools[0].authorization",
        ),
        ([make_server(authorization="a\nb")], "invalid_value", "session.tools[0].authorization"),
        ([make_server(headers={"A b": "c"})], "invalid_value", "session.tools[0].headers"),
        ([make_server(headers={"A": "c\r\nX: y"})], "invalid_value", "session.tools[0].headers.A"),
        ([make_server(allowed_tools="all")], "invalid_type", "session.tools[0].allowed_tools"),
        ([make_server(require_approval="maybe")], "invalid_value", "session.tools[0].require_approval"),
        ([make_server(retries=3)], "unknown_parameter", "session.tools[0].retries"),
        ([make_server(f"s{n}") for n in range(MAX_SERVERS + 1)], "invalid_value", "session.tools"),
    ],
)
def test_refused_servers(tools: Any, code: str, param: str) -> None:
    session = HostingSession()
    error = error_of(session.update(tools=tools))
    assert (error["code"], error["param"]) == (code, param)
    assert session.hosted == []


def test_servers_do_not_add_up_beyond_the_bound() -> None:
    session = HostingSession()
    for number in range(MAX_SERVERS):
        session.update(tools=[make_server(f"s{number}")])
    assert error_of(session.update(tools=[make_server("one_more")]))["param"] == "session.tools"
    assert names(session.update(tools=[make_server("s0")])) == ["session.updated"]


def test_choice_of_a_server_that_is_not_there() -> None:
    choice = {"type": "mcp", "server_label": "other"}
    error = error_of(HostingSession().update(tools=[make_server()], tool_choice=choice))
    assert (error["code"], error["param"]) == ("invalid_value", "session.tool_choice")
