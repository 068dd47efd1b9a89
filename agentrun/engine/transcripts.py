"""What the recogniser understood, as the events of the transcription model that the session names.

The engine has one recogniser. What differs between models is how a client is told: in pieces or at once, with
probabilities, languages or speakers, billed by tokens or by time. Probabilities are an estimate, and one
speaker is all that is told apart. Source:
https://platform.openai.com/docs/guides/realtime-transcription.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agentrun.engine.effects import Heard
from agentrun.engine.ids import Ids
from agentrun.engine.items import Item
from agentrun.engine.usage import count_input_audio_tokens, estimate_text_tokens
from agentrun.wire import ServerEvent, server
from agentrun.wire.json import JsonObject

LOGPROBS = "item.input_audio_transcription.logprobs"
"""What `include` holds where a client wants probabilities."""

_PIECE = re.compile(r"\s*\S+")
_SURE, _UNSURE = math.log(0.98), math.log(0.4)


@dataclass(frozen=True, slots=True)
class TranscriptionTraits:
    """What a client sees of a transcription model.

    Attributes:
        streams: whether the words come in several deltas; otherwise one delta has them all.
        early: whether they come while the caller still speaks.
        by_tokens: whether usage counts tokens; otherwise the duration.
        logprobs: whether it can tell probabilities.
        languages: whether it tells languages.
        segments: whether it tells speakers apart, in segments and without deltas.

    """

    streams: bool = True
    early: bool = False
    by_tokens: bool = False
    logprobs: bool = True
    languages: bool = False
    segments: bool = False


_BY_NAME: Sequence[tuple[str, TranscriptionTraits]] = (
    ("gpt-4o-transcribe-diarize", TranscriptionTraits(by_tokens=True, logprobs=False, segments=True)),
    ("gpt-4o", TranscriptionTraits(by_tokens=True)),
    ("gpt-transcribe", TranscriptionTraits(by_tokens=True, languages=True)),
    ("gpt-live-transcribe", TranscriptionTraits(early=True, languages=True)),
    ("whisper-1", TranscriptionTraits(streams=False, logprobs=False)),
)
_USUAL = TranscriptionTraits(early=True)


def find_transcription_traits(model: str) -> TranscriptionTraits:
    """Return the traits of a model; a name we do not know is like `gpt-realtime-whisper`."""
    return next((traits for name, traits in _BY_NAME if model.startswith(name)), _USUAL)


def tell_early(
    item_id: str, text: str, told: str, transcription: JsonObject, include: Sequence[str] | None, ids: Ids
) -> Iterator[ServerEvent]:
    """Yield the deltas of words that are new, of a turn that is not over.

    Args:
        item_id: that the turn will have.
        text: all that was understood so far.
        told: what earlier deltas said.
        transcription: the session's `audio.input.transcription`.
        include: the session's `include`.
        ids: source of padding.

    """
    traits = find_transcription_traits(transcription.get("model") or "")
    wanted = traits.logprobs and LOGPROBS in (include or ())
    for delta in find_new_words(text, told) if traits.early else ():
        shown = [_render_logprob(delta, _UNSURE)] if wanted else None
        yield server.InputTranscriptionDelta(item_id, 0, delta, shown, ids.make_padding())


def find_new_words(text: str, told: str) -> list[str]:
    """Return what must be added to words that were told; nothing where they turned out to be wrong.

    A delta cannot be taken back. Where the recogniser has changed its mind, `completed` says what is right.
    """
    pieces, known = _PIECE.findall(text), _PIECE.findall(told)
    return pieces[len(known) :] if pieces[: len(known)] == known else []


def tell_transcript(
    item: Item,
    heard: Heard,
    transcription: JsonObject,
    include: Sequence[str] | None,
    ids: Ids,
    told: str = "",
) -> Iterator[ServerEvent]:
    """Yield the events that tell a client what it said, or why nobody knows.

    Args:
        item: the committed audio.
        heard: the recogniser's answer about it.
        transcription: the session's `audio.input.transcription`.
        include: the session's `include`.
        ids: source of padding and of segment ids.
        told: what deltas have said of it while the caller spoke.

    """
    if heard.error is not None:
        error = {"type": "server_error", "code": None, "message": heard.error, "param": None}
        yield server.InputTranscriptionFailed(item.id, 0, error)
        return
    traits = find_transcription_traits(transcription.get("model") or "")
    sure = _SURE if heard.confident else _UNSURE
    wanted = traits.logprobs and LOGPROBS in (include or ())
    if traits.segments and heard.text:
        seconds = item.audio_ms / 1000
        yield server.InputTranscriptionSegment(item.id, 0, ids.make("seg"), heard.text, "A", 0.0, seconds)
    elif heard.text:
        for delta in find_new_words(heard.text, told) if traits.streams else [heard.text]:
            shown = [_render_logprob(delta, sure)] if wanted else None
            yield server.InputTranscriptionDelta(item.id, 0, delta, shown, ids.make_padding())
    yield server.InputTranscriptionCompleted(
        item.id,
        0,
        heard.text,
        _render_usage(traits, item, heard.text, transcription),
        _tell_languages(transcription) if traits.languages else None,
        [_render_logprob(piece, sure) for piece in _PIECE.findall(heard.text)] if wanted else None,
    )


def _render_logprob(token: str, logprob: float) -> JsonObject:
    return {"token": token, "logprob": round(logprob, 4), "bytes": list(token.encode("utf-8", "replace"))}


def _tell_languages(transcription: JsonObject) -> list[JsonObject]:
    """Return the language that the session names; the recogniser detects none by itself."""
    named = [transcription.get("language"), *(transcription.get("languages") or ())]
    return [{"code": code} for code in named if code][:1]


def _render_usage(
    traits: TranscriptionTraits, item: Item, text: str, transcription: JsonObject
) -> JsonObject:
    if not traits.by_tokens:
        return {"type": "duration", "seconds": round(item.audio_ms / 1000)}
    audio = count_input_audio_tokens(item.audio_ms)
    prompt = estimate_text_tokens(transcription.get("prompt") or "")
    written = estimate_text_tokens(text)
    return {
        "type": "tokens",
        "total_tokens": audio + prompt + written,
        "input_tokens": audio + prompt,
        "output_tokens": written,
        "input_token_details": {"text_tokens": prompt, "audio_tokens": audio},
    }
