"""Prices times tokens, with the cached part at its own rate."""

from __future__ import annotations

import pytest

from agentrun.prices import estimate_cost_usd

USAGE = {
    "input_token_details": {
        "text_tokens": 1_000_000,
        "audio_tokens": 500_000,
        "cached_tokens_details": {"text_tokens": 1_000_000, "audio_tokens": 0},
    },
    "output_token_details": {"text_tokens": 0, "audio_tokens": 250_000},
}


def test_the_cached_part_is_not_paid_twice() -> None:
    assert estimate_cost_usd("gpt-realtime-2.1", USAGE) == pytest.approx(0.40 + 16.00 + 16.00)


def test_nothing_used_costs_nothing_and_an_unknown_model_has_no_price() -> None:
    assert estimate_cost_usd("gpt-realtime-2.1", {}) == 0
    assert estimate_cost_usd("somebody-elses-model", USAGE) is None
