"""A caller who reads and types: the channel of rehearsals.

The agent speaks here too: its audio is counted and "played" on the call's clock, so that greetings take time,
placeholders fill silence and a barge-in cuts where it would cut on the telephone. Nobody hears it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agentrun.audio.formats import parse_format
from agentrun.channels import PostCaller
from agentrun.conversation.inputs import CallerLeft, CallerPlayed, CallerText
from agentrun.conversation.reports import Report
from agentrun.plan import TEXT, ChannelProfile
from agentrun.timing import Timer, Timers


class TextChannel:
    """One caller in writing; see `agentrun.channels.Channel`.

    Args:
        clock: the call's clock.
        show: is told every report of the call.

    """

    def __init__(self, clock: Timers, show: Callable[[Report], None]) -> None:
        self._clock = clock
        self._show = show
        self._post: PostCaller | None = None
        self._left = asyncio.Event()
        self._bytes_per_ms = parse_format(TEXT.output_format).bytes_per_ms
        self._queue: dict[str, int] = {}
        self._played_ms: dict[str, int] = {}
        self._playing_since_ms = 0
        self._timer: Timer | None = None

    @property
    def profile(self) -> ChannelProfile:
        """G.711, because it is the smallest to carry and nobody listens."""
        return TEXT

    async def run(self, post: PostCaller) -> None:
        """Hold the line until the caller hangs up."""
        self._post = post
        await self._left.wait()

    def play(self, item_id: str, audio: bytes) -> None:
        """Queue speech; acknowledged item by item as virtual time passes."""
        if not self._queue:
            self._playing_since_ms = self._clock.now_ms()
        self._queue[item_id] = self._queue.get(item_id, 0) + len(audio)
        self._arm()

    def clear(self) -> None:
        """Drop what is queued."""
        self._queue.clear()
        self._arm()

    def tell(self, report: Report) -> None:
        """Pass a report on to whoever shows it."""
        self._show(report)

    async def aclose(self) -> None:
        """Put down the receiver."""
        self.clear()
        self._left.set()

    def type_line(self, text: str) -> None:
        """The caller types a turn. What they have heard so far is acknowledged first."""
        self._acknowledge()
        self._put(CallerText(text))

    def hang_up(self) -> None:
        """The caller hangs up."""
        self._acknowledge()
        self._put(CallerLeft())
        self._left.set()

    def _put(self, event: CallerText | CallerPlayed | CallerLeft) -> None:
        if self._post is not None:
            self._post(event)

    def _acknowledge(self) -> None:
        """Say how much was heard: the first item in the queue is the one that is being played."""
        while self._queue:
            item_id, size_bytes = next(iter(self._queue.items()))
            total_ms = size_bytes // self._bytes_per_ms
            heard_ms = min(total_ms, self._clock.now_ms() - self._playing_since_ms)
            before_ms = self._played_ms.get(item_id, 0)  # an item whose sound came in several bursts
            if heard_ms > 0:
                self._put(CallerPlayed(item_id, before_ms + heard_ms))
            if heard_ms < total_ms:
                return
            self._playing_since_ms += total_ms
            self._played_ms[item_id] = before_ms + total_ms
            del self._queue[item_id]

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._queue:
            first_bytes = next(iter(self._queue.values()))
            ends_ms = self._playing_since_ms + first_bytes // self._bytes_per_ms
            self._timer = self._clock.call_at(ends_ms, self._on_item_end)

    def _on_item_end(self) -> None:
        self._acknowledge()
        self._arm()
