from __future__ import annotations

from agentrun.conversation.usage import Usage
from agentrun.wire.json import JsonValue


def test_numbers_add_and_objects_merge() -> None:
    usage = Usage()
    usage.add({"total_tokens": 3, "input_token_details": {"text_tokens": 2, "audio_tokens": 1}})
    usage.add({"total_tokens": 4, "input_token_details": {"text_tokens": 4}, "output_token_details": None})
    assert usage.total() == {
        "total_tokens": 7,
        "input_token_details": {"text_tokens": 6, "audio_tokens": 1},
    }


def test_anything_else_is_left_out() -> None:
    usage = Usage()
    values: list[JsonValue] = [
        None,
        [],
        {"a": True, "b": "x"},
        {"a": 1},
        {"a": {"b": 1}},
        {"c": {"d": 1}},
        {"c": 2},
    ]
    for value in values:
        usage.add(value)
    assert usage.total() == {"a": 1, "c": {"d": 1}}


def test_the_sums_are_a_copy() -> None:
    usage = Usage()
    usage.add({"details": {"n": 1}})
    usage.total()["details"]["n"] = 9
    assert usage.total() == {"details": {"n": 1}}
