"""What a session counts: tokens, what was cached, rate limits, what is left out of a long conversation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentrun.engine.caching import BLOCK_TOKENS, PromptCache
from agentrun.engine.seams import Call, Say
from agentrun.engine.usage import Tokens
from tests.engine.kit import Session, append, last


def usage_of(session: Session, **overrides: Any) -> dict[str, Any]:
    done = last(session.send("response.create", response=overrides), "response.done")["response"]
    usage: dict[str, Any] = done["usage"]
    check_sums(usage)
    return usage


def check_sums(usage: dict[str, Any]) -> None:
    """Totals are sums, and what was cached or thought is a part of what it belongs to."""
    read, written = usage["input_token_details"], usage["output_token_details"]
    kinds = ("text_tokens", "audio_tokens", "image_tokens")
    assert usage["input_tokens"] == sum(read[kind] for kind in kinds)
    assert read["cached_tokens"] == sum(read["cached_tokens_details"][kind] for kind in kinds)
    assert all(read["cached_tokens_details"][kind] <= read[kind] for kind in kinds)
    assert usage["output_tokens"] == written["text_tokens"] + written["audio_tokens"]
    assert written.get("reasoning_tokens", 0) <= written["text_tokens"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


def test_sound_is_counted_by_its_length() -> None:
    session = Session([[Say("I can hear you.")]], transcripts=["hello"])
    append(session, 1000)
    session.send("input_audio_buffer.commit")
    usage = usage_of(session)
    assert usage["input_token_details"]["audio_tokens"] == 10
    assert usage["output_token_details"]["audio_tokens"] == 15  # 750 ms


def test_unchanged_beginning_is_cached() -> None:
    session = Session([[Say("One.")]] * 5, text=True)
    session.say("x" * 4000)
    first = usage_of(session)
    again = usage_of(session)
    cached = again["input_token_details"]["cached_tokens"]
    assert first["input_token_details"]["cached_tokens"] == 0
    assert first["input_tokens"] - BLOCK_TOKENS < cached <= first["input_tokens"]
    assert cached % BLOCK_TOKENS == 0
    session.update(instructions="Other ones.")
    assert usage_of(session)["input_token_details"]["cached_tokens"] == 0


def test_truncated_conversation_is_read_afresh_from_the_cut() -> None:
    session = Session([[]] * 60, model="gpt-realtime", text=True)
    sizes, cached = [], []
    session.update(truncation={"type": "retention_ratio", "retention_ratio": 0.5})
    for _ in range(40):
        session.say("x" * 4000)
        usage = usage_of(session)
        sizes.append(usage["input_tokens"])
        cached.append(usage["input_token_details"]["cached_tokens"])
    cuts = [index for index in range(1, 40) if sizes[index] < sizes[index - 1]]
    assert len(cuts) == 1  # half is dropped at once, and then there is room for many turns
    assert all(size <= 28_672 for size in sizes)
    (cut,) = cuts
    assert cached[cut] < 200  # the instructions alone
    assert cached[cut + 1] > 10_000


def test_limit_after_the_instructions() -> None:
    session = Session([[]], text=True)
    limits = {"post_instructions": 2000}
    session.update(truncation={"type": "retention_ratio", "retention_ratio": 1.0, "token_limits": limits})
    for _ in range(5):
        session.say("x" * 4000)
    usage_of(session)
    assert len(session.prompts[0].items) == 2


def test_conversation_that_may_not_be_cut_fails_when_it_is_too_long() -> None:
    session = Session([[]] * 2, model="gpt-realtime", text=True)
    session.update(truncation="disabled")
    for _ in range(30):
        session.say("x" * 4000)
    response = last(session.send("response.create"), "response.done")["response"]
    assert response["status"] == "failed"
    assert len(session.core._state.history) == 30  # nothing is deleted


@pytest.mark.parametrize(("effort", "share"), [("minimal", 0), ("low", 1), ("high", 4)])
def test_reasoning_is_a_part_of_the_text(effort: str, share: int) -> None:
    session = Session([[Say("word " * 8)]], text=True)
    session.update(reasoning={"effort": effort})
    details = usage_of(session)["output_token_details"]
    assert details["text_tokens"] == 10 * (1 + share)
    assert details["reasoning_tokens"] == 10 * share


def test_model_that_does_not_reason_counts_no_reasoning() -> None:
    session = Session([[Say("Hi.")]], model="gpt-realtime", text=True)
    assert "reasoning_tokens" not in usage_of(session)["output_token_details"]


@pytest.mark.parametrize("modality", ["text", "audio"])
def test_answer_is_cut_at_its_limit(modality: str) -> None:
    session = Session([[Say("word " * 50)]])
    limits = {"max_output_tokens": 12, "output_modalities": [modality]}
    done = last(session.send("response.create", response=limits), "response.done")["response"]
    assert (done["status"], done["output"][0]["status"]) == ("incomplete", "incomplete")
    assert done["status_details"] == {"type": "incomplete", "reason": "max_output_tokens"}
    assert 0 < done["usage"]["output_tokens"] <= 12
    check_sums(done["usage"])


def test_arguments_are_cut_at_the_limit_too() -> None:
    session = Session([[Call("book", {"text": "word " * 100})]])
    events = session.send("response.create", response={"max_output_tokens": 30})
    done = last(events, "response.done")["response"]
    (call,) = done["output"]
    assert (done["status"], call["status"]) == ("incomplete", "incomplete")
    assert done["status_details"]["reason"] == "max_output_tokens"
    assert 0 < len(call["arguments"]) <= 30 * 4
    with pytest.raises(json.JSONDecodeError):
        json.loads(call["arguments"])
    assert last(events, "response.function_call_arguments.done")["arguments"] == call["arguments"]
    assert done["usage"]["output_tokens"] <= 30
    check_sums(done["usage"])


def test_rate_limit_falls_with_use_and_rises_with_time() -> None:
    session = Session([[Say("One.")]] * 3, text=True)

    def respond() -> tuple[int, dict[str, Any]]:
        events = session.send("response.create")
        assert [event["type"] for event in events[-2:]] == ["response.done", "rate_limits.updated"]
        (row,) = events[-1]["rate_limits"]
        return events[-2]["response"]["usage"]["total_tokens"], row

    used, row = respond()
    assert row["name"] == "tokens"
    assert row["limit"] - row["remaining"] == used
    used_again, lower = respond()
    assert row["remaining"] - lower["remaining"] == used_again
    assert lower["reset_seconds"] > 0
    session.now_ms += 60_000
    used_later, later = respond()
    assert later["limit"] - later["remaining"] == used_later


def test_cancelled_response_counts_what_it_made() -> None:
    from agentrun.engine.effects import Speak

    session = Session([[Say("A long story.")]], hold=(Speak,))
    session.send("response.create")
    done = last(session.send("response.cancel"), "response.done")["response"]
    assert done["usage"]["output_token_details"]["text_tokens"] > 0
    check_sums(done["usage"])


def test_cache_takes_whole_blocks_of_the_longest_shared_beginning() -> None:
    cache = PromptCache()
    long = [("fixed", Tokens(100)), ("a", Tokens(10, 50)), ("b", Tokens(0, 0, 100))]
    assert cache.read(long) == Tokens()
    assert cache.read(long[:1]) == Tokens(64)
    assert cache.read([*long, ("c", Tokens(5))]) == Tokens(110, 50, 96)  # 260 shared, of which 256 in blocks
    assert cache.read([("fixed", Tokens(101)), *long[1:]]) == Tokens()
