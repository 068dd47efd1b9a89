"""Putting an engine together: a mind by its name, and the speech parts that this machine has."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping

from agentrun.engine.driver import EngineParts
from agentrun.engine.seams import Responder


def _make_rehearsal() -> Responder:
    from agentrun.engine.responders.rehearsal import RehearsalResponder

    return RehearsalResponder()


RESPONDERS: Mapping[str, Callable[[], Responder]] = {"rehearsal": _make_rehearsal}
"""Minds by the name that `--responder` takes."""


@contextlib.asynccontextmanager
async def open_engine(responder: str = "rehearsal") -> AsyncIterator[tuple[EngineParts, list[str]]]:
    """Open the parts of an engine; yields them, and one line for each speech part that is missing.

    Raises:
        KeyError: there is no such mind.

    """
    from agentrun.engine.speech import open_speech

    mind = RESPONDERS[responder]()
    async with open_speech() as speech:
        yield EngineParts(mind, speech), list(speech.degraded)
