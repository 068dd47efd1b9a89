from __future__ import annotations

from agentrun.engine.speech import Hints
from agentrun.engine.speech.callers import build_language, find_phrases
from agentrun.engine.speech.grammar import list_words, render_jsgf
from agentrun.wire.json import JsonObject


def make_tool(name: str, description: str, **properties: JsonObject) -> JsonObject:
    parameters = {"type": "object", "properties": properties}
    return {"type": "function", "name": name, "description": description, "parameters": parameters}


LOOKUP = make_tool(
    "lookup_order", "Look up an order: its status.", order_id={"type": "string", "pattern": r"^A\d{4}$"}
)


def test_words_come_from_the_tools() -> None:
    words = set(list_words(build_language(Hints(tools=[LOOKUP])).rule))
    assert {"look", "find", "order", "status", "_a", "_thousand"} <= words


def test_enum_values_and_quantities_can_be_said() -> None:
    size = {"type": "string", "enum": ["small", "extra_large"]}
    tool = make_tool("order_pizza", "Order a pizza.", size=size, quantity={"type": "integer"})
    words = set(list_words(build_language(Hints(tools=[tool])).rule))
    assert {"small", "extra", "large", "pizza", "pizzas", "_two"} <= words


def test_optional_values_are_found_and_examples_do_not_outweigh_a_pattern() -> None:
    day: JsonObject = {"anyOf": [{"type": "string", "enum": ["Monday"]}, {"type": "null"}]}
    code: JsonObject = {"type": "string", "pattern": r"^B\d{2}$", "examples": ["KX9"]}
    words = set(
        list_words(build_language(Hints(tools=[make_tool("find_shelf", "", day=day, shelf=code)])).rule)
    )
    assert {"monday", "_b"} <= words
    assert "_k" not in words


def test_an_identifier_is_learnt_from_the_example_in_its_description() -> None:
    tool = make_tool(
        "find_parcel", "Find a parcel.", parcel={"type": "string", "description": "such as KX-203"}
    )
    written = build_language(Hints(tools=[tool])).write(["_a", "_b", "_one", "_two", "_three"])
    assert written == "AB-123."


def test_quoted_sentences_are_phrases() -> None:
    hints = Hints(
        instructions='When somebody says "my parcel is wet", be sorry.', phrases=("Is it raining?",)
    )
    assert find_phrases(hints) == ["my parcel is wet"]
    jsgf = render_jsgf(build_language(hints).rule)
    assert "my parcel is wet" in jsgf
    assert "is it raining" in jsgf


def test_the_language_is_the_same_every_time() -> None:
    hints = Hints("Be kind.", [LOOKUP])
    assert build_language(hints).rule == build_language(hints).rule


def test_odd_tools_do_no_harm() -> None:
    odd: list[JsonObject] = [
        {"type": "mcp", "server_label": "x"},
        {"type": "function", "name": "예약", "description": None, "parameters": None},
        make_tool("x", "", anything={}, free={"type": "string"}, codes={"type": "string", "pattern": "(("}),
        make_tool("paint", "Paint.", colour={"enum": [None, 3, "", "sky-blue"]}),
    ]
    assert render_jsgf(build_language(Hints(tools=odd)).rule).startswith("#JSGF")
    assert render_jsgf(build_language(Hints()).rule).startswith("#JSGF")
