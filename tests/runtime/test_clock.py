"""Time that jumps: order, idleness, real work, a person who thinks."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.runtime.clock import WORK_STEP_MS, RealClock, VirtualClock


async def wait_until(clock: VirtualClock, until_ms: int) -> None:
    await clock.wait(asyncio.Event(), until_ms)


async def test_time_jumps_to_the_deadline() -> None:
    clock = VirtualClock()
    await wait_until(clock, 3_600_000)
    assert clock.now_ms() == 3_600_000


async def test_an_input_that_is_there_costs_no_time() -> None:
    clock, ready = VirtualClock(), asyncio.Event()
    ready.set()
    await clock.wait(ready, 5)
    assert clock.now_ms() == 0


async def test_a_task_that_is_about_to_post_is_heard_before_time_jumps() -> None:
    clock, ready = VirtualClock(), asyncio.Event()

    async def post() -> None:
        await asyncio.sleep(0)
        ready.set()

    task = asyncio.create_task(post())
    await clock.wait(ready, 1000)
    await task
    assert clock.now_ms() == 0


@given(st.lists(st.integers(0, 50), max_size=20))
def test_timers_fire_in_order_of_time_and_then_of_making(times: list[int]) -> None:
    async def run() -> list[tuple[int, int, int]]:
        clock = VirtualClock()
        fired: list[tuple[int, int, int]] = []
        for index, when_ms in enumerate(times):
            clock.call_at(when_ms, lambda i=index, w=when_ms: fired.append((w, i, clock.now_ms())))  # type: ignore[misc]
        await wait_until(clock, 100)
        return fired

    fired = asyncio.run(run())
    assert fired == sorted((when, index, when) for index, when in enumerate(times))


async def test_a_cancelled_timer_does_not_fire_and_does_not_stop_the_clock() -> None:
    clock = VirtualClock()
    clock.call_at(10, lambda: pytest.fail("was cancelled")).cancel()
    await wait_until(clock, 20)
    assert clock.now_ms() == 20


async def test_a_timer_may_set_the_input() -> None:
    clock, ready = VirtualClock(), asyncio.Event()
    clock.call_at(70, ready.set)
    await clock.wait(ready, 1000)
    assert clock.now_ms() == 70


async def test_quick_work_costs_nothing_so_that_runs_repeat() -> None:
    clock, ready = VirtualClock(), asyncio.Event()
    clock.begin_work()

    def work_is_done() -> None:
        clock.end_work()
        ready.set()

    asyncio.get_running_loop().call_later(0.01, work_is_done)
    await clock.wait(ready, 60_000)
    assert clock.now_ms() % WORK_STEP_MS == 0
    assert clock.now_ms() < 60_000


async def test_a_deadline_passes_while_work_goes_on() -> None:
    clock = VirtualClock()
    clock.begin_work()
    await clock.wait(asyncio.Event(), 30)
    assert clock.now_ms() == 30


async def test_time_stands_still_while_a_person_thinks() -> None:
    clock, ready = VirtualClock(), asyncio.Event()
    clock.freeze()

    def person_acts() -> None:
        clock.thaw()
        clock.call_at(clock.now_ms() + 500, ready.set)

    asyncio.get_running_loop().call_later(0.01, person_acts)
    await clock.wait(ready, 3_600_000)
    assert clock.now_ms() == 500


async def test_the_real_clock_waits_for_an_input_or_the_time() -> None:
    clock, ready = RealClock(), asyncio.Event()
    until_ms = clock.now_ms() + 5
    await clock.wait(ready, until_ms)
    assert clock.now_ms() >= until_ms
    clock.call_at(clock.now_ms(), ready.set)
    await clock.wait(ready, None)
    assert ready.is_set()
