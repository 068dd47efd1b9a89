"""Run a blocking function beside the loop, one daemon thread for each run.

A pool of the standard library is joined when the interpreter exits, so one stuck tool would keep the whole
process alive, and a few of them would fill the pool for all calls. Here a stuck thread only occupies its own
place among `most`, and dies with the process. Starting a thread costs about 0.1 ms.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from typing import Any

from agentrun.tools.call import CodedFailure


class ThreadStarter:
    """Starts threads and counts those that still run.

    Attributes:
        most: bound on the threads that run at once, stuck ones included.

    """

    def __init__(self, most: int = 64) -> None:
        self.most = most
        self._running = 0
        self._lock = threading.Lock()

    @property
    def running(self) -> int:
        """How many threads have not returned yet."""
        return self._running

    async def run(self, function: Callable[[], Any], *, name: str) -> Any:
        """Run `function` in a thread of its own, in a copy of this context, and return what it returns.

        If the awaiting task is cancelled, the thread goes on and its result is dropped.

        Raises:
            CodedFailure: too many threads are running; `function` was not started.
            BaseException: whatever `function` raised.

        """
        with self._lock:
            if self._running >= self.most:
                raise CodedFailure("busy", "Too many tools are running at the moment; try again later.")
            self._running += 1
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()

        def deliver(result: Any, error: BaseException | None) -> None:
            if not answer.done():
                answer.set_result((result, error))

        def work() -> None:
            result, error = None, None
            try:
                result = function()
            except BaseException as raised:  # noqa: BLE001 - a thread has nobody else to tell
                error = raised
            with self._lock:
                self._running -= 1
            try:
                loop.call_soon_threadsafe(deliver, result, error)
            except RuntimeError:  # the loop has been closed in the meantime: nobody waits any more
                return

        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(work,), name=f"agentrun-{name}", daemon=True).start()
        # The error travels inside the result: a future refuses some exceptions (StopIteration).
        result, error = await answer
        if error is not None:
            raise error
        return result
