from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import pathlib
import uuid
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.outcome import (
    MOST_CHARACTERS,
    OutcomeName,
    ToolOutcome,
    clean_text,
    describe_json,
    render_output,
    to_json,
)


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    at: datetime.date


class Pair(NamedTuple):
    left: int
    right: str


class Model:
    def model_dump(self, mode: str) -> dict[str, str]:
        return {"mode": mode}


def render(outcome: OutcomeName = "ok", result: Any = None, max_bytes: int = 16384, **more: Any) -> Any:
    return json.loads(render_output(ToolOutcome("fc_1", "lookup", outcome, result, **more), max_bytes))


def test_ok_is_told_with_its_result() -> None:
    assert render(result={"status": "배송 중"}) == {
        "outcome": "ok",
        "tool": "lookup",
        "result": {"status": "배송 중"},
    }


def test_texts_stay_readable() -> None:
    assert "배송" in render_output(ToolOutcome("fc_1", "lookup", "ok", "배송"))


def test_failed_is_told_with_code_and_message() -> None:
    assert render("failed", code="http_404", message="Not there.") == {
        "outcome": "failed",
        "tool": "lookup",
        "error": {"code": "http_404", "message": "Not there."},
    }


def test_a_failure_can_carry_a_result() -> None:
    assert render("failed", {"status": 404}, code="x", message="y")["result"] == {"status": 404}


@pytest.mark.parametrize("outcome", ["failed", "unknown", "cancelled", "refused"])
def test_without_words_of_its_own_the_outcome_still_has_code_and_message(outcome: OutcomeName) -> None:
    told = render(outcome)
    assert told["error"]["code"] == outcome
    assert told["error"]["message"]


def test_unknown_tells_the_model_not_to_claim_success() -> None:
    message = render("unknown", code="timeout", message="No answer in 10 s.")["error"]["message"]
    assert message.startswith("No answer in 10 s.")
    assert "Do not tell the caller that it worked" in message


def test_a_long_text_is_cut_and_says_so() -> None:
    told = render(result="x" * 5000, max_bytes=1000)
    assert told["result"] == "x" * len(told["result"])
    assert told["cut"] == f"only the first {len(told['result'])} of 5000 characters are shown"
    assert len(told["result"]) > 800


def test_a_long_structure_is_cut_as_text() -> None:
    told = render(result={"items": list(range(1000))}, max_bytes=500)
    assert told["result"].startswith('{"items": [0, 1, 2')


def test_a_long_message_is_cut_when_nothing_else_is_left() -> None:
    text = render_output(ToolOutcome("c", "t", "unknown", "r" * 900, "m" * 5000), 300)
    assert len(text.encode()) <= 300
    assert json.loads(text)["error"]["message"].startswith("mmm")


def test_a_failure_keeps_its_message_and_loses_its_long_result() -> None:
    told = render("failed", "b" * 5000, 600, message="The service said no.")
    assert told["error"]["message"] == "The service said no."
    assert told["cut"]


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner) | st.builds(object),
    max_leaves=20,
)


@given(json_like, st.text(), st.sampled_from(["ok", "failed", "unknown"]), st.integers(0, 3000))
def test_whatever_comes_the_envelope_is_json_within_its_bound(
    result: object, message: str, outcome: OutcomeName, max_bytes: int
) -> None:
    text = render_output(ToolOutcome("c", "tool", outcome, result, message), max_bytes)
    assert len(text.encode()) <= max(max_bytes, 256)
    assert json.loads(text)["outcome"] == outcome


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), None),
        (float("-inf"), None),
        (decimal.Decimal("12.50"), 12.5),
        (decimal.Decimal("NaN"), None),
        (datetime.date(2026, 11, 21), "2026-11-21"),
        (datetime.time(10, 30), "10:30:00"),
        (datetime.timedelta(minutes=2), 120.0),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (pathlib.PurePosixPath("a/b"), "a/b"),
        (Colour.RED, "red"),
        (Point(1, datetime.date(2026, 1, 2)), {"x": 1, "at": "2026-01-02"}),
        (Pair(1, "b"), {"left": 1, "right": "b"}),
        (Model(), {"mode": "json"}),
        ({"b", "a"}, ["a", "b"]),
        ((1, 2), [1, 2]),
        ({1: "one"}, {"1": "one"}),
        (b"text", "text"),
        (True, True),
    ],
)
def test_natural_values_have_a_json_form(value: object, expected: object) -> None:
    assert to_json(value) == expected


def test_values_without_a_json_form_are_refused_by_name() -> None:
    with pytest.raises(TypeError, match="type Thing"):
        to_json({"a": [type("Thing", (), {})()]})
    with pytest.raises(TypeError, match="3 bytes"):
        to_json(b"\xff\xfe\x00")
    with pytest.raises(TypeError, match="1024 bits"):
        to_json(10**5000)


def test_a_value_that_contains_itself() -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(ValueError, match="contains itself"):
        to_json(loop)
    assert describe_json(loop) == ["(a value that contains itself)"]


def test_the_same_value_twice_is_no_loop() -> None:
    shared = [1]
    assert to_json([shared, shared]) == [[1], [1]]


def test_a_very_deep_value() -> None:
    deep: list[Any] = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(ValueError, match="64 levels"):
        to_json(deep)
    assert "nested more than 64 levels" in json.dumps(describe_json(deep))


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("a\x00b\x1bc", "abc"),
        ("one\ttwo\nthree", "one\ttwo\nthree"),
        ("a\u202eb\u200bc\ufeff", "abc"),
        ("\U000e0041hidden", "hidden"),
        ("half \ud83d", "half \ufffd"),
        ("family 👨\u200d👩", "family 👨\u200d👩"),
    ],
)
def test_texts_are_cleaned(dirty: str, clean: str) -> None:
    assert clean_text(dirty) == clean


def test_what_fits_into_a_mebibyte_of_json_is_not_too_long() -> None:
    numbers = [1] * (MOST_CHARACTERS // 2)
    assert to_json("x" * MOST_CHARACTERS) == "x" * MOST_CHARACTERS
    assert to_json(numbers) == numbers
    empty: list[Any] = [""] * MOST_CHARACTERS
    for value in ("x" * (MOST_CHARACTERS + 1), [*numbers, 1, 1], empty):
        with pytest.raises(ValueError, match="more than 1048576 characters"):
            to_json(value)


def test_a_note_stands_beside_what_it_is_about_and_takes_no_room_from_it() -> None:
    noted = ToolOutcome("c", "tool", "ok", "r" * 900, note="An old\x00 answer.")
    envelope = json.loads(render_output(noted, 300))
    assert envelope["note"] == "An old answer."
    assert len(envelope["result"]) > 50
    assert "note" not in json.loads(render_output(replace(noted, note="")))
