"""The effective settings of one response, and what they say on the wire and to the voice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agentrun.audio import AudioFormat
from agentrun.engine.effects import Speak
from agentrun.engine.hosting.toolbox import Toolbox
from agentrun.wire.json import JsonObject


@dataclass(frozen=True, slots=True)
class ResponseSettings:
    """The effective settings of one response.

    Attributes:
        conversation_id: of the default conversation, or None out of band.
        spoken: whether it is spoken (`audio`) or written (`text`).
        max_output_tokens: a number or `"inf"`.
        voice: name, or id of a custom voice.
        language: ISO 639-1 of the session's transcription, a hint for the voice.
        phases: whether assistant messages carry `phase`.
        toolbox: what the model may call.
        instructed: whether the response brought instructions of its own.
        items: wire items given as `input`; None for the conversation.
        effort: how much a model that reasons does so; None for one that does not.
        overlap: whether a function call begins while the message before it is still open.

    """

    id: str
    conversation_id: str | None
    spoken: bool
    max_output_tokens: int | str
    format: AudioFormat
    voice: str
    speed: float
    language: str | None
    phases: bool
    metadata: Mapping[str, str] | None
    instructions: str
    instructed: bool
    toolbox: Toolbox
    parallel_tool_calls: bool
    items: Sequence[JsonObject] | None = None
    effort: str | None = None
    overlap: bool = True

    def render(
        self, status: str, details: JsonObject | None, output: Sequence[JsonObject], usage: JsonObject | None
    ) -> JsonObject:
        """Return the response object: what it is and how it stands.

        Args:
            status: `in_progress`, or how it ended.
            details: `status_details`.
            output: the items so far.
            usage: None while it runs.

        """
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": details,
            "output": list(output),
            "conversation_id": self.conversation_id,
            "output_modalities": ["audio" if self.spoken else "text"],
            "max_output_tokens": self.max_output_tokens,
            "audio": {"output": {"format": self.format.to_wire(), "voice": self.voice}},
            "usage": usage,
            "metadata": None if self.metadata is None else dict(self.metadata),
        }

    def order_speech(self, item_id: str, text: str) -> Speak:
        """Return the order to speak a part of one of its messages."""
        return Speak(self.id, item_id, text, self.voice, self.speed, self.language)
