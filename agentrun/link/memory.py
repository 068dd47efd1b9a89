"""A session with an engine in the same process, without sockets: for rehearsal in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from agentrun.conversation.inputs import LinkUp
from agentrun.link import PostLink
from agentrun.timing import Timer, Timers
from agentrun.wire import ClientEvent, ServerEvent


class Peer(Protocol):
    """An engine that answers by return value; `agentrun.engine.local.LocalEngine` is one."""

    @property
    def deadline_ms(self) -> int | None:
        """When `advance` has something to say, or None."""
        ...

    def handle(self, event: ClientEvent, now_ms: int) -> Sequence[ServerEvent]:
        """Take one client event."""
        ...

    def advance(self, now_ms: int) -> Sequence[ServerEvent]:
        """Let time pass."""
        ...


class MemoryLink:
    """One session; see `agentrun.link.Link`."""

    def __init__(self, peer: Peer, clock: Timers) -> None:
        self._peer = peer
        self._clock = clock
        self._post: PostLink | None = None
        self._timer: Timer | None = None
        self._closed = asyncio.Event()

    async def run(self, post: PostLink) -> None:
        """Open the session and hold it until it is closed."""
        self._post = post
        post(LinkUp())
        self._advance()
        await self._closed.wait()

    def send(self, event: ClientEvent) -> None:
        """Hand an event to the engine and pass on what it says to it."""
        if not self._closed.is_set():
            self._pass_on(self._peer.handle(event, self._clock.now_ms()))

    async def aclose(self) -> None:
        """End the session."""
        self._closed.set()
        if self._timer is not None:
            self._timer.cancel()

    def _advance(self) -> None:
        if not self._closed.is_set():
            self._pass_on(self._peer.advance(self._clock.now_ms()))

    def _pass_on(self, events: Sequence[ServerEvent]) -> None:
        assert self._post is not None
        for event in events:
            self._post(event)
        if self._timer is not None:
            self._timer.cancel()
        deadline_ms = self._peer.deadline_ms
        self._timer = None if deadline_ms is None else self._clock.call_at(deadline_ms, self._advance)
