"""Values that have a form of their own: codes, dates, numbers, choices, yes and no.

Every function reads one utterance for one slot and returns candidates with their place, best first. The text
has its number words written as digits, except for codes, where the spoken form matters.
"""

from __future__ import annotations

import datetime
import re

from agentrun.engine.responders.rehearsal.checking import is_valid
from agentrun.engine.responders.rehearsal.dates import Found, find_all_dates, find_date
from agentrun.engine.responders.rehearsal.emails import find_addresses
from agentrun.engine.responders.rehearsal.slots import Slot
from agentrun.engine.responders.rehearsal.spelling import find_codes
from agentrun.engine.responders.rehearsal.times import find_time
from agentrun.engine.responders.rehearsal.words import read_words
from agentrun.wire.json import JsonValue

_URI = re.compile(r"https?://[^\s<>\"']+")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.I)
_PHONE = re.compile(r"\+?\d[\d ().-]{5,18}\d")
_SPOKEN_PHONE = re.compile(r"\+?\d{7,15}")
_ACCOUNT = re.compile(r"[A-Za-z]{0,6}-?\d[\dA-Za-z-]*")
_NUMBER = re.compile(
    r"(?<![\w.,:/-])-?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\w)|(?<![\w.:/-])-?\d+(?:\.\d+)?(?![\d:])"
)
_HOUR_AND_MINUTE = re.compile(r"(?<![\d:.])\b([1-9]|1[0-2]) ([0-5]\d)\b(?![\d:.])")
_COUNTED = re.compile(
    r"\d+ (?!in the|at night|o'?clock|sharp|please|thanks|instead|would|is|will|then)[a-z]{3}", re.I
)
_LETTER_BEFORE = re.compile(r"(?:^|\s)(?!a\b|I\b)[A-Za-z][\s-]+$")
_SPELT_NUMBER = re.compile(r"(?<![\d.,:])\b\d(?: \d){2,}\b(?![.,:]?\d)")
_ORDINAL = re.compile(r"\b(\d+)(?:st|nd|rd|th)\b")
_YES = re.compile(
    r"^\W*(?:(?:oh|uh|um|well|ok|okay) )*(?:yes|yeah|yep|yup|sure|correct|right|exactly"
    r"|absolutely|definitely|of course"
    r"|please do|go ahead|do it|confirm(?:ed)?|ok|okay|fine|that's (?:right|correct|fine)|sounds good|perfect"
    r"|네|예|응|그래요?|맞아요|맞습니다|좋아요|좋습니다|그렇게 해|진행해"
    r"|부탁)(?![가-힣]*(?:\s?아니))\b|^\W*(?:(?:네|예|응|넵)(?![가-힣])|맞|좋|그래|그렇게)",
    re.I,
)
_NO = re.compile(
    r"^\W*(?:(?:oh|uh|um|hmm|hm|well|actually|ok|okay|sorry)[,.]? )*"
    r"(?:no|nope|nah|not really|absolutely not|certainly not|don't|do not|never ?mind|i don't think so"
    r"|rather not|i'd rather not|no way|please don't|forget it|stop|wait|hang on|hold on)\b"
    r"|^\W*(?:아니|아뇨|안 ?돼|안 ?할|됐어|하지 ?마|그만|취소할래)",
    re.I,
)
_TAKEN_BACK = re.compile(
    r"\b(?:don't|do not|not|never|no|stop|wait|but)\b(?! (?:problem|worries|doubt|need|wait))"
    r"|아니|말고|하지 ?마|잠깐",
    re.I,
)
_NEGATION = re.compile(r"\b(?:no|not|without|don't|dont|never)\W+(?:\w+\W+){0,2}$|(?:안|없이)\s*$", re.I)
_NEGATED_AFTER = re.compile(r"^\s*[가-힣]*\s?(?:없이|말고|빼|필요 ?없|하지 ?마|아니|안)")
_FLAG_FILLERS = frozenset(
    [
        "is",
        "has",
        "have",
        "with",
        "should",
        "want",
        "wants",
        "include",
        "use",
        "need",
        "needs",
        "enable",
        "add",
        "be",
    ]
)
_SWITCHES = frozenset(["on", "enabled", "power", "state", "active"])


def read_yes_no(text: str) -> bool | None:
    """Return whether a text says yes or no, or None if it says neither, or both."""
    if _NO.search(text):
        return False
    if not _YES.search(text):
        return None
    return None if _TAKEN_BACK.search(text) else True


def find_code(text: str, slot: Slot) -> list[Found[JsonValue]]:
    """Find what matches the slot's pattern, however it was spelt out."""
    pattern = slot.pattern
    if pattern is None:
        return []
    return [
        Found(f.value, f.start, f.end)
        for f in find_codes(text, pattern)
        if is_valid(f.value, slot.schema) and not _is_part_of_longer(text, f)
    ]


def _is_part_of_longer(text: str, hit: Found[str]) -> bool:
    """Whether digits are only some of those of a longer number ("4567" of "555 123 4567", of "D E 4567")."""
    if hit.value.isdigit() and _LETTER_BEFORE.search(text[: hit.start]):
        return True
    return hit.value.isdigit() and any(
        match.start() <= hit.start
        and hit.end <= match.end()
        and sum(map(str.isdigit, match[0])) > len(hit.value)
        for match in _PHONE.finditer(text)
    )


def find_email(text: str, slot: Slot) -> list[Found[JsonValue]]:
    """Find e-mail addresses, also "alice at example dot com"."""
    return [Found(hit.value, hit.start, hit.end) for hit in find_addresses(text)]


def find_phone(text: str, slot: Slot) -> list[Found[JsonValue]]:
    """Find telephone numbers, written or spelt out digit by digit."""
    written = [Found(m[0], m.start(), m.end()) for m in _PHONE.finditer(text)]
    if written:
        return written
    return [Found(f.value, f.start, f.end) for f in find_codes(text, _SPOKEN_PHONE)]


def find_uri(text: str, slot: Slot) -> list[Found[JsonValue]]:
    """Find web addresses."""
    return [Found(m[0].rstrip(".,;!?)"), m.start(), m.end()) for m in _URI.finditer(text)]


def find_uuid(text: str, slot: Slot) -> list[Found[JsonValue]]:
    """Find UUIDs."""
    return [Found(m[0], m.start(), m.end()) for m in _UUID.finditer(text)]


def find_account(text: str, slot: Slot) -> list[Found[JsonValue]]:
    """Find numbers and ids whose form the schema does not give: long ones, or those named as such."""
    found = [Found(f.value.upper(), f.start, f.end) for f in find_codes(text, _ACCOUNT, loose=True)]
    named = {word.stem for word in read_words(slot.words)}
    return [hit for hit in found if len(hit.value) >= 3 or _stands_after(text[: hit.start], named)]


def find_bare_times(text: str, slot: Slot, *, hour_alone: bool) -> list[Found[JsonValue]]:
    """Find the time in an answer that is but hour and minutes ("seven thirty"), or an hour ("seven")."""
    pair = _HOUR_AND_MINUTE.search(text)
    hours = re.findall(r"(?<![\d:])\d{1,2}(?![\d:])", text)
    if pair is None and (not hour_alone or len(hours) != 1 or _COUNTED.search(text)):
        return []
    found = find_times(f"at {pair[1]}:{pair[2]}" if pair else f"at {hours[0]}", slot)
    return [Found(hit.value, 0, len(text)) for hit in found]


def find_dates(text: str, slot: Slot, now: datetime.datetime) -> list[Found[JsonValue]]:
    """Find a date, as `YYYY-MM-DD`."""
    return [Found(hit.value.isoformat(), hit.start, hit.end) for hit in find_all_dates(text, now.date())]


def leave_out_dates(text: str, now: datetime.datetime) -> str:
    """Blank the dates out: "the 8th of December" is no eight."""
    for hit in find_all_dates(text, now.date()) if any(map(str.isdigit, text)) else ():
        text = text[: hit.start] + " " * (hit.end - hit.start) + text[hit.end :]
    return text


def find_times(text: str, slot: Slot) -> list[Found[JsonValue]]:
    """Find a time of day, as `HH:MM` (as `HH:MM:SS` where the format of JSON Schema asks for it)."""
    found = find_time(text)
    if found is None:
        return []
    short, long = found.value.strftime("%H:%M"), found.value.strftime("%H:%M:%S")
    wants_seconds = slot.schema.get("format") == "time" or not is_valid(short, slot.schema)
    return [Found(long if wants_seconds else short, found.start, found.end)]


def find_moments(text: str, slot: Slot, now: datetime.datetime) -> list[Found[JsonValue]]:
    """Find a date and a time together, as `YYYY-MM-DDTHH:MM:SS` with the offset of `now` if it has one.

    A time without a day is the next such time.
    """
    time, date = find_time(text), find_date(text, now.date())
    if time is None:
        return []
    if date is None:
        tomorrow = time.value <= now.time()
        date = Found(now.date() + datetime.timedelta(days=tomorrow), time.start, time.end)
    moment = datetime.datetime.combine(date.value, time.value, now.tzinfo)
    forms = (moment.isoformat(), moment.strftime("%Y-%m-%d %H:%M"), moment.strftime("%Y-%m-%dT%H:%M"))
    value = next((form for form in forms if is_valid(form, slot.schema)), forms[0])
    return [Found(value, min(time.start, date.start), max(time.end, date.end))]


def find_numbers(text: str, slot: Slot) -> list[Found[JsonValue]]:
    """Find numbers within the slot's bounds; one that stands beside the slot's own words comes first."""
    text = _SPELT_NUMBER.sub(lambda match: match[0].replace(" ", "").ljust(len(match[0])), text)
    found = []
    for match in (*_NUMBER.finditer(text), *_ORDINAL.finditer(text)):
        digits = (match[1] if match.re is _ORDINAL else match[0]).replace(",", "")
        if len(digits) <= 15:
            value = int(digits) if "." not in digits else float(digits)
            value = float(value) if slot.schema.get("type") == "integer" and value != int(value) else value
            found.append(Found(value, match.start(), match.end()))
    valid = [hit for hit in found if is_valid(hit.value, slot.schema)]
    return sorted(valid, key=lambda hit: not is_beside(text, hit, slot))


def is_beside(text: str, hit: Found[JsonValue], slot: Slot) -> bool:
    """Whether a number stands next to words of the slot ("4 people", "table for 4", "21 degrees")."""
    named = read_words(f"{slot.words} {slot.description}")
    terms = frozenset(term for word in named for term in word.terms)
    around = [*read_words(text[: hit.start])[-2:], *read_words(text[hit.end :])[:1]]
    return any(word.terms & terms for word in around)


def find_flag(text: str, slot: Slot) -> list[Found[JsonValue]]:
    """Find whether a text asks for, or asks not to have, what a yes-or-no slot is named after."""
    named = [word for word in read_words(slot.words) if word.stem not in _FLAG_FILLERS]
    said = read_words(text)
    switched = next((word for word in said if word.concepts & {"on", "off"}), None)
    if switched is not None and set(slot.words.split()) & _SWITCHES:
        return [Found("on" in switched.concepts, switched.start, switched.end)]
    hits = [word for name in named for word in said if word.terms & name.terms]
    if not named or len({hit.start for hit in hits}) < len(named):
        return []
    negated = _NEGATION.search(text[: hits[0].start]) or _NEGATED_AFTER.search(text[hits[-1].end :])
    return [Found(not negated, hits[0].start, hits[-1].end)]


def _stands_after(text: str, stems: set[str]) -> bool:
    before = read_words(text)[-2:]
    return any(word.stem in stems for word in before)
