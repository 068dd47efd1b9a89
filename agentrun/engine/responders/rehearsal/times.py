"""Times of day as people say them, in English and Korean.

The texts come from `write_digits`, so numbers are digits here. "At 3" is in the afternoon, "at 9" in the
morning, unless the words around say otherwise.
"""

from __future__ import annotations

import datetime
import re

from agentrun.engine.responders.rehearsal.dates import Found

_CLOCK = re.compile(r"\b([01]?\d|2[0-3])[:.]([0-5]\d)\b\s?(a\.?m\b|p\.?m\b)?", re.I)
_HALF_DAY = re.compile(r"\b(\d{1,2})(?:\s([0-5]\d))?(?: o'clock)?\s?(a\.?m|p\.?m)\b", re.I)
_PAST = re.compile(r"\b(half|a? ?quarter|\d{1,2})(?: minutes?)? (past|after|to) (\d{1,2})\b", re.I)
_PART_OF_DAY = re.compile(
    r"\b(\d{1,2})(?: ([0-5]\d))?(?: o'?clock)? (?:in the (morning|afternoon|evening)|(at night|tonight))\b",
    re.I,
)
_OCLOCK = re.compile(
    r"\b(\d{1,2}) o'?clock\b|\b(?:at|by|around) (\d{1,2})(?: ([0-5]\d))?\b(?!\s?(?:[a-z]{3}|\d))", re.I
)
_NAMED_TIME = re.compile(r"\b(noon|midday|midnight)\b|(정오|자정)", re.I)
_KO_TIME = re.compile(
    r"(오전|오후|아침|점심|낮|저녁|밤|새벽)?\s*(\d{1,2})\s?시(?!간)(?:\s?(반|\d{1,2}\s?분))?"
)
_AFTERNOON = re.compile(r"\b(afternoon|evening|tonight|night)\b", re.I)
_MORNING = re.compile(r"\bmorning\b", re.I)


def find_time(text: str) -> Found[datetime.time] | None:
    """Return the time of day that a text names, if it names one."""
    for pattern, read in _TIME_READERS:
        for match in pattern.finditer(text):
            try:
                return Found(_place_in_day(read(match), text, match), match.start(), match.end())
            except ValueError:
                continue
    return None


def _number(text: str | None, default: int) -> int:
    return int(text) if text else default


def _read_clock(match: re.Match[str]) -> tuple[int, int, str]:
    exact = match[1].startswith("0") or int(match[1]) > 12
    return int(match[1]), int(match[2]), match[3] or ("24h" if exact else "")


def _read_half_day(match: re.Match[str]) -> tuple[int, int, str]:
    return int(match[1]), _number(match[2], 0), match[3]


def _read_part_of_day(match: re.Match[str]) -> tuple[int, int, str]:
    return int(match[1]), _number(match[2], 0), "am" if (match[3] or "").lower() == "morning" else "pm"


def _read_past(match: re.Match[str]) -> tuple[int, int, str]:
    minutes = {"half": 30}.get(match[1].lower(), 15 if "quarter" in match[1].lower() else -1)
    minutes = int(match[1]) if minutes < 0 else minutes
    hour = int(match[3])
    return (hour, minutes, "") if match[2].lower() != "to" else ((hour - 1) or 12, 60 - minutes, "")


def _read_oclock(match: re.Match[str]) -> tuple[int, int, str]:
    return int(match[1] or match[2]), _number(match[3], 0), ""


def _read_named_time(match: re.Match[str]) -> tuple[int, int, str]:
    return (0 if match[0].lower() in ("midnight", "자정") else 12), 0, "24h"


def _read_korean_time(match: re.Match[str]) -> tuple[int, int, str]:
    minutes = 30 if match[3] == "반" else int("".join(filter(str.isdigit, match[3] or "")) or 0)
    part = {"오전": "am", "아침": "am", "새벽": "am", None: ""}.get(match[1], "pm")
    return int(match[2]), minutes, part


def _place_in_day(said: tuple[int, int, str], text: str, match: re.Match[str]) -> datetime.time:
    hour, minute, part = said
    part = part.lower().replace(".", "")
    around = text[max(0, match.start() - 30) : match.end() + 30]
    if not part and hour <= 12:
        early = _MORNING.search(around)
        part = "am" if early or (hour >= 8 and hour != 12 and not _AFTERNOON.search(around)) else "pm"
    if part == "pm" and hour < 12:
        hour += 12
    elif part == "am" and hour == 12:
        hour = 0
    return datetime.time(hour, minute)


_TIME_READERS = (
    (_KO_TIME, _read_korean_time),
    (_CLOCK, _read_clock),
    (_HALF_DAY, _read_half_day),
    (_PAST, _read_past),
    (_PART_OF_DAY, _read_part_of_day),
    (_NAMED_TIME, _read_named_time),
    (_OCLOCK, _read_oclock),
)
