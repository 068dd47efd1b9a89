"""Putting an engine together: a mind by its name, and the speech parts that this machine has."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from agentrun.engine.driver import EngineParts
from agentrun.engine.seams import Move, Prompt, Responder


def _make_rehearsal() -> Responder:
    from agentrun.engine.responders.rehearsal import RehearsalResponder

    return RehearsalResponder()


def _make_gullible() -> Responder:
    from agentrun.engine.responders.gullible import GullibleResponder

    return GullibleResponder()


PREPARE_AFTER_S = 0.2
"""When the mind is loaded if nobody has asked by then: after the server has come up."""

RESPONDERS: Mapping[str, Callable[[], Responder]] = {
    "rehearsal": _make_rehearsal,
    "gullible": _make_gullible,
}
"""Minds by the name that `--responder` takes."""


class DeferredResponder:
    """A mind that is made when it is first asked, or before by `prepare`, so that a server is up at once.

    Args:
        make: loads and makes the mind.

    """

    def __init__(self, make: Callable[[], Responder]) -> None:
        self._make = functools.cache(make)

    def prepare(self) -> None:
        """Make the mind now; may run in a thread of its own."""
        self._make()

    def respond(self, prompt: Prompt) -> AsyncIterator[Move] | Sequence[Move]:
        """Answer as the mind does."""
        return self._make().respond(prompt)


@contextlib.asynccontextmanager
async def open_engine(responder: str = "rehearsal") -> AsyncIterator[tuple[EngineParts, list[str]]]:
    """Open the parts of an engine; yields them, and one line for each speech part that is missing.

    Raises:
        KeyError: there is no such mind.

    """
    from agentrun.engine.speech import open_speech

    mind = DeferredResponder(RESPONDERS[responder])
    async with open_speech() as speech:
        preparing = asyncio.get_running_loop().call_later(
            PREPARE_AFTER_S, lambda: asyncio.get_running_loop().run_in_executor(None, mind.prepare)
        )
        yield EngineParts(mind, speech), list(speech.degraded)
        preparing.cancel()
