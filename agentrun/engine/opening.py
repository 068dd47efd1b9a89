"""Putting an engine together: a mind by its name, and the speech parts that this machine has."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from agentrun.engine.driver import EngineParts
from agentrun.engine.seams import Mind, Move, Prompt, begin_mind

if TYPE_CHECKING:
    from agentrun.engine.responders.chat import ChatOptions
    from agentrun.engine.speech.remote import RemotePart


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """What the operator chose to think, listen and speak with.

    Attributes:
        responder: a name of `RESPONDERS`.
        chat: the server of the chat mind.
        script: the file of the scripted mind.
        ears: a server that listens in place of this machine.
        mouth: a server that speaks in place of this machine.

    """

    responder: str = "rehearsal"
    chat: ChatOptions | None = None
    script: Path | None = None
    ears: RemotePart | None = None
    mouth: RemotePart | None = None


class ChoiceRefused(ValueError):
    """A choice lacks something.

    Attributes:
        option: of the command line that is missing or wrong.

    """

    def __init__(self, message: str, option: str) -> None:
        super().__init__(message)
        self.option = option


def _make_rehearsal(_: EngineChoice) -> Mind:
    from agentrun.engine.responders.rehearsal import RehearsalResponder

    return RehearsalResponder()


def _make_gullible(_: EngineChoice) -> Mind:
    from agentrun.engine.responders.gullible import GullibleResponder

    return GullibleResponder()


def _make_chat(choice: EngineChoice) -> Mind:
    from agentrun.engine.responders.chat import ChatResponder

    if choice.chat is None:
        raise ChoiceRefused("the chat mind needs a server and a model", "--chat-url")
    return ChatResponder(choice.chat)


def _make_script(choice: EngineChoice) -> Mind:
    from agentrun.engine.responders.rehearsal import RehearsalResponder
    from agentrun.engine.responders.script import ScriptPlayer, load_script

    if choice.script is None:
        raise ChoiceRefused("the scripted mind needs a file", "--script")
    script = load_script(choice.script)
    return ScriptPlayer(script, RehearsalResponder() if script.obeys else None)


PREPARE_AFTER_S = 0.2
"""When the mind is loaded if nobody has asked by then: after the server has come up."""

RESPONDERS: Mapping[str, Callable[[EngineChoice], Mind]] = {
    "rehearsal": _make_rehearsal,
    "chat": _make_chat,
    "script": _make_script,
    "gullible": _make_gullible,
}
"""Minds by the name that `--responder` takes."""

_MADE_AT_ONCE = frozenset({"chat", "script"})
"""Minds that are quick to make, and whose options may be wrong: the operator should know before a call."""


class DeferredResponder:
    """A mind that is made when it is first asked, or before by `prepare`, so that a server is up at once.

    Args:
        make: loads and makes the mind.

    """

    def __init__(self, make: Callable[[], Mind]) -> None:
        self._make = functools.cache(lambda: begin_mind(make()))

    def prepare(self) -> None:
        """Make the mind now; may run in a thread of its own."""
        self._make()

    def respond(self, prompt: Prompt) -> AsyncIterator[Move] | Sequence[Move]:
        """Answer as the mind does."""
        return self._make().respond(prompt)


@runtime_checkable
class _Closing(Protocol):
    async def aclose(self) -> None:
        """Let go of connections."""


@contextlib.asynccontextmanager
async def open_engine(
    choice: EngineChoice | str = "rehearsal",
) -> AsyncIterator[tuple[EngineParts, list[str]]]:
    """Open the parts of an engine; yields them, and one line for each speech part that is missing.

    Args:
        choice: what it is made of; a name alone is a mind with the parts of this machine.

    Raises:
        KeyError: there is no such mind.
        ChoiceRefused: a mind lacks what it needs.
        ScriptError: the script cannot be used.

    """
    from agentrun.engine.speech import open_speech

    if isinstance(choice, str):
        choice = EngineChoice(choice)
    make = functools.partial(RESPONDERS[choice.responder], choice)
    if choice.responder in _MADE_AT_ONCE:
        async with _open_mind(make()) as mind, open_speech(ears=choice.ears, mouth=choice.mouth) as speech:
            yield EngineParts(mind, speech), list(speech.degraded)
        return
    deferred = DeferredResponder(make)
    async with open_speech(ears=choice.ears, mouth=choice.mouth) as speech:
        preparing = asyncio.get_running_loop().call_later(
            PREPARE_AFTER_S, lambda: asyncio.get_running_loop().run_in_executor(None, deferred.prepare)
        )
        yield EngineParts(deferred, speech), list(speech.degraded)
        preparing.cancel()


@contextlib.asynccontextmanager
async def _open_mind(mind: Mind) -> AsyncIterator[Mind]:
    try:
        yield mind
    finally:
        if isinstance(mind, _Closing):
            await mind.aclose()
