"""The calls that are live in this process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Protocol


class Line(Protocol):
    """One live call, as far as shutting down is concerned; none of this raises or blocks."""

    def warn(self, code: str, message: str) -> None:
        """Tell the caller's side something."""
        ...

    def leave(self, reason: str) -> None:
        """End the call the way it would end by itself."""
        ...

    def cut(self) -> None:
        """Stop whatever is still running of it."""
        ...


class Lines:
    """Counts the live calls, and ends them all when the server must go."""

    def __init__(self) -> None:
        self._live: set[Line] = set()
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return len(self._live)

    @contextlib.contextmanager
    def hold(self, line: Line) -> Iterator[None]:
        """Count `line` as live inside the block."""
        self._live.add(line)
        self._empty.clear()
        try:
            yield
        finally:
            self._live.discard(line)
            if not self._live:
                self._empty.set()

    async def drain(self, bound_s: float, notice: str) -> None:
        """Tell every caller `notice`, wait up to `bound_s` for the calls to end, then end them."""
        for line in list(self._live):
            line.warn("draining", notice)
        if not await self._wait_empty(bound_s):
            await self.end("shutting_down")

    async def end(self, reason: str, bound_s: float = 3.0) -> None:
        """End every call: in an orderly way at first, by force after `bound_s`."""
        for line in list(self._live):
            line.leave(reason)
        if not await self._wait_empty(bound_s):
            for line in list(self._live):
                line.cut()
            await self._wait_empty(bound_s)

    async def _wait_empty(self, bound_s: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(bound_s):
                await self._empty.wait()
        return not self._live
