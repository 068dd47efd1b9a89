"""Hold one conversation in writing: on the embedded engine in virtual time, or with a real model."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable

from agentrun.channels.text import TextChannel
from agentrun.conversation.reports import Report
from agentrun.link import Link
from agentrun.plan import CallPlan
from agentrun.runtime.call import Call
from agentrun.runtime.clock import Clock, RealClock, VirtualClock
from agentrun.runtime.engines import EngineChoice
from agentrun.simulate.events import EventLog
from agentrun.simulate.typist import Lines, Typist
from agentrun.wire.json import JsonObject

_WAIT_SERVERS_S = 30.0
"""A rehearsal begins when its MCP servers are there, so that it goes the same way each time."""


async def rehearse(
    plan: CallPlan, engine: EngineChoice, lines: Lines, emit: Callable[[JsonObject], None], *, seed: int = 0
) -> str:
    """Hold a conversation whose caller types, and return the reason of its end.

    Args:
        plan: compiled for the text channel.
        engine: who answers; the embedded engine runs in virtual time.
        lines: the caller's turns.
        emit: is handed each event of the conversation, as described in `simulate.events`.
        seed: makes ids of the embedded engine repeatable.

    """
    clock: Clock = VirtualClock() if engine.is_embedded else RealClock()
    link = _open_link(engine, clock, seed)
    if not engine.is_embedded:
        # nobody listens, and written answers cost a fraction of spoken ones
        plan = dataclasses.replace(plan, session={**plan.session, "output_modalities": ["text"]})
    log = EventLog(emit, plan.model.name)

    def show(report: Report) -> None:
        log.note(report, clock.now_ms())

    channel = TextChannel(clock, show)
    typist = Typist(channel, clock, lines)
    call = Call(
        plan,
        make_call_id(plan.agent, seed),
        link=link,
        channel=channel,
        clock=clock,
        on_idle=typist.on_idle,
        wait_servers_s=_WAIT_SERVERS_S,
    )
    try:
        return await call.run()
    finally:
        lines.close()
        await channel.aclose()


def make_call_id(agent: str, seed: int) -> str:
    """Return a call id that is the same for the same agent and seed."""
    return f"c_{hashlib.sha256(f'{agent} {seed}'.encode()).hexdigest()[:12]}"


def _open_link(engine: EngineChoice, clock: Clock, seed: int) -> Link:
    if engine.endpoint is not None:
        from agentrun.link.websocket import WebSocketLink

        return WebSocketLink(engine.endpoint)
    from agentrun.engine.local import LocalEngine
    from agentrun.engine.responders.rehearsal import RehearsalResponder
    from agentrun.link.memory import MemoryLink

    peer = LocalEngine(RehearsalResponder(), seed=seed)
    return MemoryLink(peer, clock)
