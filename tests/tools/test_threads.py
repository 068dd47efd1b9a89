from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading

import pytest

from agentrun.errors import ToolError
from agentrun.tools.threads import ThreadStarter


async def test_a_stuck_tool_does_not_hold_up_others() -> None:
    threads = ThreadStarter(most=3)
    gate = threading.Event()
    stuck = [asyncio.create_task(threads.run(gate.wait, name="stuck")) for _ in range(2)]
    await asyncio.sleep(0)
    assert await threads.run(lambda: "through", name="quick") == "through"
    stuck.append(asyncio.create_task(threads.run(gate.wait, name="stuck")))
    await asyncio.sleep(0)
    with pytest.raises(ToolError, match="Too many tools"):
        await threads.run(lambda: "no", name="one-too-many")
    gate.set()
    assert await asyncio.gather(*stuck) == [True, True, True]
    assert threads.running == 0


def test_a_stuck_tool_does_not_keep_the_process_alive() -> None:
    script = (
        "import asyncio, threading\nfrom agentrun.tools.threads import ThreadStarter\n"
        "async def main():\n"
        "    task = asyncio.create_task(ThreadStarter().run(threading.Event().wait, name='stuck'))\n"
        "    await asyncio.sleep(0)\n    task.cancel()\n"
        "asyncio.run(main())"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=20)  # raises if it does not end


async def test_a_late_result_of_a_thread_is_dropped_without_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gate, threads = threading.Event(), ThreadStarter()
    task = asyncio.create_task(threads.run(gate.wait, name="late"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gate.set()
    for thread in threading.enumerate():
        if thread.name == "agentrun-late":
            thread.join(5)
    await asyncio.sleep(0)
    assert threads.running == 0
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []
