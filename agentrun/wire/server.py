"""Events that a Realtime session sends to its client.

Field order and names are the API's: https://platform.openai.com/docs/api-reference/realtime-server-events.
A field of type `bytes` is base64 on the wire. A field whose default is None is left out when it is None; a
nullable field without a default is always there, as `null` where there is nothing to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from agentrun.wire.json import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class Error:
    """Something failed; `error` holds type, code, message, param and the client's event_id."""

    type: ClassVar[str] = "error"
    error: JsonObject
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class SessionCreated:
    """First event of a WebSocket session, with the complete session."""

    type: ClassVar[str] = "session.created"
    session: JsonObject
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class SessionUpdated:
    """Reply to a valid `session.update`: the full effective session."""

    type: ClassVar[str] = "session.updated"
    session: JsonObject
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ConversationItemAdded:
    """An item entered the conversation."""

    type: ClassVar[str] = "conversation.item.added"
    previous_item_id: str | None
    item: JsonObject
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ConversationItemDone:
    """An item is final."""

    type: ClassVar[str] = "conversation.item.done"
    previous_item_id: str | None
    item: JsonObject
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ConversationItemRetrieved:
    """Reply to retrieve, with audio."""

    type: ClassVar[str] = "conversation.item.retrieved"
    item: JsonObject
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ConversationItemTruncated:
    """Assistant audio was cut at `audio_end_ms`."""

    type: ClassVar[str] = "conversation.item.truncated"
    item_id: str
    content_index: int
    audio_end_ms: int
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ConversationItemDeleted:
    """Reply to delete."""

    type: ClassVar[str] = "conversation.item.deleted"
    item_id: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class InputTranscriptionDelta:
    """A piece of what the caller said."""

    type: ClassVar[str] = "conversation.item.input_audio_transcription.delta"
    item_id: str
    content_index: int = 0
    delta: str = ""
    logprobs: list[JsonValue] | None = None
    obfuscation: str | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class InputTranscriptionSegment:
    """A diarised piece of what was said."""

    type: ClassVar[str] = "conversation.item.input_audio_transcription.segment"
    item_id: str
    content_index: int
    id: str
    text: str
    speaker: str
    start: float
    end: float
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class InputTranscriptionCompleted:
    """What the caller said in one committed item."""

    type: ClassVar[str] = "conversation.item.input_audio_transcription.completed"
    item_id: str
    content_index: int
    transcript: str
    usage: JsonObject
    languages: list[JsonObject] | None = None
    logprobs: list[JsonValue] | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class InputTranscriptionFailed:
    """Transcription of one item failed; the conversation goes on."""

    type: ClassVar[str] = "conversation.item.input_audio_transcription.failed"
    item_id: str
    content_index: int
    error: JsonObject
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class InputAudioBufferSpeechStarted:
    """Voice activity began; `item_id` is the id that the item will get."""

    type: ClassVar[str] = "input_audio_buffer.speech_started"
    audio_start_ms: int
    item_id: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class InputAudioBufferSpeechStopped:
    """Voice activity ended."""

    type: ClassVar[str] = "input_audio_buffer.speech_stopped"
    audio_end_ms: int
    item_id: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class InputAudioBufferCommitted:
    """The buffered audio became an item."""

    type: ClassVar[str] = "input_audio_buffer.committed"
    previous_item_id: str | None
    item_id: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class InputAudioBufferCleared:
    """Reply to clear."""

    type: ClassVar[str] = "input_audio_buffer.cleared"
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class InputAudioBufferTimeoutTriggered:
    """The idle timeout passed without speech."""

    type: ClassVar[str] = "input_audio_buffer.timeout_triggered"
    audio_start_ms: int
    audio_end_ms: int
    item_id: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class InputAudioBufferDtmfEventReceived:
    """A key was pressed on a SIP call; the only event without an `event_id`."""

    type: ClassVar[str] = "input_audio_buffer.dtmf_event_received"
    event: str
    received_at: int
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class OutputAudioBufferStarted:
    """The provider began to play (WebRTC, SIP)."""

    type: ClassVar[str] = "output_audio_buffer.started"
    response_id: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class OutputAudioBufferStopped:
    """The provider played everything."""

    type: ClassVar[str] = "output_audio_buffer.stopped"
    response_id: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class OutputAudioBufferCleared:
    """The provider dropped what was left to play."""

    type: ClassVar[str] = "output_audio_buffer.cleared"
    response_id: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseCreated:
    """A response began; its `output` is still empty."""

    type: ClassVar[str] = "response.created"
    response: JsonObject
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseDone:
    """A response ended, whatever the end; exactly one for each response."""

    type: ClassVar[str] = "response.done"
    response: JsonObject
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseOutputItemAdded:
    """The model began an item."""

    type: ClassVar[str] = "response.output_item.added"
    response_id: str
    output_index: int
    item: JsonObject
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseOutputItemDone:
    """The model finished an item."""

    type: ClassVar[str] = "response.output_item.done"
    response_id: str
    output_index: int
    item: JsonObject
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseContentPartAdded:
    """A part (`text` or `audio`) of a message began."""

    type: ClassVar[str] = "response.content_part.added"
    response_id: str
    item_id: str
    output_index: int
    content_index: int
    part: JsonObject
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseContentPartDone:
    """A part of a message is complete."""

    type: ClassVar[str] = "response.content_part.done"
    response_id: str
    item_id: str
    output_index: int
    content_index: int
    part: JsonObject
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseOutputTextDelta:
    """A piece of written answer."""

    type: ClassVar[str] = "response.output_text.delta"
    response_id: str
    item_id: str
    output_index: int
    content_index: int
    delta: str
    obfuscation: str | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseOutputTextDone:
    """The written answer is complete."""

    type: ClassVar[str] = "response.output_text.done"
    response_id: str
    item_id: str
    output_index: int
    content_index: int
    text: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseOutputAudioDelta:
    """A piece of speech in the session's output format."""

    type: ClassVar[str] = "response.output_audio.delta"
    response_id: str
    item_id: str
    output_index: int
    content_index: int
    delta: bytes
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseOutputAudioDone:
    """All speech of the part was sent."""

    type: ClassVar[str] = "response.output_audio.done"
    response_id: str
    item_id: str
    output_index: int
    content_index: int
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseOutputAudioTranscriptDelta:
    """A piece of the words that are spoken; runs ahead of the sound."""

    type: ClassVar[str] = "response.output_audio_transcript.delta"
    response_id: str
    item_id: str
    output_index: int
    content_index: int
    delta: str
    obfuscation: str | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseOutputAudioTranscriptDone:
    """The words of the part are complete."""

    type: ClassVar[str] = "response.output_audio_transcript.done"
    response_id: str
    item_id: str
    output_index: int
    content_index: int
    transcript: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseFunctionCallArgumentsDelta:
    """A piece of the arguments of a function call."""

    type: ClassVar[str] = "response.function_call_arguments.delta"
    response_id: str
    item_id: str
    output_index: int
    call_id: str
    delta: str
    obfuscation: str | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseFunctionCallArgumentsDone:
    """The arguments of a function call are complete."""

    type: ClassVar[str] = "response.function_call_arguments.done"
    response_id: str
    item_id: str
    output_index: int
    call_id: str
    name: str
    arguments: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseMcpCallArgumentsDelta:
    """A piece of the arguments of an MCP call."""

    type: ClassVar[str] = "response.mcp_call_arguments.delta"
    response_id: str
    item_id: str
    output_index: int
    delta: str
    obfuscation: str | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseMcpCallArgumentsDone:
    """The arguments of an MCP call are complete."""

    type: ClassVar[str] = "response.mcp_call_arguments.done"
    response_id: str
    item_id: str
    output_index: int
    arguments: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseMcpCallInProgress:
    """An MCP call runs."""

    type: ClassVar[str] = "response.mcp_call.in_progress"
    item_id: str
    output_index: int
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseMcpCallCompleted:
    """An MCP call ended well."""

    type: ClassVar[str] = "response.mcp_call.completed"
    item_id: str
    output_index: int
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseMcpCallFailed:
    """An MCP call failed."""

    type: ClassVar[str] = "response.mcp_call.failed"
    item_id: str
    output_index: int
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class McpListToolsInProgress:
    """The provider lists the tools of an MCP server."""

    type: ClassVar[str] = "mcp_list_tools.in_progress"
    item_id: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class McpListToolsCompleted:
    """The tools of an MCP server can be used from the next turn on."""

    type: ClassVar[str] = "mcp_list_tools.completed"
    item_id: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class McpListToolsFailed:
    """The tools of an MCP server could not be listed."""

    type: ClassVar[str] = "mcp_list_tools.failed"
    item_id: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class RateLimitsUpdated:
    """What is left of the rate limits; comes after `response.done`, or not at all."""

    type: ClassVar[str] = "rate_limits.updated"
    rate_limits: list[JsonValue]
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class UnknownEvent:
    """An event of a type that we do not know: the API grows, so it changes nothing and is counted."""

    name: str
    payload: JsonObject
    event_id: str | None = None


ServerEvent: TypeAlias = (
    Error
    | SessionCreated
    | SessionUpdated
    | ConversationItemAdded
    | ConversationItemDone
    | ConversationItemRetrieved
    | ConversationItemTruncated
    | ConversationItemDeleted
    | InputTranscriptionDelta
    | InputTranscriptionSegment
    | InputTranscriptionCompleted
    | InputTranscriptionFailed
    | InputAudioBufferSpeechStarted
    | InputAudioBufferSpeechStopped
    | InputAudioBufferCommitted
    | InputAudioBufferCleared
    | InputAudioBufferTimeoutTriggered
    | InputAudioBufferDtmfEventReceived
    | OutputAudioBufferStarted
    | OutputAudioBufferStopped
    | OutputAudioBufferCleared
    | ResponseCreated
    | ResponseDone
    | ResponseOutputItemAdded
    | ResponseOutputItemDone
    | ResponseContentPartAdded
    | ResponseContentPartDone
    | ResponseOutputTextDelta
    | ResponseOutputTextDone
    | ResponseOutputAudioDelta
    | ResponseOutputAudioDone
    | ResponseOutputAudioTranscriptDelta
    | ResponseOutputAudioTranscriptDone
    | ResponseFunctionCallArgumentsDelta
    | ResponseFunctionCallArgumentsDone
    | ResponseMcpCallArgumentsDelta
    | ResponseMcpCallArgumentsDone
    | ResponseMcpCallInProgress
    | ResponseMcpCallCompleted
    | ResponseMcpCallFailed
    | McpListToolsInProgress
    | McpListToolsCompleted
    | McpListToolsFailed
    | RateLimitsUpdated
    | UnknownEvent
)
