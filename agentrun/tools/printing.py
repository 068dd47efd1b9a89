"""What a tool prints goes to stderr, because stdout carries agentrun's own data.

`redirect_stdout` would move everybody's output, for calls run side by side. So a stand-in for `sys.stdout`
asks a context variable, which is set only where a tool runs, on the loop or in its thread. Output of
subprocesses and of threads that a tool itself starts is not seen here.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

_in_tool: ContextVar[bool] = ContextVar("agentrun_in_tool", default=False)
_lock = threading.Lock()


class _Stdout:
    """Behaves as the real stdout, except inside a tool."""

    def __init__(self, real: TextIO) -> None:
        self.real = real
        self.users = 0

    def write(self, text: str) -> int:
        return (sys.stderr if _in_tool.get() else self.real).write(text)

    def writelines(self, lines: list[str]) -> None:
        self.write("".join(lines))

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr if _in_tool.get() else self.real, name)


@contextmanager
def guarded_stdout() -> Iterator[None]:
    """Have the stand-in in place while tools may run; nests and may overlap."""
    with _lock:
        if not isinstance(sys.stdout, _Stdout):
            sys.stdout = _Stdout(sys.stdout)
        mine: Any = sys.stdout
        mine.users += 1
    try:
        yield
    finally:
        with _lock:
            mine.users -= 1
            if mine.users == 0 and sys.stdout is mine:
                sys.stdout = mine.real


@contextmanager
def tool_prints() -> Iterator[None]:
    """Mark the code inside as a tool's: what it prints goes to stderr."""
    with guarded_stdout():
        token = _in_tool.set(True)
        try:
            yield
        finally:
            _in_tool.reset(token)
