"""What the provider offers, as data: models, voices, languages. New names and dates are rows here.

Sources: https://platform.openai.com/docs/models and https://developers.openai.com/api/docs/deprecations
(read in November 2026).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """One realtime model.

    Attributes:
        reasoning: whether it accepts `reasoning` and `parallel_tool_calls`.
        most_output_tokens: bound on `max_output_tokens`.
        most_standing_tokens: how many tokens of instructions and tools are certain to fit. The page of the
            limits names 16,384; newer models may take more.
        ends: the day on which it stops to answer, if announced.

    """

    reasoning: bool = False
    most_output_tokens: int = 4096
    most_standing_tokens: int = 16_384
    ends: date | None = None


_REASONING = ModelFacts(reasoning=True, most_output_tokens=32_000)
_END_OF_PREVIEWS = date(2026, 5, 7)
_END_OF_FIRST = date(2027, 1, 20)
_END_OF_WHISPER = date(2027, 2, 26)

MODELS: dict[str, ModelFacts] = {
    "gpt-realtime-2.1": _REASONING,
    "gpt-realtime-2.1-mini": _REASONING,
    "gpt-realtime-2": _REASONING,
    "gpt-realtime-1.5": ModelFacts(),
    "gpt-realtime": ModelFacts(ends=_END_OF_FIRST),
    "gpt-realtime-2025-08-28": ModelFacts(ends=_END_OF_FIRST),
    "gpt-realtime-mini": ModelFacts(ends=_END_OF_FIRST),
    "gpt-realtime-mini-2025-12-15": ModelFacts(ends=_END_OF_FIRST),
    "gpt-realtime-mini-2025-10-06": ModelFacts(ends=date(2026, 7, 23)),
    "gpt-4o-realtime-preview": ModelFacts(ends=_END_OF_PREVIEWS),
    "gpt-4o-realtime-preview-2024-10-01": ModelFacts(ends=_END_OF_PREVIEWS),
    "gpt-4o-realtime-preview-2024-12-17": ModelFacts(ends=_END_OF_PREVIEWS),
    "gpt-4o-realtime-preview-2025-06-03": ModelFacts(ends=_END_OF_PREVIEWS),
    "gpt-4o-mini-realtime-preview": ModelFacts(ends=_END_OF_PREVIEWS),
    "gpt-4o-mini-realtime-preview-2024-12-17": ModelFacts(ends=_END_OF_PREVIEWS),
}
BEST_MODEL = "gpt-realtime-2.1"
BEST_TRANSCRIPTION = "gpt-realtime-whisper"

STORED_PROMPTS_END = date(2026, 11, 30)

SIP_REFUSES = ("threshold", "prefix_padding_ms", "silence_duration_ms")
"""Fields of `turn_detection` that the API accepts on every way in but SIP."""

BETA_SESSION_NAMES = {
    "modalities": "output_modalities",
    "voice": "audio.output.voice",
    "speed": "audio.output.speed",
    "turn_detection": "audio.input.turn_detection",
    "input_audio_format": "audio.input.format",
    "output_audio_format": "audio.output.format",
    "input_audio_transcription": "audio.input.transcription",
    "input_audio_noise_reduction": "audio.input.noise_reduction",
    "max_response_output_tokens": "max_output_tokens",
    "temperature": None,
}
"""Fields of the session in the retired beta API, and where the same stands today (None: nowhere)."""

VOICES = ("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar")


@dataclass(frozen=True, slots=True)
class TranscriptionFacts:
    """One transcription model.

    Attributes:
        settings: which of `prompt`, `keywords`, `languages`, `delay` it accepts.
        ends: the day on which it stops to answer, if announced.

    """

    settings: frozenset[str]
    ends: date | None = None


_PROMPT = frozenset({"prompt"})
_WORDS = frozenset({"prompt", "keywords", "languages"})

TRANSCRIPTION_MODELS: dict[str, TranscriptionFacts] = {
    "gpt-realtime-whisper": TranscriptionFacts(frozenset({"delay"})),
    "gpt-live-transcribe": TranscriptionFacts(_WORDS),
    "gpt-transcribe": TranscriptionFacts(_WORDS),
    "gpt-4o-transcribe": TranscriptionFacts(_PROMPT, _END_OF_WHISPER),
    "gpt-4o-mini-transcribe": TranscriptionFacts(_PROMPT, _END_OF_WHISPER),
    "gpt-4o-mini-transcribe-2025-12-15": TranscriptionFacts(_PROMPT, _END_OF_WHISPER),
    "gpt-4o-transcribe-diarize": TranscriptionFacts(frozenset(), _END_OF_WHISPER),
    "whisper-1": TranscriptionFacts(_PROMPT, _END_OF_WHISPER),
}

_LANGUAGE_CODES = """
aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv
dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie
ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv
mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm
rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts
tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""

LANGUAGES = frozenset(_LANGUAGE_CODES.split())
"""ISO 639-1, https://www.loc.gov/standards/iso639-2/php/code_list.php."""

COUNTRY_FOR_LANGUAGE = {
    "jp": "ja",
    "cn": "zh",
    "dk": "da",
    "cz": "cs",
    "gr": "el",
    "ua": "uk",
    "us": "en",
    "gb": "en",
}
"""Country codes that are often written where a language code is meant."""
