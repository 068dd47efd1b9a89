from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.plan import Effect, HttpTarget, Idempotency, Retry, ToolBinding
from agentrun.tools.http.repeats import (
    LEAST_TRY_MS,
    LONGEST_WAIT_MS,
    Ending,
    decide_wait_ms,
    is_final,
    make_key,
    may_repeat,
    parse_retry_after_ms,
    share_ms,
)

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
CAUSES: list[str | int] = ["connect", "tls", "timeout", "lost", 400, 404, 409, 429, 500, 502, 503]


def bind(effect: Effect, kind: Any, retry: Retry) -> ToolBinding:
    target = HttpTarget("GET", "https://a.example/")
    return ToolBinding("t", "", {}, target, effect=effect, idempotency=Idempotency(kind), retry=retry)


bindings = st.builds(
    bind,
    st.sampled_from(get_args(Effect)),
    st.sampled_from(["none", "natural", "key"]),
    st.builds(Retry, st.integers(1, 10), st.frozensets(st.sampled_from(CAUSES))),
)
endings = st.builds(Ending, st.sampled_from(CAUSES), st.none() | st.integers(0, 100_000))


@given(bindings, st.integers(1, 12), endings, st.integers(-100, 60_000), st.text(max_size=5))
def test_what_is_repeated_is_allowed_safe_and_in_time(
    binding: ToolBinding, tries: int, ending: Ending, left_ms: int, seed: str
) -> None:
    wait_ms = decide_wait_ms(binding, tries, ending, left_ms, seed)
    if wait_ms is None:
        return
    assert tries < binding.retry.attempts
    assert ending.cause in binding.retry.on
    assert ending.cause == "connect" or binding.effect == "read" or binding.idempotency.kind != "none"
    assert (ending.retry_after_ms or 0) <= wait_ms <= left_ms - LEAST_TRY_MS
    assert wait_ms <= max(LONGEST_WAIT_MS, ending.retry_after_ms or 0)
    assert wait_ms == decide_wait_ms(binding, tries, ending, left_ms, seed)


@given(bindings, st.integers(1, 9), endings, st.text(max_size=5))
def test_what_is_allowed_safe_and_in_time_is_repeated(
    binding: ToolBinding, tries: int, ending: Ending, seed: str
) -> None:
    safe = may_repeat(binding) or ending.cause == "connect"
    wanted = tries < binding.retry.attempts and ending.cause in binding.retry.on and safe
    assert (decide_wait_ms(binding, tries, ending, 1_000_000, seed) is not None) == wanted


def test_waits_grow_and_differ_between_runs() -> None:
    binding = bind("read", "none", Retry(10, frozenset({503})))
    waits = [decide_wait_ms(binding, tries, Ending(503), 60_000, "a") or 0 for tries in range(1, 10)]
    assert 125 <= waits[0] <= 250
    assert 2000 <= waits[-1] <= LONGEST_WAIT_MS
    assert decide_wait_ms(binding, 1, Ending(503), 60_000, "b") != waits[0]


@given(st.integers(1, 10), st.booleans(), st.integers(-5, 60_000))
def test_the_shares_of_all_tries_fit_into_the_time(attempts: int, waits: bool, left_ms: int) -> None:
    rules = Retry(attempts, frozenset({"timeout"} if waits else {503}))
    left = left_ms
    for tries in range(attempts):
        share = share_ms(rules, tries, left)
        assert 1 <= share <= max(1, left)
        if not waits:
            assert share == max(1, left_ms)
            return
        left -= share
    assert left_ms < attempts or left == 0


@pytest.mark.parametrize(
    ("text", "wait_ms"),
    [
        ("3", 3000),
        (" 0 ", 0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("9" * 40, 999_999_999_000),
        (format_datetime(NOW + timedelta(seconds=7), usegmt=True), 7000),
        (format_datetime(NOW - timedelta(seconds=7), usegmt=True), 0),
        (format_datetime((NOW + timedelta(seconds=7)).astimezone(timezone(timedelta(hours=9)))), 7000),
        ("Sat, 21 Nov 2026 12:00:07 -0000", None),
        ("Sat, 99 Nov 2026 12:00:07 GMT", None),
    ],
)
def test_retry_after(text: str, wait_ms: int | None) -> None:
    assert parse_retry_after_ms(text, NOW) == wait_ms


@given(st.text(max_size=60))
def test_any_retry_after_can_be_read(text: str) -> None:
    assert (parse_retry_after_ms(text, NOW) or 0) >= 0


def test_which_statuses_are_certain() -> None:
    certain = [status for status in range(100, 600) if is_final(status)]
    assert {400, 401, 403, 404, 410, 422} <= set(certain)
    assert not set(certain) & {408, 409, 425, 429, *range(100, 400), *range(500, 600)}
    assert [Ending(cause).leaves_doubt for cause in CAUSES] == [
        False, False, True, True, False, False, True, True, True, True, True,
    ]  # fmt: skip


RULES = Idempotency("key", ("a", "b"))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(values, values, values)
def test_a_key_depends_on_the_named_arguments_alone(a: Any, b: Any, other: Any) -> None:
    key = make_key("t", RULES, {"a": a, "b": b, "c": other}, "c_1", "")
    assert key == make_key("t", RULES, {"b": b, "a": a}, "c_1", "")
    assert key != make_key("u", RULES, {"a": a, "b": b}, "c_1", "")
    assert key != make_key("t", RULES, {"a": a, "b": [b]}, "c_1", "")
    assert len(key) == 32
    assert key.isalnum()


def test_a_number_is_one_number_however_it_is_written() -> None:
    keys = [make_key("t", RULES, {"a": {"n": [n]}}, "c", "") for n in (2, 2.0, 2.5, True)]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_among_which_calls_a_key_is_unique() -> None:
    def key(scope: Any, call: str, caller: str) -> str:
        return make_key("t", Idempotency("key", ("a",), scope), {"a": 1}, call, caller)

    assert key("call", "c_1", "+49") != key("call", "c_2", "+49")
    assert key("caller", "c_1", "+49") == key("caller", "c_2", "+49") != key("caller", "c_1", "+50")
    assert key("caller", "c_1", "") != key("caller", "c_2", ""), "callers without a number share nothing"
    assert key("global", "c_1", "+49") == key("global", "c_2", "+50")
