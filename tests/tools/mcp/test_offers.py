from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
from hypothesis import given

from agentrun.mcp.listing import ListedTool
from agentrun.plan import McpAddress, McpTarget, Placeholder
from agentrun.tools.mcp.offers import make_name, offer_tools
from tests.tools.mcp.kit import ANYTHING, make_server

ADDRESS = McpAddress(url="https://a.example.com/mcp")


def listed(name: str, *, read_only: bool = False) -> ListedTool:
    return ListedTool(name, f"Do {name}.", ANYTHING, {"readOnlyHint": True} if read_only else {})


@given(st.text(min_size=1, max_size=128), st.text("abc_-", min_size=1, max_size=64))
def test_every_name_is_one_that_the_model_can_call(tool: str, label: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", make_name(label, tool))


def test_long_names_that_differ_at_their_ends_stay_two() -> None:
    assert make_name("desk", "x" * 90 + "a") != make_name("desk", "x" * 90 + "b")
    assert make_name("desk", "order.history") == "desk_order_history"


def test_names_that_clash_leave_the_second_out_and_say_so() -> None:
    offer = offer_tools(make_server(ADDRESS), [listed("a.b"), listed("a b"), listed("own")], {"desk_own"})
    assert [tool.target for tool in offer.tools] == [McpTarget(ADDRESS, "a.b")]
    assert offer.problems == (
        "its tool `a b` is left out: another tool is called `desk_a_b`",
        "its tool `own` is left out: another tool is called `desk_own`",
    )


def test_only_what_the_file_allows_is_offered() -> None:
    def names(**allowed: Any) -> list[str]:
        server = replace(make_server(ADDRESS), **allowed)
        tools = [listed("look", read_only=True), listed("buy"), listed("peek", read_only=True)]
        return [tool.name for tool in offer_tools(server, tools, ()).tools]

    assert names() == ["desk_look", "desk_buy", "desk_peek"]
    assert names(allowed=frozenset({"look", "buy"})) == ["desk_look", "desk_buy"]
    assert names(read_only=True) == ["desk_look", "desk_peek"]
    assert names(allowed=frozenset({"look", "buy"}), read_only=True) == ["desk_look"]


def test_rules_of_the_file_hold_whatever_the_server_hints() -> None:
    server = make_server(ADDRESS, timeout_ms=3000, placeholder=Placeholder("Moment."))
    own = replace(server.rules, timeout_ms=900, confirm="caller")
    server = replace(server, tool_rules={"buy": own, "sell": own})
    offer = offer_tools(server, [listed("look", read_only=True), listed("buy")], ())
    look, buy = offer.tools
    assert (look.timeout_ms, look.effect, look.placeholder) == (3000, "write", Placeholder("Moment."))
    assert (buy.timeout_ms, buy.confirm, buy.description) == (900, "caller", "Do buy.")
    assert offer.problems == ("it has no tool `sell`; it has `buy`, `look`",)
