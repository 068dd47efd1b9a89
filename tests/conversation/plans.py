"""Call plans for the tests of the conversation."""

from __future__ import annotations

import dataclasses
from typing import Any

from agentrun.outcome import ToolOutcome
from agentrun.plan import (
    BROWSER,
    BuiltinTarget,
    CallPlan,
    Greeting,
    Limits,
    ModelTarget,
    Placeholder,
    PythonTarget,
    ToolBinding,
)
from agentrun.wire.json import JsonObject, JsonValue

SESSION: JsonObject = {"type": "realtime", "output_modalities": ["audio"]}
MS = b"\0" * 48
"""One millisecond of the browser's audio."""


def make_tool(name: str = "lookup", **rules: Any) -> ToolBinding:
    return ToolBinding(name, f"Does {name}.", {"type": "object"}, PythonTarget("m", name, "."), **rules)


HANG_UP = ToolBinding("hang_up", "Ends the call.", {"type": "object"}, BuiltinTarget("hang_up"))
WAITING = Placeholder(say="One moment.", after_ms=800, every_ms=6000, most=2)


def make_plan(
    *tools: ToolBinding,
    turn_detection: JsonValue = ...,
    text_only: bool = False,
    owns_playback: bool = True,
    greeting: Greeting | None = None,
    limits: Limits | None = None,
) -> CallPlan:
    session = dict(SESSION)
    if text_only:
        session["output_modalities"] = ["text"]
    if turn_detection is not ...:
        session["audio"] = {"input": {"turn_detection": turn_detection}}
    return CallPlan(
        agent="desk",
        channel=dataclasses.replace(BROWSER, owns_playback=owns_playback),
        model=ModelTarget("model"),
        session=session,
        tools=tools,
        greeting=greeting,
        limits=limits or Limits(),
    )


def ok(call_id: str, tool: str = "lookup", result: JsonValue = "shipped") -> ToolOutcome:
    return ToolOutcome(call_id, tool, "ok", result)
