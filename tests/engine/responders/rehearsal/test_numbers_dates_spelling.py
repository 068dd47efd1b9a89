from __future__ import annotations

import datetime
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.engine.responders.rehearsal.dates import find_date
from agentrun.engine.responders.rehearsal.numbers import read_korean, write_digits
from agentrun.engine.responders.rehearsal.spelling import compile_pattern, find_codes
from agentrun.engine.responders.rehearsal.times import find_time

TODAY = datetime.date(2026, 11, 21)  # a Saturday


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("twenty one degrees", "21 degrees"),
        ("two hundred and five", "205"),
        ("the large one for four people", "the large one for 4 people"),
        ("오만 원", "50000 원"),
        ("두 명이요", "2 명이요"),
        ("이십이 도로", "22 도로"),
        ("하나요", "1요"),
    ],
)
def test_write_digits(said: str, written: str) -> None:
    assert write_digits(said) == written


@pytest.mark.parametrize(
    ("said", "value"), [("천일", 1001), ("열두", 12), ("이만오천", 25000), ("감자", None)]
)
def test_read_korean(said: str, value: int | None) -> None:
    assert read_korean(said) == value


@pytest.mark.parametrize(
    ("said", "date"),
    [
        ("tomorrow", "2026-11-22"),
        ("the day after tomorrow", "2026-11-23"),
        ("next Tuesday", "2026-11-24"),
        ("on Saturday", "2026-11-28"),
        ("December third", "2026-12-03"),
        ("3 January", "2027-01-03"),
        ("in two weeks", "2026-12-05"),
        ("the twenty fourth", "2026-11-24"),
        ("2027-02-01", "2027-02-01"),
        ("내일", "2026-11-22"),
        ("다음 주 화요일", "2026-11-24"),
        ("12월 3일", "2026-12-03"),
        ("십이월 이십오일", "2026-12-25"),
        ("사흘 전 이야기", None),
        ("February 31st", None),
    ],
)
def test_find_date(said: str, date: str | None) -> None:
    found = find_date(write_digits(said), TODAY)
    assert (found.value.isoformat() if found else None) == date


@pytest.mark.parametrize(
    ("said", "time"),
    [
        ("at three thirty pm", "15:30"),
        ("half past two", "14:30"),
        ("a quarter to five", "16:45"),
        ("at nine", "09:00"),
        ("at noon", "12:00"),
        ("09:15", "09:15"),
        ("오후 세 시 반", "15:30"),
        ("오전 열 시", "10:00"),
        ("저녁 일곱 시 십 분", "19:10"),
        ("두 시간 뒤", None),
    ],
)
def test_find_time(said: str, time: str | None) -> None:
    found = find_time(write_digits(said))
    assert (found.value.strftime("%H:%M") if found else None) == time


@pytest.mark.parametrize(
    "said",
    [
        "order A1001 please",
        "A-1001",
        "a one zero zero one",
        "order number a one oh oh one",
        "a thousand one",
        "a one thousand and one",
        "에이 천일이에요",
        "에이천일번",
        "에이 일공공일",
    ],
)
def test_find_codes(said: str) -> None:
    assert [found.value for found in find_codes(said, re.compile(r"^A\d{4}$"))] == ["A1001"]


def test_phone_numbers_digit_by_digit() -> None:
    assert find_codes("공일공 일이삼사 오육칠팔이에요", re.compile(r"^\d{11}$"))[0].value == "01012345678"


@pytest.mark.parametrize("pattern", ["(a+)+$", "(", r"(a)\1", "x" * 300])
def test_patterns_that_cannot_be_run_are_refused(pattern: str) -> None:
    assert compile_pattern(pattern) is None


@given(st.integers(1000, 9999))
def test_codes_said_digit_by_digit_are_found(number: int) -> None:
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    said = "it is b " + " ".join(words[int(digit)] for digit in str(number))
    assert [found.value for found in find_codes(said, re.compile(r"^B\d{4}$"))] == [f"B{number}"]


@given(st.text(max_size=40))
def test_any_text_can_be_read(text: str) -> None:
    written = write_digits(text)
    find_time(written)
    find_date(written, TODAY)


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ("Where is my order A1001?", ["A1001"]),
        ("where is order 77", ["77"]),
        ("my order number is B-12, where is it", ["B-12"]),
        ("invoice INV 204 please", ["INV204"]),
        ("order number one zero zero one", ["1001"]),
        ("b as in bravo one two", ["B12"]),
        ("order a thousand one", ["A1001"]),
        ("is it bravo double seven?", ["B77"]),
    ],
)
def test_a_code_of_unknown_form_takes_no_plain_word_in(said: str, codes: list[str]) -> None:
    found = find_codes(said, re.compile(r"[A-Za-z]{0,6}-?\d[\dA-Za-z-]*"), loose=True)
    assert [hit.value.upper() for hit in found] == codes
