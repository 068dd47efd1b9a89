from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.outcome import to_json
from agentrun.plan import Effect, HttpTarget, ToolBinding
from agentrun.tools.call import ToolRunner
from agentrun.tools.select import Unselectable, select_part
from tests.tools.conftest import RecordingCall, run_one

ORDERS = {"orders": [{"id": 1, "open": True, "at": {"city": "Cork"}}, {"id": 2, "open": False}], "n": 2}


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("n", 2),
        ("orders[0].at.city", "Cork"),
        ("orders[?open].id", [1]),
        ("orders[].{id: id, city: at.city}", [{"id": 1, "city": "Cork"}, {"id": 2, "city": None}]),
        ("length(orders)", 2),
        ("nothing.here", None),
        ("@", ORDERS),
    ],
)
def test_parts(expression: str, part: Any) -> None:
    assert select_part(expression, ORDERS) == part


@pytest.mark.parametrize("expression", ["length(n)", "nofunc(n)", "length()", "a..b", "avg(orders)", ""])
def test_an_expression_that_does_not_fit(expression: str) -> None:
    with pytest.raises(Unselectable):
        select_part(expression, ORDERS)


def test_a_text_has_no_parts() -> None:
    with pytest.raises(Unselectable, match="the result is a text"):
        select_part("a", "<html>")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
EXPRESSIONS = [
    "a",
    "*.a",
    "[]",
    "[?a]",
    "sort_by(@, &a)",
    "keys(@)",
    "sum(@)",
    "to_number(a)",
    "join(',', @)",
]


@given(values, st.sampled_from(EXPRESSIONS))
def test_whatever_is_selected_is_json_or_refused(value: Any, expression: str) -> None:
    try:
        part = select_part(expression, value)
    except Unselectable:
        return
    assert to_json(part) == part


class Canned:
    """A runner that returns what it was given."""

    def __init__(self, result: Any) -> None:
        self.result = result

    async def prepare(self) -> None: ...

    async def run(self, *_: Any) -> Any:
        return self.result

    async def aclose(self) -> None: ...


@pytest.mark.parametrize(("effect", "outcome"), [("read", "failed"), ("write", "unknown")])
async def test_what_the_model_reads(effect: Effect, outcome: str, caplog: pytest.LogCaptureFixture) -> None:
    tool = ToolBinding("t", "", {}, HttpTarget("GET", "https://a.example"), effect=effect, result_select="n")

    async def ask(result: Any) -> Any:
        runner: ToolRunner = Canned(result)
        return await run_one(tool, {}, RecordingCall(), runners={"http": lambda: runner})

    told = await ask(ORDERS)
    assert (told.outcome, told.result) == ("ok", 2)
    told = await ask("<html>")
    assert (told.outcome, told.code) == (outcome, "bad_answer")
    assert "`result.select` of `t`: the result is a text" in caplog.text
