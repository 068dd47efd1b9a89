"""The text channel: playback that nobody hears, acknowledged on the call's clock."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from agentrun.channels.text import TextChannel
from agentrun.conversation.inputs import CallerInput, CallerLeft, CallerPlayed, CallerText
from agentrun.runtime.clock import VirtualClock

BYTES_PER_MS = 8


class Line:
    """A text channel on a virtual clock, with what it posted."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.channel = TextChannel(self.clock, lambda _report: None)
        self.posted: list[tuple[int, CallerInput]] = []
        self.task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self.task = asyncio.create_task(
            self.channel.run(lambda event: self.posted.append((self.clock.now_ms(), event)))
        )
        await asyncio.sleep(0)

    async def pass_ms(self, ms: int) -> None:
        await self.clock.wait(asyncio.Event(), self.clock.now_ms() + ms)

    def play(self, item_id: str, ms: int) -> None:
        self.channel.play(item_id, bytes(ms * BYTES_PER_MS))

    async def close(self) -> None:
        await self.channel.aclose()
        assert self.task is not None
        await self.task


async def test_items_are_acknowledged_one_after_the_other() -> None:
    line = Line()
    await line.open()
    line.play("a", 100)
    line.play("b", 50)
    line.play("b", 50)
    await line.pass_ms(500)
    assert line.posted == [(100, CallerPlayed("a", 100)), (200, CallerPlayed("b", 100))]
    await line.close()


async def test_an_item_that_arrives_in_bursts_is_acknowledged_as_a_whole() -> None:
    line = Line()
    await line.open()
    line.play("a", 100)
    await line.pass_ms(300)
    line.play("a", 70)
    await line.pass_ms(300)
    assert [event for _, event in line.posted] == [CallerPlayed("a", 100), CallerPlayed("a", 170)]
    await line.close()


async def test_a_typed_turn_says_first_what_was_heard() -> None:
    line = Line()
    await line.open()
    line.play("a", 1000)
    await line.pass_ms(400)
    line.channel.type_line("stop")
    assert [event for _, event in line.posted] == [CallerPlayed("a", 400), CallerText("stop")]
    line.channel.clear()
    await line.pass_ms(5000)
    assert len(line.posted) == 2
    await line.close()


async def test_hanging_up_ends_the_line() -> None:
    line = Line()
    await line.open()
    line.channel.hang_up()
    assert line.posted[-1][1] == CallerLeft()
    assert line.task is not None
    await line.task


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 400), st.integers(0, 300)), max_size=12))
def test_in_the_end_everything_is_acknowledged_and_never_more(pieces: list[tuple[str, int, int]]) -> None:
    async def run() -> tuple[dict[str, int], dict[str, int]]:
        line = Line()
        await line.open()
        sent: dict[str, int] = {}
        for item_id, ms, pause_ms in pieces:
            line.play(item_id, ms)
            sent[item_id] = sent.get(item_id, 0) + ms
            await line.pass_ms(pause_ms)
        await line.pass_ms(10_000)
        await line.close()
        heard: dict[str, int] = {}
        for _, event in line.posted:
            assert isinstance(event, CallerPlayed)
            assert event.ms >= heard.get(event.item_id, 0)
            heard[event.item_id] = event.ms
        return sent, heard

    sent, heard = asyncio.run(run())
    assert heard == sent
