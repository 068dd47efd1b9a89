"""Whole calls with MCP servers: those that agentrun calls, and those that the engine calls for it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agentrun.channels.text import TextChannel
from agentrun.conversation.inputs import Input
from agentrun.conversation.reports import AgentSaid, ErrorReported, Report, ToolReturned
from agentrun.engine.local import LocalEngine
from agentrun.engine.responders.script import ScriptedResponder
from agentrun.engine.seams import Call as CallMove
from agentrun.engine.seams import Move, Say
from agentrun.link import Link
from agentrun.link.endpoint import make_endpoint
from agentrun.link.memory import MemoryLink
from agentrun.link.websocket import WebSocketLink
from agentrun.plan import CallPlan
from agentrun.runtime.call import Call
from agentrun.runtime.clock import Clock, RealClock, VirtualClock
from agentrun.secret import Secret
from agentrun.wire import server
from tests.engine.hosting.servers import make_lab
from tests.engine.test_server import open_door
from tests.runtime.test_call import Script, make_plan
from tests.tools.mcp.kit import make_raw

READY = server.McpListToolsCompleted


async def hold(
    plan: CallPlan, link: Link, clock: Clock, script: Script, begin: tuple[type, str] | None = None
) -> list[Report]:
    """Hold a call; `begin` says what the caller types when an event of some class comes."""
    told: list[Report] = []
    channel = script.channel = TextChannel(clock, lambda _: None)
    call = Call(
        plan,
        "c_1",
        link=link,
        channel=channel,
        clock=clock,
        on_idle=script.on_idle,
        watch=told.append,
        wait_servers_s=20,
    )
    post = call.post

    def listen(event: Input) -> None:
        post(event)
        if begin is not None and type(event) is begin[0]:
            channel.type_line(begin[1])

    call.post = listen  # type: ignore[method-assign]
    await call.run()
    return told


def only(kind: type[Any], told: Sequence[Report]) -> list[Any]:
    return [report for report in told if isinstance(report, kind)]


async def test_a_call_uses_a_server_of_its_own_and_leaves_none_behind(tmp_path: Path) -> None:
    desk = make_raw("changes", RAW_PIDS=str(tmp_path / "pids"))
    plan = dataclasses.replace(make_plan(), mcp_servers=(desk,))
    moves: list[list[Move]] = [[CallMove("desk_echo", {"n": 1})], [Say("One it is.")]]
    clock = VirtualClock()
    link = MemoryLink(LocalEngine(ScriptedResponder(moves)), clock)
    told = await hold(plan, link, clock, Script(lambda line: line.type_line("One?")))
    assert [(report.tool, report.outcome, report.result) for report in only(ToolReturned, told)] == [
        ("desk_echo", "ok", {"n": 1})
    ]
    assert [report.heard for report in only(AgentSaid, told)] == ["One it is."]
    assert only(ErrorReported, told) == []
    (pid,) = map(int, (tmp_path / "pids").read_text().split())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def make_hosting_plan(url: str, approval: str) -> CallPlan:
    entry = {
        "type": "mcp",
        "server_label": "desk",
        "server_url": url,
        "authorization": Secret("hush-hush"),
        "require_approval": approval,
    }
    plan = make_plan()
    return dataclasses.replace(
        plan, session={**plan.session, "output_modalities": ["text"], "tools": [entry]}
    )


@pytest.mark.parametrize("approval", ["never", "always"])
async def test_the_engine_calls_a_server_and_the_answer_is_told(approval: str) -> None:
    lab = make_lab()
    lookup: list[Move] = [CallMove("lookup", {"order": "A1"})]
    asked: list[list[Move]] = [lookup, [Say("Shall I look it up?")]] if approval == "always" else []
    moves: list[list[Move]] = [*asked, lookup, [Say("It has shipped.")]]
    yes = Script(*[lambda line: None, lambda line: line.type_line("Yes.")][: 2 if asked else 1])
    async with lab.serve() as url, open_door(moves) as door:
        link = WebSocketLink(make_endpoint(f"http://127.0.0.1:{door.port}/v1", "gpt-realtime-2.1", None))
        told = await hold(make_hosting_plan(url, approval), link, RealClock(), yes, (READY, "Where is A1?"))
    assert [(report.tool, report.outcome, report.result) for report in only(ToolReturned, told)] == [
        ("desk_lookup", "ok", "Order A1 has shipped.")
    ]
    said = [report.text for report in only(AgentSaid, told)]
    assert said == [*(["Shall I look it up?"] if asked else []), "It has shipped."]
    assert only(ErrorReported, told) == []
    assert lab.calls == [("lookup", {"order": "A1"})]
    assert {authorization for authorization, _ in lab.seen} == {"Bearer hush-hush"}
