"""The memory link: order, timers, and silence after the end."""

from __future__ import annotations

import asyncio

from agentrun.conversation.inputs import LinkInput, LinkUp
from agentrun.link.memory import MemoryLink
from agentrun.runtime.clock import VirtualClock
from agentrun.wire import ClientEvent, ServerEvent, client, server


class Ticking:
    """A peer that answers each event at once and says something every second."""

    def __init__(self) -> None:
        self.deadline_ms: int | None = 0

    def handle(self, event: ClientEvent, now_ms: int) -> list[ServerEvent]:
        return [server.SessionUpdated({"at": now_ms, "of": event.type})]

    def advance(self, now_ms: int) -> list[ServerEvent]:
        self.deadline_ms = now_ms + 1000
        return [server.SessionCreated({"at": now_ms})]


async def test_events_come_in_order_and_on_time_until_the_link_is_closed() -> None:
    clock, seen = VirtualClock(), list[LinkInput]()
    link = MemoryLink(Ticking(), clock)
    running = asyncio.create_task(link.run(seen.append))
    await clock.wait(asyncio.Event(), 1_500)
    link.send(client.ResponseCreate())
    await clock.wait(asyncio.Event(), 2_400)
    await link.aclose()
    link.send(client.ResponseCreate())
    await clock.wait(asyncio.Event(), 9_000)
    await running
    assert seen == [
        LinkUp(),
        server.SessionCreated({"at": 0}),
        server.SessionCreated({"at": 1000}),
        server.SessionUpdated({"at": 1500, "of": "response.create"}),
        server.SessionCreated({"at": 2000}),
    ]
