from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.tools.arguments import ArgumentChecker, InvalidArguments

CHECKER = ArgumentChecker(
    {
        "type": "object",
        "properties": {
            "order_id": {"type": "string", "pattern": r"^A\d{4}$", "description": "Order number"},
            "size": {"enum": ["small", "large"]},
            "day": {"type": "string", "format": "date"},
            "count": {"type": "integer", "minimum": 1, "maximum": 9},
            "note": {"type": ["string", "null"], "maxLength": 8},
        },
        "required": ["order_id"],
        "additionalProperties": False,
    }
)


def complaint(arguments: Any) -> str:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    with pytest.raises(InvalidArguments) as caught:
        CHECKER.parse(text)
    assert caught.value.code == "invalid_arguments"
    return str(caught.value).removeprefix("The arguments were not accepted: ")


def test_good_arguments_pass_unchanged() -> None:
    good = {"order_id": "A1001", "size": "small", "day": "2026-11-21", "count": 2, "note": None}
    assert CHECKER.parse(json.dumps(good)) == good


def test_no_text_means_no_arguments() -> None:
    assert ArgumentChecker({"type": "object", "properties": {}}).parse("") == {}


def test_null_for_an_optional_argument_counts_as_absent() -> None:
    assert CHECKER.parse('{"order_id": "A1001", "size": null}') == {"order_id": "A1001"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "lacks `order_id`"),
        ({"order_id": "B1"}, r'`order_id` must match ^A\d{4}$, which "B1" does not (Order number)'),
        ({"order_id": 7}, "`order_id` must be of type string, not 7 (Order number)"),
        ({"order_id": None}, "`order_id` must be of type string, not null (Order number)"),
        ({"order_id": "A1001", "size": "huge"}, '`size` must be one of "small", "large", not "huge"'),
        ({"order_id": "A1001", "day": "2026-02-30"}, '`day` must be a date, which "2026-02-30" is not'),
        ({"order_id": "A1001", "count": 0}, "`count` must be at least 1, not 0"),
        ({"order_id": "A1001", "count": 10}, "`count` must be at most 9, not 10"),
        (
            {"order_id": "A1001", "colour": 1},
            "has no argument `colour`; it takes `order_id`, `size`, `day`, `count`, `note`",
        ),
        ({"order_id": "A1001", "note": "x" * 9}, "`note` 'xxxxxxxxx' is too long"),
        ("[1]", "they must be one JSON object"),
    ],
)
def test_complaints_name_the_argument_and_what_is_allowed(arguments: Any, words: str) -> None:
    assert complaint(arguments) == words


@pytest.mark.parametrize(
    "text", ['{"order_id": "A1001"', "order A1001", '{"count": NaN}', '{"note": "\\ud800"}', "[" * 100_000]
)
def test_text_that_is_not_json(text: str) -> None:
    assert "not valid JSON" in complaint(text)


def test_all_complaints_come_at_once() -> None:
    text = complaint({"order_id": "B1", "size": "huge"})
    assert "`order_id`" in text
    assert "`size`" in text


@given(st.text() | st.from_regex(r"\{.*\}"))
def test_any_text_is_either_taken_or_refused(text: str) -> None:
    try:
        arguments = CHECKER.parse(text)
    except InvalidArguments:
        return
    assert arguments["order_id"][0] == "A"
