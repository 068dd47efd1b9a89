from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from agentrun.conversation.consent import LONGEST_TURNS, Consent
from agentrun.conversation.inputs import CallerText
from tests.conversation.plans import make_plan, make_tool
from tests.conversation.rig import Rig


def test_consent_is_for_these_arguments_and_for_one_run() -> None:
    consent = Consent()
    assert not consent.take("pay", '{"a": 1, "b": 2}')
    consent.note_spoken()
    consent.note_turn()
    assert not consent.take("pay", '{"a": 2, "b": 2}')
    assert consent.take("pay", '{"b":2,"a":1}')
    assert not consent.take("pay", '{"a": 1, "b": 2}')


def test_a_turn_before_the_agent_has_asked_is_no_answer() -> None:
    consent = Consent()
    consent.take("pay", "{}")
    consent.note_turn()
    assert not consent.take("pay", "{}")
    consent.note_spoken()
    assert not consent.take("pay", "{}")
    consent.note_turn()
    assert consent.take("pay", "{}")


def test_consent_grows_old() -> None:
    consent = Consent()
    consent.take("pay", "{}")
    consent.note_spoken()
    for _ in range(LONGEST_TURNS + 1):
        consent.note_turn()
    assert not consent.take("pay", "{}")


@given(st.lists(st.sampled_from(["take", "spoken", "turn"]), max_size=40))
def test_nothing_runs_before_the_agent_spoke_and_then_the_caller(steps: list[str]) -> None:
    consent, since = Consent(), list[str]()
    for step in steps:
        if step != "take":
            getattr(consent, f"note_{step}")()
            since.append(step)
            continue
        answered = "spoken" in since and "turn" in since[since.index("spoken") :]
        granted = consent.take("pay", "{}")
        assert not granted or (answered and "asked" in since)
        if granted:
            since = []
        elif "asked" not in since or answered:  # asked for the first time, or too long ago
            since = ["asked"]


def test_a_tool_that_needs_consent_runs_when_the_caller_had_a_turn() -> None:
    rig = Rig.live(make_plan(make_tool("pay", confirm="caller"), text_only=True))
    rig.take(CallerText("Pay it."))
    rig.created("r1")
    rig.calls("c1", "pay", "r1")
    assert "StartTool c1" not in rig.done("r1")
    assert "needs_consent" in rig.commands[-3].event.item["output"]  # type: ignore[union-attr]
    rig.created("r2")
    rig.writes("Shall I pay?", "r2")
    rig.done("r2")
    rig.take(CallerText("Yes."))
    rig.created("r3")
    rig.calls("c2", "pay", "r3")
    assert "StartTool c2" in rig.done("r3")
