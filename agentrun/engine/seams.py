"""The seams of the engine: what a mind is asked, and what it answers.

The core of the engine knows the protocol and nothing else. *What* the model says is decided by a responder,
*how* it sounds and what was heard by the parts of `engine.speech`.
"""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from agentrun.errors import AgentrunError
from agentrun.wire.json import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class Say:
    """One assistant message.

    Attributes:
        text: all of its words, or the first ones if it is growing.
        phase: `commentary` for words before a tool call, else `final_answer`; None where nobody knows yet.
        growing: whether `More` may follow. The message ends with the next other move, or with the last one.

    """

    text: str
    phase: Literal["commentary", "final_answer"] | None = "final_answer"
    growing: bool = False


@dataclass(frozen=True, slots=True)
class More:
    """More words of the growing message that was said last; with none, they begin a message of their own.

    A written message grows by them at once. A spoken one is spoken sentence by sentence.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """One function call; `arguments` becomes JSON text."""

    name: str
    arguments: JsonObject


@dataclass(frozen=True, slots=True)
class Spent:
    """What a remote mind counted for this response, in place of the engine's estimate of text tokens."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Cut:
    """The mind was cut short here: the response ends as `incomplete`."""

    reason: Literal["max_output_tokens", "content_filter"]


Move: TypeAlias = Say | More | Call | Spent | Cut


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a response failed, as `status_details.error` of `response.done` says it."""

    message: str
    code: str | None = None
    kind: str = "server_error"


class MindFailed(AgentrunError):
    """A mind cannot answer; the response fails, and the session goes on.

    Attributes:
        failure: what the client is told.

    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Prompt:
    """All that a model may read when it answers; only what any client sends.

    Attributes:
        instructions: the session's instructions, or those of this response where it has its own.
        instructed: True if this response brought instructions of its own (a client's "say exactly …").
        tools: function tools in the session's shape: `{"type": "function", "name", "description",
            "parameters"}`; the tools of hosted MCP servers are among them.
        tool_choice: `auto`, `none`, `required` or `{"type": "function", "name": …}`.
        items: the conversation as wire items, oldest first, already truncated; caller audio appears as an
            `input_audio` part with its `transcript`, or with None where it could not be understood. Calls of
            hosted tools appear as function calls and their outputs.
        now: local wall-clock time of the engine, for words such as "tomorrow".
        language: ISO 639-1 of the session's transcription, if it names one.
        unsure: ids of the caller's items that were heard, but not well: what they say is a guess.
        max_output_tokens: how much the response may be at most; None for as much as it takes.

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
    max_output_tokens: int | None = None


def explain_failure(error: AgentrunError) -> Failure:
    """Return what a client is told of an error of a mind."""
    return error.failure if isinstance(error, MindFailed) else Failure(str(error))


class Responder(Protocol):
    """A mind. Deterministic minds answer at once; a remote one streams its moves as they become known."""

    def respond(self, prompt: Prompt) -> AsyncIterator[Move] | Sequence[Move]:
        """Return the moves of one response, in order; none means an empty response.

        Closing the iterator ends the work behind it.

        Raises:
            MindFailed: the mind cannot answer, perhaps after some moves; so does the iterator. Any other
                `AgentrunError` fails the response as well, without a code.

        """
        ...


@runtime_checkable
class SessionMind(Protocol):
    """A mind that remembers something from one response to the next, and so is begun for each session."""

    def begin(self) -> Responder:
        """Return the mind of one session."""
        ...


Mind: TypeAlias = Responder | SessionMind
"""What an engine thinks with. Most minds know nothing of sessions, and one serves them all."""


def begin_mind(mind: Mind) -> Responder:
    """Return what answers in one session."""
    return mind.begin() if isinstance(mind, SessionMind) else mind
