"""What differs between conversation models, as far as a client can see it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelTraits:
    """Traits of one model.

    Attributes:
        voice: the default voice.
        silence_duration_ms: default of `server_vad`, as `session.created` echoes it.
        phases: whether assistant messages carry `phase`.
        reasoning: whether `reasoning` is accepted.
        input_tokens: how much the model can read in one response (context minus the largest output).
        output_tokens: how much it can write in one response.

    """

    voice: str
    silence_duration_ms: int
    phases: bool
    reasoning: bool
    input_tokens: int
    output_tokens: int


_SECOND = ModelTraits("marin", 500, phases=True, reasoning=True, input_tokens=96_000, output_tokens=32_000)
_FIRST = ModelTraits("alloy", 200, phases=False, reasoning=False, input_tokens=28_672, output_tokens=4_096)
_FIRST_FAMILIES = ("gpt-realtime-mini", "gpt-realtime-1.5", "gpt-realtime-2025")


def find_traits(model: str) -> ModelTraits:
    """Return the traits of a model; a name we do not know behaves like the newest family."""
    return _FIRST if model == "gpt-realtime" or model.startswith(_FIRST_FAMILIES) else _SECOND
