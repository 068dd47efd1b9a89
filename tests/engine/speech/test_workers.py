"""The worker's life with a real process: a small module of ours that answers, fails, hangs and dies."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal

import pytest

from agentrun.engine.speech.workers import Worker, WorkerLost

ECHO = "tests.engine.speech.echo_worker"


async def test_a_worker_starts_when_needed_and_ends_when_closed() -> None:
    worker = Worker(ECHO)
    assert worker.load == 0
    reply = await worker.ask({"op": "echo"}, b"abc")
    assert reply.body == b"abc"
    assert worker.pid
    await worker.aclose()
    assert not worker.pid
    with pytest.raises(WorkerLost, match="not running"):
        await worker.ask({"op": "echo"})


async def test_closing_what_was_never_started_does_nothing() -> None:
    await Worker(ECHO).aclose()


async def test_several_requests_get_their_own_answers() -> None:
    worker = Worker(ECHO)
    bodies = [bytes([n]) * 1000 for n in range(20)]
    replies = await asyncio.gather(*(worker.ask({"op": "echo"}, body) for body in bodies))
    assert [reply.body for reply in replies] == bodies
    await worker.aclose()


async def test_an_error_of_the_worker_is_an_error_here_and_it_goes_on() -> None:
    worker = Worker(ECHO)
    with pytest.raises(WorkerLost, match="broken on purpose"):
        await worker.ask({"op": "fail"})
    assert (await worker.ask({"op": "echo"}, b"x")).body == b"x"
    await worker.aclose()


async def test_a_dead_worker_is_started_again(caplog: pytest.LogCaptureFixture) -> None:
    worker = Worker(ECHO)
    with caplog.at_level(logging.WARNING), pytest.raises(WorkerLost, match="ended"):
        await worker.ask({"op": "die"})
    assert caplog.messages == ["the speech worker echo_worker ended with code 3"]
    assert (await worker.ask({"op": "echo"}, b"x")).body == b"x"
    await worker.aclose()


async def test_a_worker_that_always_dies_is_given_up() -> None:
    worker = Worker("tests.engine.speech.no_such_module")
    for _ in range(5):
        with pytest.raises(WorkerLost, match="ended"):
            await worker.ask({"op": "echo"})
    with pytest.raises(WorkerLost, match="not running"):
        await worker.ask({"op": "echo"})
    await worker.aclose()


async def test_leaving_early_cancels_the_request() -> None:
    worker = Worker(ECHO)
    async with contextlib.aclosing(worker.request({"op": "count"})) as replies:
        await anext(replies)
    assert (await worker.ask({"op": "echo"}, b"x")).body == b"x"  # it would never come to this otherwise
    assert worker.load == 0
    await worker.aclose()


@pytest.mark.skipif(os.name == "nt", reason="signals differ on Windows")
async def test_an_interrupt_from_the_keyboard_does_not_end_a_worker() -> None:
    worker = Worker(ECHO)
    await worker.ask({"op": "echo"})
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGINT)
    assert (await worker.ask({"op": "echo"}, b"x")).body == b"x"
    await worker.aclose()
