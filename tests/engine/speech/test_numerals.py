from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.engine.speech.grammar import sample_sentences
from agentrun.engine.speech.numerals import name_number, speak_digits, spell, write_out


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("where is my order _a _one _thousand _and _one", "where is my order A1001"),
        ("order _a _one _zero _oh _one please", "order A1001 please"),
        ("_ten _oh _one", "1001"),
        ("_b _five _thousand _two _hundred _thirty _four", "B5234"),
        ("_twelve _hundred", "1200"),
        ("_a _b _dash _twenty _five", "AB-25"),
        ("on december _twenty _third", "on December 23rd"),
        ("the _second of may", "the 2nd of may"),
        ("at %three %thirty %p.m.", "at 3:30 pm"),
        ("at %half %past %nine", "at 9:30"),
        ("%quarter %to %one", "12:45"),
        ("%three %p.m.", "3 pm"),
        ("", ""),
    ],
)
def test_words_become_what_a_caller_would_type(words: str, text: str) -> None:
    assert write_out(words.split()) == text


@given(st.integers(0, 999_999))
def test_every_number_comes_back(number: int) -> None:
    assert write_out([f"_{word}" for word in name_number(number)]) == str(number)


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 6, 9])
def test_a_length_in_digits_is_kept(length: int) -> None:
    written = {len(write_out(words)) for words in sample_sentences(speak_digits(length), 300)}
    assert written == {length}


@pytest.mark.parametrize("code", ["A1001", "XL", "AB12", "007"])
def test_a_spelled_code_comes_back(code: str) -> None:
    assert {write_out(words) for words in sample_sentences(spell(code), 20)} == {code}
