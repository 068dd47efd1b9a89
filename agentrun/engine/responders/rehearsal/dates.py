"""Dates as people say them, in English and Korean, relative to a given now.

The texts come from `write_digits`, so numbers are digits here. Where a phrase leaves something open the
likelier reading is taken: a bare weekday or day of the month is the next one, "at 3" is in the afternoon.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sept sep",
            "october oct",
            "november nov",
            "december dec",
        ],
        start=1,
    )
    for name in names.split()
}
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        [
            "monday mon 월요일",
            "tuesday tues tue 화요일",
            "wednesday wed 수요일",
            "thursday thurs thur thu 목요일",
            "friday fri 금요일",
            "saturday 토요일",
            "sunday 일요일",
        ]
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_EN_WEEKDAY = "|".join(sorted((name for name in _WEEKDAYS if name.isascii()), key=len, reverse=True))
_OFFSETS = {
    "day after tomorrow": 2, "tomorrow": 1, "today": 0, "tonight": 0, "yesterday": -1,
    "오늘": 0, "내일모레": 2, "내일 모레": 2, "내일": 1, "모레": 2, "글피": 3, "어제": -1,
}  # fmt: skip
_UNIT_DAYS = {"day": 1, "week": 7, "일": 1, "주": 7, "주일": 7}
_NATIVE_DAYS = {
    "하루": 1,
    "이틀": 2,
    "사흘": 3,
    "나흘": 4,
    "닷새": 5,
    "엿새": 6,
    "이레": 7,
    "일주일": 7,
    "열흘": 10,
}
_HOLIDAYS = {
    "christmas eve": (12, 24), "christmas": (12, 25), "new year's eve": (12, 31), "new year's day": (1, 1),
    "new year": (1, 1), "halloween": (10, 31), "valentine's day": (2, 14),
    "크리스마스이브": (12, 24), "크리스마스 이브": (12, 24), "크리스마스": (12, 25), "성탄절": (12, 25),
}  # fmt: skip

_ISO_DATE = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_OFFSET = re.compile("|".join(rf"\b{word}\b" if word.isascii() else word for word in _OFFSETS), re.I)
_DISTANCE = re.compile(r"\bin (\d+|a) (day|week)s?\b|(\d+)\s?(일|주일|주) ?(?:후|뒤)", re.I)
_NATIVE_DISTANCE = re.compile(rf"({'|'.join(_NATIVE_DAYS)})\s?(?:후|뒤|있다가)")
_FROM_DAY = re.compile(
    rf"\b(?:a|1|(\d)) weeks? (?:from|after) (?:(today|now|tomorrow)|(?:next |this )?({_EN_WEEKDAY}))\b", re.I
)
_HOLIDAY = re.compile(
    "|".join(rf"\b{name}(?: day)?\b" if name.isascii() else name for name in _HOLIDAYS), re.I
)
_NEXT_MONTH = re.compile(
    r"\bnext month (?:on )?(?:the )?(\d{1,2})(?:st|nd|rd|th)?\b"
    r"|\b(\d{1,2})(?:st|nd|rd|th) (?:of )?next month\b"
    r"|다음\s?달\s?(\d{1,2})\s?일",
    re.I,
)
_MONTH_DAY = re.compile(
    rf"\b({_MONTH})\.? (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (\d{{4}}))?(?![:\d])", re.I
)
_DAY_MONTH = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?({_MONTH})\b\.?(?:,? (\d{{4}}))?", re.I)
_KO_DATE = re.compile(r"(?:(\d{4})\s?년\s?)?(\d{1,2})\s?월\s?(\d{1,2})\s?일")
_SLASHED = re.compile(r"(?<![\d/])(\d{1,2})/(\d{1,2})(?:/(\d{4}))?(?![\d/])")
_WEEK_DAY = re.compile(rf"\b(?:(next|this|coming) )?({_EN_WEEKDAY})\b(?: (next) week)?", re.I)
_KO_WEEK_DAY = re.compile(r"(다음\s?주|다다음\s?주|이번\s?주)?\s*([월화수목금토일]요일)")
_NEXT_WEEK = re.compile(r"\bnext week\b|다음\s?주", re.I)
_DAY_ALONE = re.compile(
    r"\bthe (\d{1,2})(?:st|nd|rd|th)\b|(?<![\d월])(?<!월 )(\d{1,2})\s?일(?![가-힣]*(?:간|동안))", re.I
)

_RANGE_BEFORE_MONTH = re.compile(
    r"\b(\d{1,2}(?:st|nd|rd|th)?)((?: to| till| until| through| and|-|–)(?: the)? ?"
    rf"\d{{1,2}}(?:st|nd|rd|th)?(?: of)? ({_MONTH})\b)",
    re.I,
)
_RANGE_AFTER_MONTH = re.compile(
    rf"\b({_MONTH}\.? )((?:the )?\d{{1,2}}(?:st|nd|rd|th)?) ?(to|till|until|through|and|-|–) ?(?:the )?"
    r"(\d{1,2}(?:st|nd|rd|th)?\b)(?! ?(?:guest|person|people|night|adult|am\b|pm\b|o'))",
    re.I,
)
_KO_RANGE = re.compile(r"(\d{1,2}\s?월\s?)(\d{1,2}\s?일\s?(?:부터|에서|~|-)\s?)(?=\d{1,2}\s?일)")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A value and where in the text it was said."""

    value: T
    start: int
    end: int


def find_date(text: str, today: datetime.date) -> Found[datetime.date] | None:
    """Return the date that a text names, if it names one."""
    for pattern, read in _DATE_READERS:
        for match in pattern.finditer(text):
            try:
                return Found(read(match, today), match.start(), match.end())
            except (ValueError, OverflowError):
                continue  # such as the 31st of February
    return None


def find_all_dates(text: str, today: datetime.date) -> list[Found[datetime.date]]:
    """Return all dates that a text names, in the order of the text."""
    found: list[Found[datetime.date]] = []
    while (hit := find_date(text, today)) is not None:
        found.append(hit)
        text = text[: hit.start] + "\0" * (hit.end - hit.start) + text[hit.end :]
    return sorted(found, key=lambda hit: hit.start)


def spread_month(text: str) -> str:
    """Name the month of both ends of a range ("from the 3rd to the 5th of May", 12월 3일부터 5일까지)."""
    text = _RANGE_BEFORE_MONTH.sub(r"\1 \3 \2", text)
    text = _RANGE_AFTER_MONTH.sub(r"\1\2 \3 \1 \4", text)
    return _KO_RANGE.sub(r"\1\2\1", text)


def _read_iso(match: re.Match[str], _today: datetime.date) -> datetime.date:
    return datetime.date(int(match[1]), int(match[2]), int(match[3]))


def _read_offset(match: re.Match[str], today: datetime.date) -> datetime.date:
    return today + datetime.timedelta(days=_OFFSETS[match[0].lower()])


def _read_distance(match: re.Match[str], today: datetime.date) -> datetime.date:
    count, unit = match[1] or match[3], (match[2] or match[4]).lower()
    return today + datetime.timedelta(days=(1 if count.lower() == "a" else int(count)) * _UNIT_DAYS[unit])


def _read_native_distance(match: re.Match[str], today: datetime.date) -> datetime.date:
    return today + datetime.timedelta(days=_NATIVE_DAYS[match[1]])


def _read_from_day(match: re.Match[str], today: datetime.date) -> datetime.date:
    weeks = datetime.timedelta(days=7 * int(match[1] or 1))
    if match[3]:
        return _find_weekday(_WEEKDAYS[match[3].lower()], today, None) + weeks
    return today + datetime.timedelta(days=match[2].lower() == "tomorrow") + weeks


def _read_holiday(match: re.Match[str], today: datetime.date) -> datetime.date:
    name = match[0].lower()
    month, day = _HOLIDAYS[name] if name in _HOLIDAYS else _HOLIDAYS[name.removesuffix(" day")]
    return _upcoming(month, day, None, today)


def _read_next_month(match: re.Match[str], today: datetime.date) -> datetime.date:
    following = today.replace(day=1) + datetime.timedelta(days=32)
    return following.replace(day=int(match[1] or match[2] or match[3]))


def _read_month_day(match: re.Match[str], today: datetime.date) -> datetime.date:
    return _upcoming(_MONTHS[match[1].lower()], int(match[2]), match[3], today)


def _read_day_month(match: re.Match[str], today: datetime.date) -> datetime.date:
    return _upcoming(_MONTHS[match[2].lower()], int(match[1]), match[3], today)


def _read_korean_date(match: re.Match[str], today: datetime.date) -> datetime.date:
    return _upcoming(int(match[2]), int(match[3]), match[1], today)


def _read_slashed(match: re.Match[str], today: datetime.date) -> datetime.date:
    return _upcoming(int(match[1]), int(match[2]), match[3], today)


def _upcoming(month: int, day: int, year: str | None, today: datetime.date) -> datetime.date:
    if year:
        return datetime.date(int(year), month, day)
    date = datetime.date(today.year, month, day)
    return date if date >= today else date.replace(year=today.year + 1)


def _read_week_day(match: re.Match[str], today: datetime.date) -> datetime.date:
    in_next_week = "next" in ((match[1] or "").lower(), (match[3] or "").lower())
    return _find_weekday(_WEEKDAYS[match[2].lower()], today, weeks=1 if in_next_week else None)


def _read_korean_week_day(match: re.Match[str], today: datetime.date) -> datetime.date:
    week = (match[1] or "").replace(" ", "")
    return _find_weekday(_WEEKDAYS[match[2]], today, {"이번주": 0, "다음주": 1, "다다음주": 2}.get(week))


def _find_weekday(weekday: int, today: datetime.date, weeks: int | None) -> datetime.date:
    """Return a weekday of the calendar week `weeks` from now, or the next such day after today."""
    if weeks is None:
        return today + datetime.timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    return today + datetime.timedelta(days=weekday - today.weekday() + 7 * weeks)


def _read_next_week(_match: re.Match[str], today: datetime.date) -> datetime.date:
    return today + datetime.timedelta(days=7)


def _read_day_alone(match: re.Match[str], today: datetime.date) -> datetime.date:
    day = int(match[1] or match[2])
    if day >= today.day:
        return today.replace(day=day)
    return (today.replace(day=1) + datetime.timedelta(days=32)).replace(day=day)


_DATE_READERS = (
    (_ISO_DATE, _read_iso),
    (_FROM_DAY, _read_from_day),
    (_NEXT_MONTH, _read_next_month),
    (_HOLIDAY, _read_holiday),
    (_NATIVE_DISTANCE, _read_native_distance),
    (_KO_DATE, _read_korean_date),
    (_MONTH_DAY, _read_month_day),
    (_DAY_MONTH, _read_day_month),
    (_OFFSET, _read_offset),
    (_DISTANCE, _read_distance),
    (_KO_WEEK_DAY, _read_korean_week_day),
    (_WEEK_DAY, _read_week_day),
    (_SLASHED, _read_slashed),
    (_DAY_ALONE, _read_day_alone),
    (_NEXT_WEEK, _read_next_week),
)
