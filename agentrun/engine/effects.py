"""What enters the core beside client events, and what it asks of the world.

The way of one spoken turn through the engine::

    client: input_audio_buffer.append ──▶ core buffers ─▶ shell feeds the detector (as `Listen` told it)
    detector: SpeechStarted, SpeechStopped ──▶ core commits an item ──▶ Transcribe
    recogniser: Heard ──▶ core ──▶ Generate(Prompt)
    responder: Produced(Say | Call) …, ProducedEnd ──▶ core ──▶ Speak
    voice: Spoken(pcm) …, SpokenEnd ──▶ core ──▶ response.output_audio.delta …, response.done

Each step is a value, so a shell may run the parts in tasks, in processes or in virtual time. Answers that
come after their response or item has gone are ignored: a shell need not win races.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from agentrun.audio import AudioFormat
from agentrun.engine.hosting.values import HostedError, HostedServer, HostedTool
from agentrun.engine.seams import Failure, Move, Prompt
from agentrun.engine.speech.turns import SpeechStarted, SpeechStopped
from agentrun.wire import ServerEvent
from agentrun.wire.json import JsonObject

# Inputs


@dataclass(frozen=True, slots=True)
class Heard:
    """The recogniser's answer to `Transcribe`.

    Attributes:
        text: what was understood; empty if nothing was.
        error: why there is no transcript at all, or None.
        confident: whether the words are more than a guess.

    """

    item_id: str
    text: str
    error: str | None = None
    confident: bool = True


@dataclass(frozen=True, slots=True)
class Overheard:
    """What the recogniser has understood so far of the turn under way; more may follow."""

    text: str


@dataclass(frozen=True, slots=True)
class Produced:
    """The responder made one move of a response."""

    response_id: str
    move: Move


@dataclass(frozen=True, slots=True)
class ProducedEnd:
    """The responder made its last move; `failure` says why the response must fail instead."""

    response_id: str
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Spoken:
    """A piece of speech: 24 kHz 16-bit mono, and how many characters of the text are spoken after it."""

    response_id: str
    item_id: str
    pcm24k: bytes
    chars: int


@dataclass(frozen=True, slots=True)
class SpokenEnd:
    """The voice finished one `Speak`, or gave up; the words stand either way."""

    response_id: str
    item_id: str


@dataclass(frozen=True, slots=True)
class HostedToolsListed:
    """The answer to `ListHostedTools`: the tools of a server, or why there are none."""

    item_id: str
    tools: Sequence[HostedTool]
    error: HostedError | None = None


@dataclass(frozen=True, slots=True)
class HostedToolReturned:
    """The answer to `RunHostedTool`: the output as text, or why there is none."""

    item_id: str
    output: str
    error: HostedError | None = None


@dataclass(frozen=True, slots=True)
class Wake:
    """The deadline of the core may have passed."""


Input: TypeAlias = (
    SpeechStarted
    | SpeechStopped
    | Heard
    | Overheard
    | Produced
    | ProducedEnd
    | Spoken
    | SpokenEnd
    | HostedToolsListed
    | HostedToolReturned
    | Wake
)

# Commands


@dataclass(frozen=True, slots=True)
class Listen:
    """Start speech detection afresh from here; audio appended from now on is fed to it.

    Attributes:
        turn_detection: the session's settings, or None for push-to-talk (no detection).
        format: of the audio that will be appended.
        position_ms: stream time of the next sample.

    """

    turn_detection: JsonObject | None
    format: AudioFormat
    position_ms: int


@dataclass(frozen=True, slots=True)
class Expect:
    """What callers are likely to talk about from now on; a recogniser may prepare for it.

    Attributes:
        instructions: of the session.
        tools: its function tools.
        language: ISO 639-1, if the session names one.

    """

    instructions: str
    tools: Sequence[JsonObject]
    language: str | None


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Tell what an item says; answered by one `Heard`. The audio is in `format`."""

    item_id: str
    audio: bytes
    format: AudioFormat


@dataclass(frozen=True, slots=True)
class Generate:
    """Ask the responder; answered by `Produced` and one `ProducedEnd`."""

    response_id: str
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Speak:
    """Turn words into sound; answered by `Spoken` and one `SpokenEnd`. At most one per response at a time."""

    response_id: str
    item_id: str
    text: str
    voice: str
    speed: float
    language: str | None


@dataclass(frozen=True, slots=True)
class Stop:
    """The response is over: what is still being generated or spoken for it is not wanted."""

    response_id: str


@dataclass(frozen=True, slots=True)
class ListHostedTools:
    """Connect to an MCP server and list its tools; answered by one `HostedToolsListed`."""

    item_id: str
    server: HostedServer


@dataclass(frozen=True, slots=True)
class RunHostedTool:
    """Call a tool of an MCP server; answered by one `HostedToolReturned`."""

    item_id: str
    server: HostedServer
    tool: str
    arguments: JsonObject


@dataclass(frozen=True, slots=True)
class StopHosted:
    """What is still being listed or called for this item is not wanted."""

    item_id: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection after the events before this command."""

    code: int
    reason: str


Command: TypeAlias = (
    Listen
    | Expect
    | Transcribe
    | Generate
    | Speak
    | Stop
    | ListHostedTools
    | RunHostedTool
    | StopHosted
    | Close
)
Output: TypeAlias = ServerEvent | Command
