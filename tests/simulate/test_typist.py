"""Lines from a descriptor become turns, one each time the agent is idle."""

from __future__ import annotations

import asyncio
import os

import pytest

from agentrun.channels.text import TextChannel
from agentrun.conversation.inputs import CallerInput, CallerLeft, CallerText
from agentrun.runtime.clock import VirtualClock
from agentrun.simulate.typist import MS_PER_CHARACTER, REACTION_MS, DescriptorLines, Typist


async def read_all(data: bytes, count: int) -> list[str | None]:
    reader, writer = os.pipe()
    os.write(writer, data)
    os.close(writer)
    lines = DescriptorLines(reader, lambda: None)
    given: list[str | None] = []
    for _ in range(count):
        answered = asyncio.Event()

        def give(line: str | None, answered: asyncio.Event = answered) -> None:
            given.append(line)
            answered.set()

        lines.ask(give)
        await answered.wait()
    os.close(reader)
    return given


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", [None, None]),
        (b"one\ntwo\n", ["one", "two", None]),
        (b"one\n\nlast without an end", ["one", "", "last without an end", None]),
        ("예약하고 싶어요\n".encode(), ["예약하고 싶어요", None]),
        (b"bad \xff byte\n", ["bad � byte", None]),
    ],
)
async def test_lines_are_read_whole(data: bytes, expected: list[str | None]) -> None:
    assert await read_all(data, len(expected)) == expected


async def test_a_person_takes_time_to_speak_and_empty_lines_are_skipped() -> None:
    clock, posted = VirtualClock(), list[tuple[int, CallerInput]]()
    channel = TextChannel(clock, lambda _report: None)
    running = asyncio.create_task(channel.run(lambda event: posted.append((clock.now_ms(), event))))
    lines = iter(["   ", " Hello ", None])

    class Given:
        def ask(self, give: object) -> None:
            asyncio.get_running_loop().call_soon(give, next(lines))  # type: ignore[arg-type]

        def close(self) -> None:
            return None

    typist = Typist(channel, clock, Given())
    typist.on_idle()
    await clock.wait(asyncio.Event(), 10_000)
    typist.on_idle()
    await clock.wait(asyncio.Event(), 20_000)
    await running
    said_ms = REACTION_MS + MS_PER_CHARACTER * len("Hello")
    assert posted == [(said_ms, CallerText("Hello")), (10_000 + REACTION_MS, CallerLeft())]
