"""How faults are written."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.engine.faults import FaultRules, FaultsError, Rule, load_faults, parse_faults
from agentrun.engine.faults.rules import (
    ACTIONS,
    Action,
    Delay,
    Drop,
    Duplicate,
    Expire,
    Fail,
    Lose,
    Refuse,
    SendError,
    SendMalformed,
    SendUnknown,
    Slice,
    Stall,
)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("connect: refuse", Rule("connect", Refuse())),
        ("connect#1: refuse 429 retry_after=2", Rule("connect", Refuse(429, 2), nth=1)),
        ("connect every=3: delay 1.5s", Rule("connect", Delay(1500), every=3)),
        ("session after=5s: expire", Rule("session", Expire(), after_ms=5000)),
        ("response p=0.25 times=2: fail", Rule("response", Fail(), probability=0.25, times=2)),
        ("response: fail quota message='a; b: c'", Rule("response", Fail("quota", "a; b: c"))),
        ("response.done: drop", Rule("response.done", Drop())),
        ('response.done: drop 1011 reason="so long"', Rule("response.done", Drop(1011, "so long"))),
        (
            "response.create: error server_error close=4000",
            Rule("response.create", SendError("server_error", close=4000)),
        ),
        ("*.delta: slice 3", Rule("*.delta", Slice(3))),
        ("session.created: malformed", Rule("session.created", SendMalformed())),
        ("session.created: unknown x.y", Rule("session.created", SendUnknown("x.y"))),
        ("input_audio_buffer.append: lose", Rule("input_audio_buffer.append", Lose())),
        ("response.output_audio.delta: duplicate", Rule("response.output_audio.delta", Duplicate())),
        ("mcp: stall", Rule("mcp", Stall())),
        ("webhook#2: lose", Rule("webhook", Lose(), nth=2)),
    ],
)
def test_a_line_is_a_rule(line: str, rule: Rule) -> None:
    assert parse_faults(line) == FaultRules((rule,))


def test_a_line_may_hold_rules_and_a_seed() -> None:
    rules = parse_faults(' seed=7; response: fail message="; not a rule"; ; webhook: lose ')
    assert rules == FaultRules((Rule("response", Fail(message="; not a rule")), Rule("webhook", Lose())), 7)


def test_a_file_says_the_same(tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(
        "seed: 3\n"
        "rules:\n"
        "  - connect#1: refuse 429\n"
        "  - 'response: fail; webhook: lose'\n"
        "  - {at: response.done, nth: 2, do: drop, code: 1011, after: 20ms}\n"
        "  - {at: response, p: 0.5, do: delay, wait: 10}\n",
        "utf-8",
    )
    assert load_faults(str(file)) == FaultRules(
        (
            Rule("connect", Refuse(429), nth=1),
            Rule("response", Fail()),
            Rule("webhook", Lose()),
            Rule("response.done", Drop(1011), nth=2, after_ms=20),
            Rule("response", Delay(10), probability=0.5),
        ),
        3,
    )


def test_what_is_no_file_is_a_line() -> None:
    assert load_faults("webhook: lose") == parse_faults("webhook: lose")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("response", "expected `MOMENT: ACTION`"),
        ("response:", "an action is missing"),
        ("respons: fail", "`respons` is neither one of connect,"),
        ("nothing.*: lose", "nor the type of an event"),
        ("response: explode", "`explode` is not one of refuse,"),
        ("response: refuse", "`refuse` cannot happen there, only at: connect, request"),
        ("response.create: slice", "`slice` cannot happen there, only at: an event of the engine"),
        ("response.*: slice", "`slice` cannot happen there"),
        ("connect: refuse 200", "status: expected a whole number from 300 to 599, found `200`"),
        ("connect: refuse 429 1", "`1` is one word too many"),
        ("connect: refuse soon=1", "and not `soon`"),
        ("response: stall 3", "`3` is one word too many"),
        ("response: delay", "`delay` needs a time"),
        ("response: delay long", "wait: expected a duration"),
        ("response: delay 1m", "wait: at most 15000 ms"),
        ("response after=1s: fail", "`after` does not go with `fail`"),
        ("response p=2: fail", "p: expected a number from 0 to 1"),
        ("response p=nan: fail", "p: expected a number from 0 to 1"),
        ("response#0: fail", "nth: expected a whole number"),
        ("response often=1: fail", "`often` is not one of nth, every"),
        ("response.done: drop 1005", "code: 1005 never stands in a close frame"),
        ("response: fail message='x", "a quotation mark is not closed"),
        ("; ".join(["webhook: lose"] * 101), "more than 100 rules"),
    ],
)
def test_mistakes_are_told(line: str, problem: str) -> None:
    with pytest.raises(FaultsError) as wrong:
        parse_faults(line)
    assert problem in str(wrong.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rules: 1", "rules: expected a list"),
        ("rules: [1]", "rules[0]: expected a line"),
        (
            "rules: [{at: response, do: fail, sed: 1}]",
            "rules[0]: `fail` has `code`, `message`, and not `sed`",
        ),
        ("seed: x", "seed: expected a whole number"),
        ("{", "not YAML"),
    ],
)
def test_mistakes_in_a_file_are_told(text: str, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(text)
    with pytest.raises(FaultsError) as wrong:
        load_faults(str(file))
    assert problem in str(wrong.value)
    assert str(wrong.value).startswith(str(file))


def test_a_file_that_is_missing_is_named() -> None:
    with pytest.raises(FaultsError, match=r"none\.yaml: No such file"):
        load_faults("none.yaml")


def write(action: Action) -> str:
    [name] = [name for name, (cls, _) in ACTIONS.items() if cls is type(action)]
    match action:
        case Delay():
            return f"{name} {action.wait_ms}ms"
        case Fail():
            return f"{name} {action.code}"
        case Drop():
            return f"{name} {action.code}"
    return name


RULES = st.builds(
    Rule,
    st.just("response"),
    st.one_of(
        st.builds(Delay, st.integers(0, 15_000)),
        st.builds(Fail, st.from_regex(r"[a-z_]{1,9}", fullmatch=True)),
        st.just(Stall()),
    ),
    nth=st.none() | st.integers(1, 99),
    every=st.integers(1, 9),
    probability=st.floats(0, 1),
    times=st.none() | st.integers(1, 9),
)


@given(st.lists(RULES, max_size=4), st.integers(0, 2**40))
def test_what_is_written_is_read(rules: list[Rule], seed: int) -> None:
    parts = [f"seed={seed}"]
    for rule in rules:
        nth = "" if rule.nth is None else f"#{rule.nth}"
        times = "" if rule.times is None else f" times={rule.times}"
        head = f"{rule.moment}{nth} every={rule.every} p={rule.probability!r}{times}"
        parts.append(f"{head}: {write(rule.action)}")
    assert parse_faults("; ".join(parts)) == FaultRules(tuple(rules), seed)


@given(st.text("connectrespons.*#:;=' \"0159pafil", max_size=60))
def test_any_text_is_rules_or_a_mistake(line: str) -> None:
    with contextlib.suppress(FaultsError):
        parse_faults(line)
