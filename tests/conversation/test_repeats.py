"""The same write never runs twice on one call, however the model asks again."""

from __future__ import annotations

import json
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from agentrun.conversation.commands import StartTool
from agentrun.conversation.inputs import CallerLeft, CallerText, ToolFinished, Wake
from agentrun.conversation.repeats import JOINED, REPEATED, Repeats
from agentrun.conversation.reports import ToolReturned
from agentrun.outcome import OutcomeName, ToolOutcome
from agentrun.plan import HttpTarget, Idempotency, ToolBinding
from agentrun.wire.client import ConversationItemCreate
from agentrun.wire.json import JsonObject
from tests.conversation.plans import HANG_UP, make_plan, make_tool, ok
from tests.conversation.rig import Rig

BOOK = make_tool("book")
KEYED = make_tool("book", idempotency=Idempotency("key", ("slot",)))
POSTED = ToolBinding(
    "book",
    "",
    {"type": "object"},
    HttpTarget("POST", "https://a.b"),
    idempotency=Idempotency("key", ("slot",)),
)


def ask(rig: Rig, call_id: str, arguments: str = '{"slot": 1}', name: str = "book") -> list[str]:
    """The caller says something, and the model answers with this one call."""
    response_id = f"r_{call_id}"
    rig.take(CallerText("Book it."))
    rig.created(response_id)
    rig.calls(call_id, name, response_id, arguments)
    return rig.done(response_id)


def answers(rig: Rig) -> dict[str, JsonObject]:
    """What the model was told, by the id of the call."""
    items = [event.item for event in rig.pick(ConversationItemCreate)]
    return {item["call_id"]: json.loads(item["output"]) for item in items if "output" in item}


def starts(rig: Rig) -> list[str]:
    return [start.call_id for start in rig.pick(StartTool)]


def test_a_write_that_has_run_is_answered_and_not_run_again() -> None:
    rig = Rig.live(make_plan(BOOK))
    ask(rig, "c1")
    rig.take(ToolFinished(ok("c1", "book", {"ticket": 7})))
    ask(rig, "c2", '{"slot":1.0, "comment": null}')
    assert starts(rig) == ["c1"]
    assert answers(rig) == {
        "c1": {"outcome": "ok", "tool": "book", "result": {"ticket": 7}},
        "c2": {"outcome": "ok", "tool": "book", "note": REPEATED, "result": {"ticket": 7}},
    }


def test_a_write_that_runs_is_joined_also_after_a_barge_in() -> None:
    rig = Rig.live(make_plan(BOOK))
    ask(rig, "c1")
    rig.speech_started()
    rig.speech_stopped()
    rig.created("r2", own=True)
    rig.calls("c2", "book", "r2", '{"slot": 1}')
    rig.done("r2")
    assert (starts(rig), answers(rig)) == (["c1"], {})
    rig.take(ToolFinished(ok("c1", "book")))
    assert {call_id: answer.get("note") for call_id, answer in answers(rig).items()} == {
        "c1": None,
        "c2": JOINED,
    }
    assert [back.call_id for back in rig.pick(ToolReturned)] == ["c1", "c2"]


def test_the_same_write_twice_in_one_response_runs_once() -> None:
    rig = Rig.live(make_plan(BOOK))
    rig.take(CallerText("Book it."))
    rig.created("r1")
    rig.calls("c1", "book", "r1")
    rig.calls("c2", "book", "r1")
    rig.done("r1")
    assert starts(rig) == ["c1"]
    assert rig.take(ToolFinished(ok("c1", "book")))[-1] == "create results"
    assert set(answers(rig)) == {"c1", "c2"}


@pytest.mark.parametrize(
    ("tool", "outcome", "runs_again"),
    [
        (BOOK, "failed", True),
        (BOOK, "cancelled", True),
        (BOOK, "ok", False),
        (BOOK, "unknown", False),
        (KEYED, "unknown", False),
        (POSTED, "unknown", True),  # the service knows the key
        (POSTED, "ok", False),
        (make_tool("book", effect="read"), "ok", True),
        (make_tool("book", idempotency=Idempotency("natural")), "ok", True),
    ],
)
def test_what_may_run_again(tool: ToolBinding, outcome: OutcomeName, runs_again: bool) -> None:
    rig = Rig.live(make_plan(tool))
    ask(rig, "c1")
    rig.take(ToolFinished(ToolOutcome("c1", "book", outcome)))
    ask(rig, "c2")
    assert starts(rig) == (["c1", "c2"] if runs_again else ["c1"])
    if not runs_again:
        assert answers(rig)["c2"]["outcome"] == outcome


def test_other_arguments_are_another_write() -> None:
    rig = Rig.live(make_plan(BOOK))
    ask(rig, "c1", '{"slot": 1}')
    ask(rig, "c2", '{"slot": 2}')
    assert starts(rig) == ["c1", "c2"]


def test_a_key_with_other_arguments_is_refused() -> None:
    rig = Rig.live(make_plan(KEYED))
    ask(rig, "c1", '{"slot": 1, "name": "Kim"}')
    ask(rig, "c2", '{"slot": 1, "name": "Lee"}')
    ask(rig, "c3", '{"slot": 2, "name": "Lee"}')
    assert starts(rig) == ["c1", "c3"]
    assert answers(rig)["c2"]["error"]["code"] == "key_reused"


def test_a_late_word_on_a_write_counts() -> None:
    rig = Rig.live(make_plan(BOOK))
    ask(rig, "c1")
    rig.take(Wake(), 10_000)
    rig.take(ToolFinished(ok("c1", "book", "booked")))
    ask(rig, "c2")
    told = answers(rig)
    assert (told["c1"]["outcome"], told["c2"]["outcome"]) == ("unknown", "ok")
    assert starts(rig) == ["c1"]


def test_what_was_stopped_by_its_deadline_stays_unknown() -> None:
    rig = Rig.live(make_plan(BOOK))
    ask(rig, "c1")
    rig.take(Wake(), 10_000)
    rig.take(ToolFinished(ToolOutcome("c1", "book", "unknown", code="cancelled")))
    ask(rig, "c2")
    assert (starts(rig), answers(rig)["c2"]["outcome"]) == (["c1"], "unknown")


def test_a_joined_call_is_accounted_for_when_the_call_ends() -> None:
    rig = Rig.live(make_plan(make_tool("book", on_hangup="finish")))
    ask(rig, "c1")
    ask(rig, "c2")
    rig.take(CallerLeft())
    rig.take(ToolFinished(ok("c1", "book")))
    assert [(back.call_id, back.outcome) for back in rig.pick(ToolReturned)] == [
        ("c2", "refused"),
        ("c1", "ok"),
    ]


def test_repeats_and_refused_arguments_do_not_use_up_the_runs() -> None:
    rig = Rig.live(make_plan(make_tool("book", max_per_call=1)))
    ask(rig, "c1", '{"slot": "x"}')
    rig.take(ToolFinished(ToolOutcome("c1", "book", "failed", code="invalid_arguments")))
    ask(rig, "c2")
    rig.take(ToolFinished(ok("c2", "book")))
    ask(rig, "c3")
    ask(rig, "c4", '{"slot": 2}')
    assert starts(rig) == ["c1", "c2"]
    told = answers(rig)
    assert (told["c3"]["outcome"], told["c4"]["error"]["code"]) == ("ok", "max_per_call")


def test_hanging_up_is_no_write_that_counts_once() -> None:
    rig = Rig.live(make_plan(HANG_UP))
    ask(rig, "c1", "{}", "hang_up")
    rig.take(ToolFinished(ok("c1", "hang_up")))
    ask(rig, "c2", "{}", "hang_up")
    assert starts(rig) == ["c1", "c2"]


def test_what_an_operator_must_approve_does_not_run() -> None:
    rig = Rig.live(make_plan(make_tool("book", confirm="operator")))
    ask(rig, "c1")
    assert (starts(rig), answers(rig)["c1"]["error"]["code"]) == ([], "needs_operator")


@pytest.mark.parametrize("text", ["{", "[1]", "[" * 100_000, '"a"'])
def test_what_is_no_object_is_left_to_the_check_of_arguments(text: str) -> None:
    repeats = Repeats()
    repeats.start(BOOK, text, "c1")
    assert repeats.find(BOOK, text) is None


JSON = st.recursive(st.none() | st.integers(-3, 3) | st.text(max_size=2), st.lists, max_leaves=3)


@given(st.dictionaries(st.sampled_from("abc"), JSON), st.dictionaries(st.sampled_from("abc"), JSON))
def test_two_asks_are_the_same_exactly_if_their_arguments_are(one: Any, other: Any) -> None:
    repeats = Repeats()
    repeats.start(BOOK, json.dumps(one), "c1")
    found = repeats.find(BOOK, json.dumps(dict(reversed(other.items()))))

    def said(arguments: Any) -> Any:
        return {name: value for name, value in arguments.items() if value is not None}

    assert (found is not None) == (said(one) == said(other))
