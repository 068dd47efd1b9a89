"""A rehearsal as a person reads it."""

from __future__ import annotations

import pytest

from agentrun.simulate.chat import render_event
from agentrun.wire.json import JsonObject


@pytest.mark.parametrize(
    ("event", "line"),
    [
        ({"event": "agent.said", "text": "Hello.", "heard": "Hello."}, " agent  Hello."),
        (
            {"event": "agent.said", "text": "Hello there.", "heard": "Hello"},
            " agent  Hello there.  (heard: 'Hello')",
        ),
        ({"event": "caller.said", "text": "Hi"}, "   you  Hi"),
        (
            {"event": "tool.called", "tool": "look", "arguments": {"a": 1, "b": "x"}},
            '  tool  look(a=1, b="x")',
        ),
        ({"event": "tool.called", "tool": "look", "arguments": "not json"}, "  tool  look(not json)"),
        (
            {
                "event": "tool.returned",
                "tool": "look",
                "outcome": "ok",
                "result": {"s": "예"},
                "duration_ms": 5,
            },
            '  tool  look → ok {"s": "예"}  (5 ms)',
        ),
        (
            {
                "event": "tool.returned",
                "tool": "look",
                "outcome": "failed",
                "message": "no",
                "duration_ms": 5,
            },
            "  tool  look → failed: no  (5 ms)",
        ),
        ({"event": "error", "message": "broken", "hint": "mend it"}, " error  broken\n        hint: mend it"),
        ({"event": "call.ended", "reason": "caller_hung_up"}, "  note  the call ended: caller hung up"),
        ({"event": "call.started"}, None),
        (
            {"event": "agent.said", "text": "\x1b[2Jgone\r", "heard": "\x1b[2Jgone\r"},
            " agent  \\x1b[2Jgone\\r",
        ),
    ],
)
def test_each_event_has_its_line(event: JsonObject, line: str | None) -> None:
    assert render_event(event, color=False, echo=True) == line


def test_on_a_terminal_the_caller_is_not_repeated_and_names_are_coloured() -> None:
    assert render_event({"event": "caller.said", "text": "Hi"}, color=True, echo=False) is None
    line = render_event({"event": "agent.said", "text": "Hi", "heard": "Hi"}, color=True, echo=False)
    assert line == "\x1b[1;36m agent\x1b[0m  Hi"
