"""What can happen to a call: everything that `Conversation.handle` takes, beside the server's events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from agentrun.outcome import ToolOutcome
from agentrun.plan import ToolBinding
from agentrun.wire.server import ServerEvent


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The connection to the model is open; events can be sent."""


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The connection to the model could not be made, or ended.

    Attributes:
        message: for people; names the host and the cause.
        hint: the remedy, or empty.
        code: WebSocket close code, or the HTTP status of a refused handshake, or None.

    """

    message: str
    hint: str = ""
    code: int | None = None


@dataclass(frozen=True, slots=True)
class CallerText:
    """The caller typed a whole turn."""

    text: str


@dataclass(frozen=True, slots=True)
class CallerAudio:
    """A piece of the caller's speech, in the channel's input format."""

    audio: bytes


@dataclass(frozen=True, slots=True)
class CallerPlayed:
    """The channel acknowledges playback: `ms` of `item_id` have been heard by now."""

    item_id: str
    ms: int


@dataclass(frozen=True, slots=True)
class CallerDigit:
    """The caller pressed a key: `0` to `9`, `*`, `#`, `A` to `D`."""

    digit: str


@dataclass(frozen=True, slots=True)
class CallerImage:
    """The caller sent a picture as a data URI."""

    image_url: str


@dataclass(frozen=True, slots=True)
class CallerLeft:
    """The caller hung up or vanished; `reason` becomes the reason of the call's end."""

    reason: str = "caller_hung_up"


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """A tool that was started has ended, whatever the outcome; comes exactly once for each `StartTool`."""

    outcome: ToolOutcome


@dataclass(frozen=True, slots=True)
class ToolProgressed:
    """A running tool tells how far it is; `text` is the words of whoever runs it."""

    call_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolsOffered:
    """The tools of MCP servers that agentrun calls: all of them, in place of those of before."""

    tools: tuple[ToolBinding, ...]


@dataclass(frozen=True, slots=True)
class SayRequested:
    """A tool asks the agent to say these words to the caller."""

    text: str


@dataclass(frozen=True, slots=True)
class HangUpRequested:
    """A tool (or the operator) asks to end the call once the agent has said what it is saying."""

    reason: str = "agent_hung_up"


@dataclass(frozen=True, slots=True)
class StopRequested:
    """The process is shutting down: end the call at once."""

    reason: str = "shutting_down"


@dataclass(frozen=True, slots=True)
class Wake:
    """The time that `Conversation.deadline_ms` named has come."""


LinkInput: TypeAlias = LinkUp | LinkDown | ServerEvent
CallerInput: TypeAlias = CallerText | CallerAudio | CallerPlayed | CallerDigit | CallerImage | CallerLeft
Input: TypeAlias = (
    LinkInput
    | CallerInput
    | ToolFinished
    | ToolProgressed
    | ToolsOffered
    | SayRequested
    | HangUpRequested
    | StopRequested
    | Wake
)
