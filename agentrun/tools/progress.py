"""How a running tool tells how far it is, without being handed anything.

The dispatcher sets who listens for the task of a run; a tool asks for it inside that task.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeAlias

OnProgress: TypeAlias = Callable[[str], None]


def _nobody(_: str) -> None:
    """Nobody listens."""


_listener: ContextVar[OnProgress] = ContextVar("agentrun_progress", default=_nobody)


def current_progress() -> OnProgress:
    """Return what takes the progress of the run that this code belongs to; it never raises or waits."""
    return _listener.get()


def listen_to_progress(listener: OnProgress) -> None:
    """Have the current task's progress told to `listener`, from here on."""
    _listener.set(listener)
