"""A caller at a keyboard or in a pipe: one line of input is one turn, taken when the agent is idle."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import queue
import threading
from collections.abc import Callable
from typing import Protocol

from agentrun.channels.text import TextChannel
from agentrun.runtime.clock import Clock

REACTION_MS = 600
"""How long a caller takes to begin to speak after the agent."""

MS_PER_CHARACTER = 65
"""How fast a caller speaks; about 150 words a minute in English."""


class Lines(Protocol):
    """Where the caller's turns come from."""

    def ask(self, give: Callable[[str | None], None]) -> None:
        """Call `give` on the event loop with the next line without its end, or None if there is none."""
        ...

    def close(self) -> None:
        """Do not call any more."""
        ...


class Typist:
    """Feeds lines to a text channel, one each time the agent comes to rest. The end of input hangs up."""

    def __init__(self, channel: TextChannel, clock: Clock, lines: Lines) -> None:
        self._channel = channel
        self._clock = clock
        self._lines = lines

    def on_idle(self) -> None:
        """Ask for the next line; the person's time does not count."""
        self._clock.freeze()
        self._lines.ask(self._take)

    def _take(self, line: str | None) -> None:
        self._clock.thaw()
        if line is None:
            self._clock.call_at(self._clock.now_ms() + REACTION_MS, self._channel.hang_up)
        elif text := line.strip():
            said_ms = self._clock.now_ms() + REACTION_MS + MS_PER_CHARACTER * len(text)
            self._clock.call_at(said_ms, lambda: self._channel.type_line(text))
        else:
            self.on_idle()


class DescriptorLines:
    """Lines from a file descriptor, read by a thread of its own.

    The thread reads the descriptor itself: a daemon thread that waits inside of `sys.stdin` would hold its
    lock when the interpreter shuts down. It knows nothing of the call, so that the call can go while the
    thread still waits for somebody to type.

    Args:
        descriptor: for example 0.
        prompt: is called before each line is read.

    """

    def __init__(self, descriptor: int, prompt: Callable[[], None]) -> None:
        self._prompt = prompt
        self._give: Callable[[str | None], None] | None = None
        self._asked: queue.SimpleQueue[None] = queue.SimpleQueue()
        loop = asyncio.get_running_loop()

        def deliver(line: str | None) -> None:
            loop.call_soon_threadsafe(self._deliver, line)

        threading.Thread(
            target=_read_lines, args=(descriptor, self._asked, deliver), name="typed lines", daemon=True
        ).start()

    def ask(self, give: Callable[[str | None], None]) -> None:
        """Read the next line."""
        self._prompt()
        self._give = give
        self._asked.put(None)

    def close(self) -> None:
        """Let go of whoever asked; a line that comes later is dropped."""
        self._give = None

    def _deliver(self, line: str | None) -> None:
        give, self._give = self._give, None
        if give is not None:
            give(line)


def _read_lines(
    descriptor: int, asked: queue.SimpleQueue[None], deliver: Callable[[str | None], object]
) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    pending, ended = "", False
    while True:
        asked.get()
        while "\n" not in pending and not ended:
            data = os.read(descriptor, 65536)
            ended = not data
            pending += decoder.decode(data, final=ended)
        line, newline, pending = pending.partition("\n")
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            deliver(line if line or newline else None)
