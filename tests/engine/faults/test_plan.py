"""What a plan decides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.engine.faults import Delivery, FaultPlan, FaultRules, Rule, SessionFaults, parse_faults
from agentrun.engine.faults.desk import MAX_ASKED, FaultDesk
from agentrun.engine.faults.rules import Duplicate, Fail, Lose
from agentrun.engine.http.refusals import RequestRefused


def count(line: str, moment: str, times: int) -> list[int]:
    """Return at which occurrences of a moment something happens, counted from 1."""
    faults = SessionFaults([FaultPlan(parse_faults(line))])
    return [number for number in range(1, times + 1) if faults.take(moment)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("response: fail", [1, 2, 3, 4, 5, 6]),
        ("response#3: fail", [3]),
        ("response every=2: fail", [2, 4, 6]),
        ("response times=2: fail", [1, 2]),
        ("response every=2 times=2: fail", [2, 4]),
        ("response p=0: fail", []),
        ("response.done: lose", []),
    ],
)
def test_conditions(line: str, expected: list[int]) -> None:
    assert count(line, "response", 6) == expected


def test_stars_cover_events_and_nothing_else() -> None:
    assert count("*.delta: lose", "response.output_text.delta", 1) == [1]
    assert count("*.delta: lose", "response.done", 1) == []
    assert count("*: delay 1ms", "connect", 1) == []


def test_each_session_counts_for_itself_and_connections_are_counted_together() -> None:
    plan = FaultPlan(parse_faults("connect#2: refuse; response#1: fail; mcp#2: fail"))
    assert [bool(plan.connect()) for _ in range(3)] == [False, True, False]
    one, two = SessionFaults([plan]), SessionFaults([plan])
    assert [len(one.take("response")), len(one.take("response")), len(two.take("response"))] == [1, 0, 1]
    sessions = FaultPlan(parse_faults("session#2: drop"))
    assert [bool(SessionFaults([sessions]).take("session")) for _ in range(3)] == [False, True, False]
    assert [bool(one.take_listing()), bool(two.take_listing())] == [False, True]


@pytest.mark.parametrize(
    ("line", "deliveries"),
    [
        ("webhook#1: lose", [Delivery(0), Delivery(1)]),
        ("webhook#2: duplicate", [Delivery(1), Delivery(2)]),
        ("webhook: delay 50ms; webhook#1: duplicate", [Delivery(2, 50), Delivery(1, 50)]),
        ("webhook: lose; webhook: duplicate", [Delivery(0), Delivery(0)]),
        ("response: fail", [Delivery(), Delivery()]),
    ],
)
def test_webhooks(line: str, deliveries: list[Delivery]) -> None:
    desk = FaultDesk(parse_faults(line))
    assert [desk.webhook(), desk.webhook()] == deliveries


RULES = st.builds(
    Rule,
    st.sampled_from(["response", "response.done", "response.*", "*"]),
    st.sampled_from([Fail(), Lose(), Duplicate()]),
    nth=st.none() | st.integers(1, 4),
    every=st.integers(1, 3),
    probability=st.floats(0, 1),
    times=st.none() | st.integers(1, 3),
)
MOMENTS = st.lists(
    st.sampled_from(["response", "response.done", "response.created", "session.update"]), max_size=30
)


@given(st.lists(RULES, max_size=4), st.integers(), MOMENTS)
def test_the_same_seed_and_moments_give_the_same_actions(
    rules: list[Rule], seed: int, moments: list[str]
) -> None:
    def play() -> list[object]:
        faults = SessionFaults([FaultPlan(FaultRules(tuple(rules), seed))])
        return [faults.take(moment) for moment in moments]

    assert play() == play()


@given(RULES, st.integers(), MOMENTS)
def test_no_rule_acts_more_often_than_it_may(rule: Rule, seed: int, moments: list[str]) -> None:
    faults = SessionFaults([FaultPlan(FaultRules((rule,), seed))])
    acted = [moment for moment in moments if faults.take(moment)]
    assert all(rule.covers(moment) for moment in acted)
    covered = sum(rule.covers(moment) for moment in moments)
    assert len(acted) <= covered // rule.every
    assert rule.times is None or len(acted) <= rule.times
    assert rule.nth is None or len(acted) <= 1


@given(st.integers(0, 2**32), MOMENTS, st.integers(0, 30))
def test_the_chances_of_a_rule_do_not_hang_on_other_rules(seed: int, moments: list[str], extra: int) -> None:
    rule, other = Rule("response", Fail(), probability=0.5), Rule("*", Lose(), probability=0.5)
    alone = SessionFaults([FaultPlan(FaultRules((rule,), seed))])
    both = SessionFaults([FaultPlan(FaultRules((rule, other), seed))])
    for moment in moments:
        fails = [due for due in both.take(moment) if isinstance(due.action, Fail)]
        assert fails == alone.take(moment)


def test_sessions_have_chances_of_their_own() -> None:
    plan = FaultPlan(parse_faults("response p=0.5: fail; seed=1"))
    patterns = set()
    for _ in range(5):
        faults = SessionFaults([plan])
        patterns.add(tuple(bool(faults.take("response")) for _ in range(20)))
    assert len(patterns) == 5


def test_a_header_asks_for_faults_and_is_remembered() -> None:
    desk = FaultDesk(None)
    header = {"x-agentrun-faults": "connect#1: refuse 429"}
    assert desk.find({}) == []
    assert [len(desk.find(header)[0].connect()) for _ in range(3)] == [1, 0, 0]
    for number in range(MAX_ASKED):
        desk.find({"x-agentrun-faults": f"seed={number}"})
    assert len(desk.find(header)[0].connect()) == 1  # forgotten after so many others


def test_a_header_adds_to_the_rules_of_the_operator() -> None:
    desk = FaultDesk(parse_faults("response: fail one"))
    faults = SessionFaults(desk.find({"x-agentrun-faults": "response: fail two"}))
    assert [due.action for due in faults.take("response")] == [Fail("one"), Fail("two")]


def test_a_header_without_sense_is_refused() -> None:
    with pytest.raises(RequestRefused) as refused:
        FaultDesk(None).find({"x-agentrun-faults": "nonsense"})
    assert (refused.value.status, refused.value.param) == (400, "x-agentrun-faults")
