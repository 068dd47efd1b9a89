from __future__ import annotations

from agentrun.conversation.toolcalls import Batch, ToolCalls
from agentrun.plan import Placeholder
from tests.conversation.plans import make_tool

RULES = Placeholder(say="One moment.", after_ms=800, every_ms=6000, most=2)


def test_ids_are_used_once() -> None:
    calls = ToolCalls()
    assert [calls.is_new(call_id) for call_id in ("a", "a", "", "b")] == [True, False, False, True]


def test_runs_are_counted() -> None:
    calls = ToolCalls()
    for call_id, name in (("a", "lookup"), ("b", "book"), ("c", "lookup")):
        calls.start(call_id, make_tool(name), Batch({call_id}), 0)
    assert (calls.runs(), calls.runs("lookup"), calls.runs("nonsense")) == (3, 2, 0)


def test_calls_expire_at_their_deadline() -> None:
    calls = ToolCalls()
    calls.start("a", make_tool(timeout_ms=1000), Batch({"a"}), 500)
    assert calls.expired(1499) == []
    assert [call.call_id for call in calls.expired(1500)] == ["a"]


def test_without_rules_there_is_no_placeholder() -> None:
    calls = ToolCalls()
    calls.start("a", make_tool(), Batch({"a"}), 0)
    assert (calls.due(9999, 0), calls.next_due_ms(0)) == (None, None)


def test_placeholders_wait_for_their_time_and_for_quiet() -> None:
    calls = ToolCalls()
    calls.start("a", make_tool(placeholder=RULES), Batch({"a"}), 0)
    assert (calls.next_due_ms(0), calls.next_due_ms(500)) == (800, 1300)
    assert calls.due(799, 0) is None
    first = calls.due(800, 0)
    assert first is not None
    calls.note_placeholder(first, 800)
    assert (calls.next_due_ms(0), calls.next_due_ms(1500)) == (6800, 7500)
    calls.note_placeholder(first, 6800)
    assert calls.next_due_ms(0) is None


def test_the_longest_wait_comes_first() -> None:
    calls = ToolCalls()
    for call_id, now_ms in (("a", 100), ("b", 0)):
        calls.start(call_id, make_tool(placeholder=RULES), Batch({call_id}), now_ms)
    due = calls.due(5000, 0)
    assert due is not None
    assert due.call_id == "b"


def test_a_preamble_counts() -> None:
    calls = ToolCalls()
    calls.start("a", make_tool(placeholder=RULES), Batch({"a"}, spoke=True), 0)
    calls.start("b", make_tool(placeholder=Placeholder(say="x", most=1)), Batch({"b"}, spoke=True), 0)
    assert calls.next_due_ms(0) == 6000
    assert calls.pending["b"].due_ms is None
