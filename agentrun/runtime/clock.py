"""The two clocks of a call: the wall's, and one that jumps from event to event.

A rehearsal runs the same code as a live call, on a `VirtualClock`: time stands still while anybody computes
and jumps to the next timer when nobody has anything to do. Work outside of the process (a tool that really
runs) is waited for in real time, and its duration is charged to the virtual clock in coarse steps, so that a
quick tool leaves the same times in every run. While a person thinks about what to type, time stands still.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import time
from collections.abc import Callable
from typing import Protocol

from agentrun.timing import Timer, Timers

WORK_STEP_MS = 100
"""Real work is charged to virtual time in steps of this size, rounded down."""


class Clock(Timers, Protocol):
    """Time on one call, in milliseconds since the clock was made."""

    async def wait(self, ready: asyncio.Event, until_ms: int | None) -> None:
        """Return when `ready` is set or the time has come, whichever is first."""
        ...

    def begin_work(self) -> None:
        """Something outside (a tool) works now; its time counts. Paired with `end_work`."""
        ...

    def end_work(self) -> None:
        """The work is done."""
        ...

    def freeze(self) -> None:
        """A person is being waited for; their time does not count. Paired with `thaw`."""
        ...

    def thaw(self) -> None:
        """The person has acted."""
        ...


class RealClock:
    """The monotonic clock of the machine."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def now_ms(self) -> int:
        """Milliseconds since the clock was made."""
        return int((time.monotonic() - self._start) * 1000)

    def call_at(self, when_ms: int, callback: Callable[[], None]) -> Timer:
        """Call back on the running event loop."""
        return asyncio.get_running_loop().call_later(max(0, when_ms - self.now_ms()) / 1000, callback)

    async def wait(self, ready: asyncio.Event, until_ms: int | None) -> None:
        """Wait in real time."""
        if ready.is_set():
            return
        delay_s = None if until_ms is None else max(0, until_ms - self.now_ms()) / 1000
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay_s):
                await ready.wait()

    def begin_work(self) -> None:
        """Real time passes by itself."""

    def end_work(self) -> None:
        """Real time passes by itself."""

    def freeze(self) -> None:
        """Real time cannot be stopped."""

    def thaw(self) -> None:
        """Real time cannot be stopped."""


class _VirtualTimer:
    __slots__ = ("callback", "cancelled")

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class VirtualClock:
    """Jumps to the next timer when there is nothing to wait for. Exactly one task may `wait` on it."""

    def __init__(self) -> None:
        self._now_ms = 0
        self._timers: list[tuple[int, int, _VirtualTimer]] = []
        self._order = itertools.count()
        self._working = 0
        self._frozen = 0
        self._stirred = asyncio.Event()

    def now_ms(self) -> int:
        """The virtual time."""
        return self._now_ms

    def call_at(self, when_ms: int, callback: Callable[[], None]) -> Timer:
        """Call back when virtual time gets there; timers for one time fire in the order they were made."""
        timer = _VirtualTimer(callback)
        heapq.heappush(self._timers, (max(when_ms, self._now_ms), next(self._order), timer))
        self._stirred.set()
        return timer

    async def wait(self, ready: asyncio.Event, until_ms: int | None) -> None:
        """Wait for what is going on outside; if nothing is, jump."""
        while not ready.is_set():
            await _let_others_run()
            if ready.is_set():
                return
            self._stirred.clear()
            due_ms = self._next_ms(until_ms)
            if self._frozen or due_ms is None:
                await self._wait_outside(ready, None)
            elif self._working:
                await self._wait_for_work(ready, due_ms)
            else:
                self._now_ms = max(self._now_ms, due_ms)
            self._fire()
            if until_ms is not None and self._now_ms >= until_ms:
                return

    def begin_work(self) -> None:
        """Count work that runs in real time."""
        self._working += 1

    def end_work(self) -> None:
        """Count it as done."""
        self._working -= 1
        self._stirred.set()

    def freeze(self) -> None:
        """Stop the clock."""
        self._frozen += 1

    def thaw(self) -> None:
        """Let the clock run again."""
        self._frozen -= 1
        self._stirred.set()

    async def _wait_for_work(self, ready: asyncio.Event, due_ms: int) -> None:
        began = time.monotonic()
        if not await self._wait_outside(ready, (due_ms - self._now_ms) / 1000):
            self._now_ms = max(self._now_ms, due_ms)
            return
        passed_ms = int((time.monotonic() - began) * 1000) // WORK_STEP_MS * WORK_STEP_MS
        self._now_ms = min(self._now_ms + passed_ms, max(self._now_ms, due_ms))

    async def _wait_outside(self, ready: asyncio.Event, timeout_s: float | None) -> bool:
        """Wait in real time for an input or for a change of this clock; False if the time is over."""
        waiters = {asyncio.ensure_future(event.wait()) for event in (ready, self._stirred)}
        try:
            done, _ = await asyncio.wait(waiters, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiter in waiters:
                waiter.cancel()
        return bool(done)

    def _next_ms(self, until_ms: int | None) -> int | None:
        while self._timers and self._timers[0][2].cancelled:
            heapq.heappop(self._timers)
        times = [self._timers[0][0]] if self._timers else []
        return min(times + ([] if until_ms is None else [until_ms]), default=None)

    def _fire(self) -> None:
        while self._timers and self._timers[0][0] <= self._now_ms:
            timer = heapq.heappop(self._timers)[2]
            if not timer.cancelled:
                timer.callback()


async def _let_others_run() -> None:
    """Give tasks that are ready (just made, or woken by another) their turn before time jumps."""
    for _ in range(3):
        await asyncio.sleep(0)
