from __future__ import annotations

import re

import pytest

from agentrun.engine.speech.grammar import sample_sentences
from agentrun.engine.speech.numerals import write_out
from agentrun.engine.speech.patterns import derive_code, parse_pattern


@pytest.mark.parametrize(
    "pattern",
    [r"^A\d{4}$", r"^[A-Z]{2}-\d{3,4}$", r"^ORD-[0-9]{5}$", r"^1\d{3}$", r"^[a-f]\d\d$", r"^\d{3}-\d{2}$"],
)
def test_everything_spoken_fits_the_pattern_when_written(pattern: str) -> None:
    code = parse_pattern(pattern)
    assert code is not None
    loose = re.compile(pattern.replace("1\\d{3}", "\\d{4}"))  # a fixed digit is heard as any digit
    for words in sample_sentences(code.speak(), 100):
        fitted = code.fit(write_out(words))
        assert fitted is not None
        assert loose.match(fitted), fitted


@pytest.mark.parametrize("pattern", ["(foo|bar)", "^$", "^.*$", r"^\S+@\S+$", "[^a]", ""])
def test_other_patterns_are_left_alone(pattern: str) -> None:
    assert parse_pattern(pattern) is None


def test_separators_are_put_in_and_case_is_kept() -> None:
    code = parse_pattern(r"^ORD-\d{5}$")
    assert code is not None
    assert code.fit("ord12345") == "ORD-12345"
    assert code.fit("ORD1234") is None


def test_an_example_gives_a_pattern() -> None:
    code = derive_code("AB-1234")
    assert code is not None
    assert code.fit("XY0000") == "XY-0000"
    assert derive_code("order") is None
