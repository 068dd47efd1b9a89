from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.config.ambiguity import CUBIC, MOST_STATES, find_degree, is_exponential


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+b",
        r"(a*)*b",
        r"(a|a)*b",
        r"(\s*\w+)*!",
        r"^(\w+\s?)*$",
        r"([a-z]+)*\d",
        r"(a|aa)+$",
        r"(.*a){12}",
        r"(x+x+)+y",
        r"(ab|a.)*c",
        r"(a(|)b)*c",
        r"(?=(a+)+b)c",
        r"(?:(?:a{1,50}){1,50})b",
        r"(\D\W|[^0-9]-)+c",
    ],
)
def test_two_ways_over_one_text_are_exponential(pattern: str) -> None:
    assert is_exponential(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        r"(\d+,)*",
        r"\b\d{4}-\d{4}\b",
        r"(a|b)*",
        r"(?:(?:\d{1,3})\.)*",
        r".*foo.*",
        r"a*a*",
        r"(a|ab)*c",
        r"(?>a+)+",
        r"a++b",
        r"(a++)+b",
        r"^([A-Z][a-z]+ )+$",
        r"\+?[0-9][0-9 ()-]{6,}[0-9]",
        r"[\w.+-]+@[\w-]+(\.[\w-]+)+",
        "[가-힣]+(?: [가-힣]+)*",
        r'(?:"[^"]*"|\w)+',
        r"(x)?(?(1)a|b)\1",
        r"(?i)(legal|medical) advice",
        r"(\S+\s)*",
    ],
)
def test_one_way_is_not(pattern: str) -> None:
    assert not is_exponential(pattern)


@pytest.mark.parametrize(
    "pattern", ["(|a|)" * 2000, "a?" * MOST_STATES + "(a+)+", "(.*.*)*" * (MOST_STATES // 2)]
)
def test_large_expressions_are_answered_soon(pattern: str) -> None:
    is_exponential(pattern)  # the limit of the test's time is the assertion


def test_invalid_expressions_are_refused() -> None:
    with pytest.raises(re.error):
        is_exponential("(a")


@given(st.text(alphabet=r"ab.*+?()[]{}|\dw^$,1", max_size=14))
def test_every_valid_expression_has_an_answer(pattern: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of nested sets, which a future Python may have
        try:
            re.compile(pattern)
        except (re.error, OverflowError):
            return
        assert is_exponential(pattern) in (True, False)


@pytest.mark.parametrize(
    ("pattern", "degree"),
    [
        (r".*.*=", 3),
        (r"^.*.*=", 2),
        (r"^.*.*.*=", 3),
        (r"\s*\s*\s*x", 4),
        (r"(.*a){3}", 4),
        (r"(.*a){2,8}b", 4),
        (r"\w+\s*\w+@", 3),
        (r".*,.*,.*,x", 4),
        (r".*?.*?x", 3),
        (r"(?m)^.*.*=", 3),
        (r"\s+$", 2),
        (r".*foo.*", 2),
        (r".*.*", 1),
        (r"[\w.+-]+@[\w-]+(\.[\w-]+)+", 2),
        (r"\d+\s*\d+", 2),
        (r"refund.*order.*number", 1),
        (r"a.*b.*c.*d$", 2),
        (r".{0,50}.{0,50}=", 1),
        (r"\b\d{4}-\d{4}\b", 1),
        ("".join(f"{letter}*" for letter in "abcdefgh") * MOST_STATES, 1),
    ],
)
def test_loops_in_a_row_are_counted(pattern: str, degree: int) -> None:
    assert find_degree(pattern) == degree


def test_the_bound_lies_above_what_every_search_may_take() -> None:
    assert find_degree(r"\s+$") < CUBIC <= find_degree(r"\s*\s*$")
