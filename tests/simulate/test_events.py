"""Lines come out in the order of their times, whatever was known when."""

from __future__ import annotations

from typing import Any

from agentrun.conversation.reports import (
    AgentSaid,
    AgentSpeaking,
    CallEnded,
    CallerSaid,
    CallStarted,
    ErrorReported,
    FirstSound,
    Report,
    ToolCalled,
    ToolReturned,
)
from agentrun.simulate.events import EventLog


def log_of(*reports: tuple[int, Report]) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    log = EventLog(events.append, "gpt-realtime-2.1")
    for now_ms, report in reports:
        log.note(report, now_ms)
    return events


def test_a_turn_is_stamped_with_its_first_sound_and_holds_back_what_came_later() -> None:
    events = log_of(
        (0, CallStarted("c_1", "support")),
        (180, AgentSpeaking("item_1", "One mo")),
        (190, FirstSound("item_1", 100)),
        (400, ToolCalled("lookup", {"id": 1}, "call_1")),
        (1400, ToolReturned("lookup", "call_1", "ok", {"a": 1}, duration_ms=3)),
        (1500, AgentSaid("item_1", "One moment.", "One", 180)),
        (2000, CallerSaid("item_2", "Well?")),
    )
    assert [(event["t_ms"], event["event"]) for event in events] == [
        (0, "call.started"),
        (180, "agent.said"),
        (400, "tool.called"),
        (1400, "tool.returned"),
        (2000, "caller.said"),
    ]
    assert events[1] == {"t_ms": 180, "event": "agent.said", "text": "One moment.", "heard": "One"}
    assert events[3]["duration_ms"] == 1000


def test_the_end_flushes_everything_and_states_the_cost() -> None:
    usage = {"input_token_details": {"text_tokens": 1_000_000}}
    events = log_of(
        (10, AgentSpeaking("item_1", "never finished")),
        (20, ErrorReported("x", "broken")),
        (30, CallEnded("caller_hung_up", usage)),
    )
    assert [event["event"] for event in events] == ["error", "call.ended"]
    assert events[1]["cost_usd"] == 4.0
    assert "hint" not in events[0]


def test_a_turn_that_nobody_announced_still_appears() -> None:
    (event,) = log_of((50, AgentSaid("item_1", "Hi.", "Hi.", 40)))
    assert event["t_ms"] == 40
