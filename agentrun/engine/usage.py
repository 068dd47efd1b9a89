"""Tokens: counted by the published arithmetic for sound, estimated for text.

Caller audio is one token per 100 ms, assistant audio one per 50 ms. The engine has no tokenizer, so text is
estimated as one token per four UTF-8 bytes, rounded up for every piece: close for English, a little high for
Korean. An image is a flat figure for its `detail`. No mind of the engine reasons where a client could see it,
so reasoning tokens are an estimate too: as many as words were written, more or fewer by the effort.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from agentrun.wire.json import JsonObject, JsonValue

BYTES_PER_TOKEN = 4
"""Of text, about."""
IMAGE_TOKENS = 765
LOW_DETAIL_TOKENS = 85
_REASONING_FACTORS = {"minimal": 0, "low": 1, "medium": 2, "high": 4, "xhigh": 8}


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of one direction."""

    text: int = 0
    audio: int = 0
    image: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.text + self.audio + self.image

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(self.text + other.text, self.audio + other.audio, self.image + other.image)


def take_tokens(size: Tokens, most: int) -> Tokens:
    """Return the first tokens of some, at most so many: text before audio before images."""
    text = min(size.text, most)
    audio = min(size.audio, most - text)
    return Tokens(text, audio, min(size.image, most - text - audio))


def estimate_reasoning_tokens(effort: str, text_tokens: int) -> int:
    """Return what a model of this effort thinks before it writes so much."""
    return _REASONING_FACTORS[effort] * text_tokens


def estimate_text_tokens(text: str) -> int:
    """Return the estimate for one piece of text."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


def count_input_audio_tokens(duration_ms: int) -> int:
    """Return the tokens of caller audio."""
    return -(-duration_ms // 100)


def count_output_audio_tokens(duration_ms: int) -> int:
    """Return the tokens of assistant audio."""
    return -(-duration_ms // 50)


def estimate_item_tokens(item: JsonObject, audio_ms: int) -> Tokens:
    """Return what it costs to read an item again.

    Args:
        item: as it appears on the wire.
        audio_ms: duration of its sound, 0 if it has none.

    """
    plain = [item.get("name"), item.get("arguments"), item.get("output")]
    tokens = Tokens(text=sum(estimate_text_tokens(text) for text in plain if isinstance(text, str)))
    for part in item.get("content") or ():
        tokens += _estimate_part(part, audio_ms)
    return tokens


def _estimate_part(part: JsonObject, audio_ms: int) -> Tokens:
    match part.get("type"):
        case "input_audio":
            return Tokens(audio=count_input_audio_tokens(audio_ms))
        case "output_audio":
            return Tokens(audio=count_output_audio_tokens(audio_ms))
        case "input_image":
            return Tokens(image=LOW_DETAIL_TOKENS if part.get("detail") == "low" else IMAGE_TOKENS)
        case _:
            return Tokens(text=estimate_text_tokens(part.get("text") or ""))


def estimate_prompt_tokens(instructions: str, tools: Sequence[JsonValue]) -> Tokens:
    """Return what every response reads before the conversation."""
    described = sum(estimate_text_tokens(json.dumps(tool, ensure_ascii=False)) for tool in tools)
    return Tokens(text=estimate_text_tokens(instructions) + described)


def add_tokens(pieces: Sequence[Tokens]) -> Tokens:
    """Return the sum of many."""
    return Tokens(
        sum(piece.text for piece in pieces),
        sum(piece.audio for piece in pieces),
        sum(piece.image for piece in pieces),
    )


def render_usage(
    read: Tokens, written: Tokens, cached: Tokens | None = None, reasoning: int | None = None
) -> JsonObject:
    """Return the `usage` of `response.done`; the details add up to the totals.

    Args:
        read: the prompt.
        written: everything the model made, its reasoning among the text.
        cached: the part of `read` that was cached.
        reasoning: the part of the written text that is reasoning; None for a model that does not reason.

    """
    cached = cached or Tokens()
    output_details = {"text_tokens": written.text, "audio_tokens": written.audio}
    if reasoning is not None:
        output_details["reasoning_tokens"] = reasoning
    return {
        "total_tokens": read.total + written.text + written.audio,
        "input_tokens": read.total,
        "output_tokens": written.text + written.audio,
        "input_token_details": {
            **_render_tokens(read),
            "cached_tokens": cached.total,
            "cached_tokens_details": _render_tokens(cached),
        },
        "output_token_details": output_details,
    }


def _render_tokens(tokens: Tokens) -> JsonObject:
    return {"text_tokens": tokens.text, "audio_tokens": tokens.audio, "image_tokens": tokens.image}
