"""The seams of the engine: what a mind is asked, and what it answers.

The core of the engine knows the protocol and nothing else. *What* the model says is decided by a responder,
*how* it sounds and what was heard by the parts of `engine.speech`.
"""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from agentrun.wire.json import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class Say:
    """One assistant message. `phase` is `commentary` for words before a tool call, else `final_answer`."""

    text: str
    phase: Literal["commentary", "final_answer"] = "final_answer"


@dataclass(frozen=True, slots=True)
class Call:
    """One function call; `arguments` becomes JSON text."""

    name: str
    arguments: JsonObject


Move: TypeAlias = Say | Call


@dataclass(frozen=True, slots=True)
class Prompt:
    """All that a model may read when it answers; only what any client sends.

    Attributes:
        instructions: the session's instructions, or those of this response where it has its own.
        instructed: True if this response brought instructions of its own (a client's "say exactly …").
        tools: function tools in the session's shape: `{"type": "function", "name", "description",
            "parameters"}`.
        tool_choice: `auto`, `none`, `required` or `{"type": "function", "name": …}`.
        items: the conversation as wire items, oldest first, already truncated; caller audio appears as an
            `input_audio` part with its `transcript`, or with None where it could not be understood.
        now: local wall-clock time of the engine, for words such as "tomorrow".
        language: ISO 639-1 of the session's transcription, if it names one.
        unsure: ids of the caller's items that were heard, but not well: what they say is a guess.

    """

    instructions: str
    instructed: bool
    tools: Sequence[JsonObject]
    tool_choice: JsonValue
    items: Sequence[JsonObject]
    now: datetime.datetime
    parallel_tool_calls: bool = True
    language: str | None = None
    unsure: frozenset[str] = frozenset()


class Responder(Protocol):
    """A mind. Deterministic minds answer at once; a remote one streams its moves as they become known."""

    def respond(self, prompt: Prompt) -> AsyncIterator[Move] | Sequence[Move]:
        """Return the moves of one response, in order; none means an empty response.

        Raises:
            agentrun.errors.TransportError: a remote mind cannot be reached; the response then fails with
                `server_error`.

        """
        ...
