"""What sounds the same in every language: which texts are dates and times, and how long a number is."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable


def say_text(
    text: str,
    say_date: Callable[[datetime.date], str],
    say_time: Callable[[datetime.time], str],
    glue: str = " ",
) -> str:
    """Say a text: dates and times as people say them, `snake_case` as words, all else as it is."""
    moment = _parse_moment(text)
    if moment is None:
        return text.replace("_", " ") if re.fullmatch(r"[a-z]+(?:_[a-z]+)+", text) else text
    date, time = moment
    said = [say_date(date) if date else "", say_time(time) if time else ""]
    return glue.join(part for part in said if part)


def say_number(value: float) -> str:
    """Say a number with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 1e15 else str(value)


def _parse_moment(text: str) -> tuple[datetime.date | None, datetime.time | None] | None:
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return datetime.date.fromisoformat(text), None
        if re.fullmatch(r"\d\d:\d\d(?::\d\d)?", text):
            return None, datetime.time.fromisoformat(text)
        if re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", text):
            moment = datetime.datetime.fromisoformat(text)
            return moment.date(), moment.time()
    except ValueError:
        return None
    return None
