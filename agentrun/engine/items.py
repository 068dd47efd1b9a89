"""Conversation items: what a client may create, and what is kept of it.

An item has two shapes. Events and prompts show it without sound; `conversation.item.retrieve` shows it with
its sound as base64. So the sound is kept beside the item, in the pieces in which it came.
"""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from agentrun.audio import PCM_24K, AudioFormat
from agentrun.engine.checks import (
    Check,
    check_base64,
    check_choice,
    check_flag,
    check_length,
    check_list,
    check_nullable,
    check_shape,
    check_tagged,
    check_text,
    refuse,
    refuse_choice,
    refuse_missing,
)
from agentrun.engine.usage import Tokens, estimate_item_tokens
from agentrun.wire.json import JsonObject, JsonValue

_ID = check_length(512)
_IMAGE_PREFIXES = ("data:image/png;base64,", "data:image/jpeg;base64,", "data:image/jpg;base64,")


def check_image(value: JsonValue, path: str) -> None:
    """Accept a PNG or JPEG as a data URI; what stands at other addresses is not fetched."""
    check_text(value, path)
    head, comma, data = value[:64].partition(",")
    if head.lower() + comma not in _IMAGE_PREFIXES:
        message = f"Invalid '{path}': expected a data URI of a PNG or JPEG image in base64."
        refuse(message, "invalid_value", path)
    if not data:
        refuse(f"Invalid '{path}': the image is empty.", "invalid_value", path)
    check_base64(value[len(head) + 1 :], path)


_BASE: Mapping[str, Check] = {
    "type": check_text,
    "id": _ID,
    "object": check_choice("realtime.item"),
    "status": check_choice("in_progress", "completed", "incomplete"),  # accepted, without effect
}
_TEXT_PART = check_shape({"type": check_text, "text": check_text}, required=("text",))
_USER_PARTS = check_tagged(
    "type",
    {
        "input_text": _TEXT_PART,
        "input_audio": check_shape(
            {"type": check_text, "audio": check_base64, "transcript": check_nullable(check_text)},
            required=("audio",),
        ),
        "input_image": check_shape(
            {
                "type": check_text,
                "image_url": check_image,
                "detail": check_choice("auto", "low", "high"),
            },
            required=("image_url",),
        ),
    },
)
_SYSTEM_PARTS = check_tagged("type", {"input_text": _TEXT_PART})


def _check_assistant_part(value: JsonValue, path: str) -> None:
    if isinstance(value, dict) and value.get("type") == "output_audio" and "text" not in value:
        # assistant sound cannot be seeded; the service names the text that is missing
        refuse_missing(f"{path}.text")
    check_tagged("type", {"output_text": _TEXT_PART})(value, path)


_PARTS: Mapping[str, Check] = {
    "user": _USER_PARTS,
    "system": _SYSTEM_PARTS,
    "assistant": _check_assistant_part,
}


def _check_message(value: JsonObject, path: str) -> None:
    if "role" not in value:
        refuse_missing(f"{path}.role")
    role = value["role"]
    part = _PARTS.get(role) if isinstance(role, str) else None
    if part is None:
        refuse_choice(f"{path}.role", role, tuple(_PARTS))
    fields = {**_BASE, "role": check_text, "content": check_list(part)}
    if role == "assistant":
        fields["phase"] = check_choice("commentary", "final_answer")
    check_shape(fields, required=("content",))(value, path)


CHECK_ITEM = check_tagged(
    "type",
    {
        "message": _check_message,
        "function_call": check_shape(
            {**_BASE, "name": check_text, "call_id": check_text, "arguments": check_text},
            required=("name", "arguments"),
        ),
        "function_call_output": check_shape(
            {**_BASE, "call_id": check_text, "output": check_text}, required=("call_id", "output")
        ),
        "mcp_approval_response": check_shape(
            {
                **_BASE,
                "approval_request_id": check_text,
                "approve": check_flag,
                "reason": check_nullable(check_text),
            },
            required=("approval_request_id", "approve"),
        ),
    },
)
"""Items that a client may create."""


@dataclass(slots=True)
class Item:
    """One item of a conversation.

    Attributes:
        wire: as events show it.
        format: of the pieces of sound.
        pieces: sound; empty for text, and for sound that was forgotten.
        audio_ms: how long the sound is, also after it was forgotten.
        heard: what a model still knows of it after a truncation, or None if it was not truncated.
        unclear: True while the recogniser has not answered yet.
        unsure: True if what the recogniser answered is a guess.
        size_bytes: how much its text and images hold, about.

    """

    wire: JsonObject
    format: AudioFormat = PCM_24K
    pieces: list[bytes] = field(default_factory=list)
    audio_ms: int = 0
    heard: str | None = None
    unclear: bool = False
    unsure: bool = False
    size_bytes: int = 256
    _counted: tuple[object, Tokens] | None = None

    @property
    def id(self) -> str:
        """Return its id."""
        return str(self.wire["id"])

    @property
    def audio_bytes(self) -> int:
        """Return the size of the sound that is kept."""
        return sum(map(len, self.pieces))

    @property
    def tokens(self) -> Tokens:
        """What it costs a model to read it; counted once for each state, because every response asks."""
        state = (self.audio_ms, self.wire.get("status"), self.wire.get("output") is None)
        if self._counted is None or self._counted[0] != state:
            self._counted = (state, estimate_item_tokens(self.wire, self.audio_ms))
        return self._counted[1]

    def show(self) -> JsonObject:
        """Return it for an event: a copy (of all that ever changes), without sound."""
        shown = dict(self.wire)
        if "content" in shown:
            shown["content"] = [dict(part) for part in shown["content"]]
        return shown

    def show_with_audio(self) -> JsonObject:
        """Return it for `conversation.item.retrieved`."""
        shown = self.show()
        part = _find_audio_part(shown)
        if part is not None and self.pieces:
            part["audio"] = base64.b64encode(b"".join(self.pieces)).decode("ascii")
        return shown

    def show_to_model(self) -> JsonObject:
        """Return it for a prompt: a truncated answer holds the words that were heard."""
        shown = self.show()
        part = _find_audio_part(shown)
        if part is not None and self.heard is not None:
            part["transcript"] = self.heard
        return shown

    def set_transcript(self, text: str) -> None:
        """Fill in what the caller said."""
        part = _find_audio_part(self.wire)
        if part is not None:
            part["transcript"] = text or None

    def truncate(self, audio_end_ms: int, heard: str) -> None:
        """Cut the sound; the transcript goes too, because nobody knows where in it the cut is."""
        kept = b"".join(self.pieces)[: self.format.to_bytes(audio_end_ms)]
        self.pieces = [kept] if kept else []
        self.audio_ms = audio_end_ms
        self.heard = heard
        part = _find_audio_part(self.wire)
        if part is not None:
            part["transcript"] = ""


def _find_audio_part(wire: JsonObject) -> JsonObject | None:
    for part in wire.get("content") or ():
        if part["type"] in {"input_audio", "output_audio"}:
            found: JsonObject = part
            return found
    return None


def make_item(
    request: JsonObject, fresh_id: str, fresh_call_id: str, fmt: AudioFormat, path: str = "item"
) -> Item:
    """Make an item of what a client sent and `CHECK_ITEM` accepted.

    Args:
        request: the `item` of the event.
        fresh_id: used where the client gave none.
        fresh_call_id: used where a function call has none.
        fmt: the session's input format, in which `input_audio` is.
        path: of the item in the event.

    Raises:
        RemoteProtocolError: its sound is no whole number of samples.

    """
    wire: JsonObject = {"id": request.get("id") or fresh_id, "type": request["type"]}
    if request["type"] in {"message", "function_call"}:
        wire["status"] = "completed"
    rest = {key: value for key, value in request.items() if key not in {"id", "type", "status", "object"}}
    wire.update(copy.deepcopy(rest))
    if request["type"] == "function_call":
        wire.setdefault("call_id", fresh_call_id)
    item = Item(wire, fmt)
    part = _find_audio_part(wire)
    if part is not None:
        sound = base64.b64decode(part.pop("audio"))
        check_samples(sound, fmt, f"{path}.content[{wire['content'].index(part)}].audio")
        part.setdefault("transcript", None)
        item.pieces, item.audio_ms = [sound], fmt.to_ms(len(sound))
        item.unclear = part["transcript"] is None
    item.size_bytes += len(json.dumps(wire, ensure_ascii=False))
    return item


def check_samples(sound: bytes, fmt: AudioFormat, path: str) -> None:
    """Refuse sound that ends in the middle of a sample."""
    if len(sound) % fmt.sample_bytes:
        message = f"Invalid '{path}': {len(sound)} bytes are no whole number of 16-bit samples."
        refuse(message, "invalid_value", path)
