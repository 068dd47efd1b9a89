"""An engine on which things go wrong, and what our own link makes of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from agentrun.conversation.inputs import LinkInput
from agentrun.engine.faults import parse_faults
from agentrun.engine.seams import Mind, Move, Say
from agentrun.link.endpoint import Endpoint, make_endpoint
from agentrun.link.websocket import WebSocketLink
from agentrun.secret import Secret
from agentrun.wire import client
from tests.engine.test_server import Door, open_door


@contextlib.asynccontextmanager
async def open_faulty(line: str, mind: Mind | Sequence[Sequence[Move]] | None = None) -> AsyncIterator[Door]:
    """Serve an engine with these faults, whose mind says one sentence each time."""
    words = mind if mind is not None else [[Say("Hello from the engine.")]] * 9
    async with open_door(words, faults=parse_faults(line)) as door:
        yield door


def find_endpoint(door: Door) -> Endpoint:
    return make_endpoint(f"http://127.0.0.1:{door.port}/v1", "gpt-realtime-2.1", Secret("any"))


async def run_link(door: Door, *, until: str = "") -> list[LinkInput]:
    """Let our link hold a short conversation; return what it tells.

    Args:
        door: the engine.
        until: type of the event after which it hangs up; without one it waits for the end of the link.

    """
    link = WebSocketLink(find_endpoint(door))
    seen: list[LinkInput] = []

    def take(happened: LinkInput) -> None:
        seen.append(happened)
        if len(seen) == 1:
            link.send(client.SessionUpdate({"type": "realtime", "output_modalities": ["text"]}))
            link.send(client.ResponseCreate())
        if until and getattr(happened, "type", "") == until:
            closing.append(asyncio.ensure_future(link.aclose()))

    closing: list[asyncio.Future[None]] = []
    async with asyncio.timeout(20):
        await link.run(take)
        await asyncio.gather(*closing)
    return seen
