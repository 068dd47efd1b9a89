from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from agentrun.server.lines import Lines


class FakeLine:
    """A call that ends when asked, or only when cut."""

    def __init__(self, *, stubborn: bool = False) -> None:
        self.stubborn = stubborn
        self.log: list[str] = []
        self.over = asyncio.Event()

    def warn(self, code: str, message: str) -> None:
        self.log.append(f"warn {code} {message}")

    def leave(self, reason: str) -> None:
        self.log.append(f"leave {reason}")
        if not self.stubborn:
            self.over.set()

    def cut(self) -> None:
        self.log.append("cut")
        self.over.set()


@contextlib.asynccontextmanager
async def on_line(lines: Lines, line: FakeLine) -> AsyncIterator[None]:
    async def hold() -> None:
        with lines.hold(line):
            await line.over.wait()

    task = asyncio.create_task(hold())
    await asyncio.sleep(0)
    yield
    async with asyncio.timeout(5):
        await task


async def test_lines_are_counted() -> None:
    lines = Lines()
    line = FakeLine()
    async with on_line(lines, line):
        assert len(lines) == 1
        line.over.set()
    assert len(lines) == 0


async def test_calls_may_finish_while_draining() -> None:
    lines, line = Lines(), FakeLine()
    async with on_line(lines, line):
        draining = asyncio.create_task(lines.drain(60, "bye"))
        await asyncio.sleep(0)
        line.over.set()
        await draining
    assert line.log == ["warn draining bye"]


async def test_calls_are_ended_after_the_bound() -> None:
    lines, line = Lines(), FakeLine()
    async with on_line(lines, line):
        await lines.drain(0.01, "bye")
    assert line.log == ["warn draining bye", "leave shutting_down"]


async def test_a_call_that_does_not_end_is_cut() -> None:
    lines, line = Lines(), FakeLine(stubborn=True)
    async with on_line(lines, line):
        await lines.end("shutting_down", bound_s=0.01)
    assert line.log == ["leave shutting_down", "cut"]


async def test_without_calls_there_is_nothing_to_wait_for() -> None:
    async with asyncio.timeout(1):
        await Lines().drain(60, "bye")
