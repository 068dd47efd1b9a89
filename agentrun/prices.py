"""What a call costs: prices of the models, in US dollars for a million tokens.

Source: https://platform.openai.com/docs/pricing (state of November 2026). Reasoning tokens are billed as
output text; cached input is a subset of the input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agentrun.wire.json import JsonObject


@dataclass(frozen=True, slots=True)
class Rate:
    """Dollars for a million tokens: fresh input, cached input, output."""

    fresh: float
    cached: float
    output: float = 0.0


_LARGE = {"text": Rate(4.00, 0.40, 24.00), "audio": Rate(32.00, 0.40, 64.00), "image": Rate(5.00, 0.50)}
_EARLY = {**_LARGE, "text": Rate(4.00, 0.40, 16.00)}
_MINI = {"text": Rate(0.60, 0.06, 2.40), "audio": Rate(10.00, 0.30, 20.00), "image": Rate(0.80, 0.08)}

PRICES: Mapping[str, Mapping[str, Rate]] = {
    "gpt-realtime-2.1": _LARGE,
    "gpt-realtime-2": _LARGE,
    "gpt-realtime-2.1-mini": _MINI,
    "gpt-realtime-1.5": _EARLY,
    "gpt-realtime": _EARLY,
    "gpt-realtime-mini": _MINI,
}


def estimate_cost_usd(model: str, usage: JsonObject) -> float | None:
    """Return what `usage` (as in `response.done`) costs on `model`, or None for a model without a price."""
    rates = PRICES.get(model)
    if rates is None:
        return None
    inputs = usage.get("input_token_details") or {}
    cached = inputs.get("cached_tokens_details") or {}
    outputs = usage.get("output_token_details") or {}
    millionths = 0.0
    for kind, rate in rates.items():
        name = f"{kind}_tokens"
        reused = cached.get(name, 0)
        millionths += (inputs.get(name, 0) - reused) * rate.fresh + reused * rate.cached
        millionths += outputs.get(name, 0) * rate.output
    return round(millionths / 1_000_000, 6)
