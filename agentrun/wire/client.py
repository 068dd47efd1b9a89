"""Events that a client sends to a Realtime session.

Field order and names are the API's: https://platform.openai.com/docs/api-reference/realtime-client-events.
A field of type `bytes` is base64 on the wire. A field whose default is None is left out when it is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from agentrun.wire.json import JsonObject


@dataclass(frozen=True, slots=True)
class SessionUpdate:
    """Change the session; only the fields that are present change. Answered by `session.updated`."""

    type: ClassVar[str] = "session.update"
    session: JsonObject
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class InputAudioBufferAppend:
    """Add caller audio, in the session's input format. Not answered."""

    type: ClassVar[str] = "input_audio_buffer.append"
    audio: bytes
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class InputAudioBufferCommit:
    """Make a user item of the buffered audio. Never starts a response."""

    type: ClassVar[str] = "input_audio_buffer.commit"
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class InputAudioBufferClear:
    """Drop the buffered audio."""

    type: ClassVar[str] = "input_audio_buffer.clear"
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class OutputAudioBufferClear:
    """Stop playback where the provider plays (WebRTC, SIP)."""

    type: ClassVar[str] = "output_audio_buffer.clear"
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ConversationItemCreate:
    """Add an item; `previous_item_id` None appends, `"root"` puts it first."""

    type: ClassVar[str] = "conversation.item.create"
    item: JsonObject
    previous_item_id: str | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ConversationItemRetrieve:
    """Ask for one item, with its audio."""

    type: ClassVar[str] = "conversation.item.retrieve"
    item_id: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ConversationItemTruncate:
    """Cut assistant audio at what was heard, in milliseconds of that item."""

    type: ClassVar[str] = "conversation.item.truncate"
    item_id: str
    content_index: int
    audio_end_ms: int
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ConversationItemDelete:
    """Remove one item."""

    type: ClassVar[str] = "conversation.item.delete"
    item_id: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseCreate:
    """Ask the model to answer; `response` overrides the session for this response only."""

    type: ClassVar[str] = "response.create"
    response: JsonObject | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseCancel:
    """Stop a response; without an id, the active one of the default conversation."""

    type: ClassVar[str] = "response.cancel"
    response_id: str | None = None
    event_id: str | None = None


ClientEvent: TypeAlias = (
    SessionUpdate
    | InputAudioBufferAppend
    | InputAudioBufferCommit
    | InputAudioBufferClear
    | OutputAudioBufferClear
    | ConversationItemCreate
    | ConversationItemRetrieve
    | ConversationItemTruncate
    | ConversationItemDelete
    | ResponseCreate
    | ResponseCancel
)
