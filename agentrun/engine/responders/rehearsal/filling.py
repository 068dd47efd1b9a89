"""From what a caller said to the arguments of a tool.

Slots are read from the most distinctive to the least: what was taken as a code or a date is no longer there
to be taken for an amount. Nothing is made up: a slot without words of the caller stays empty.
"""

from __future__ import annotations

import copy
import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from agentrun.engine.responders.rehearsal import extracting, naming, phrases
from agentrun.engine.responders.rehearsal.checking import is_valid
from agentrun.engine.responders.rehearsal.choices import find_choices, find_day_choices
from agentrun.engine.responders.rehearsal.dates import Found, spread_month
from agentrun.engine.responders.rehearsal.kinds import Kind
from agentrun.engine.responders.rehearsal.numbers import write_digits
from agentrun.engine.responders.rehearsal.slots import Slot, Tool
from agentrun.wire.json import JsonObject, JsonValue

_SPOKEN: Mapping[Kind, Callable[[str, Slot], list[Found[JsonValue]]]] = {
    "email": extracting.find_email,
    "uri": extracting.find_uri,
    "uuid": extracting.find_uuid,
    "code": extracting.find_code,
    "phone": extracting.find_phone,
}
_ORDER: tuple[Kind, ...] = (
    "const", "email", "uri", "uuid", "code", "phone", "moment", "date", "time", "choice", "flag",
    "place", "account", "number",
    "list", "object", "name", "gist", "phrase",
)  # fmt: skip
_CORRECTION = re.compile(
    r"^\W*(?:no|nope|sorry|wait|hang on|hold on|actually|i mean|i meant|not)\b"
    r"|\b(?:i meant?|instead|rather|correction|make it|make that)\b"
    r"|\bnot\b.+\bbut\b"
    r"|^\W*(?:아니|아뇨|잠깐|정정)|말고|아니라|아니고",
    re.I,
)
_REASONS = frozenset({"reason", "why", "purpose", "이유", "사유"})


def is_correction(text: str) -> bool:
    """Whether a text takes something back."""
    return _CORRECTION.search(text) is not None


@dataclass(slots=True)
class Reading:
    """One utterance while it is being read; what was understood is blanked out.

    Attributes:
        said: the words as they came.
        spoken: the same without the codes that were found.
        written: with number words as digits, without all that was found.

    """

    said: str
    tool: Tool
    now: datetime.datetime
    focus: str = ""
    spoken: str = field(init=False)
    written: str = field(init=False)

    def __post_init__(self) -> None:
        self.spoken = self.said
        self.written = spread_month(write_digits(self.said))

    def read_slot(self, slot: Slot, numbers: int) -> JsonValue | None:
        """Return the value of one slot, or None; `numbers` is how many slots of the tool take a number."""
        focused = slot.name == self.focus
        if slot.kind == "const":
            return slot.schema["const"] if slot.required else None
        if slot.kind in _SPOKEN:
            return self._take_spoken(_SPOKEN[slot.kind](self.spoken, slot))
        if slot.kind == "account":
            return self._read_account(slot, focused)
        if slot.kind == "list":
            return self._read_list(slot, focused)
        if slot.kind == "object":
            return fill_slots(slot.slots, self) or None
        if slot.kind in ("name", "place", "gist", "phrase"):
            return self._read_words(slot, focused)
        return self._read_written(slot, focused, numbers)

    def _read_written(self, slot: Slot, focused: bool, numbers: int) -> JsonValue | None:
        text = self.written
        match slot.kind:
            case "moment":
                return self._take_written(extracting.find_moments(text, slot, self.now))
            case "date":
                return self._take_written(extracting.find_dates(text, slot, self.now))
            case "time":
                found = extracting.find_times(text, slot)
                if not found and (focused or is_correction(self.said)):
                    found = extracting.find_bare_times(text, slot, hour_alone=focused)
                return self._take_written(found)
            case "choice":
                found = find_choices(text, slot, asked=focused)
                return self._take_written(found or find_day_choices(text, slot, self.now))
            case "flag":
                answer = extracting.read_yes_no(self.said) if focused else None
                return self._take_written(extracting.find_flag(text, slot)) if answer is None else answer
            case _:
                return self._read_number(slot, focused, numbers)

    def _read_number(self, slot: Slot, focused: bool, numbers: int) -> JsonValue | None:
        found = extracting.find_numbers(extracting.leave_out_dates(self.written, self.now), slot)
        if not focused:
            near = [hit for hit in found if extracting.is_beside(self.written, hit, slot)]
            free = not self.focus or is_correction(self.said)
            alone = numbers == 1 and free and not naming.find_street(self.written)
            found = near or (found if alone else [])
        return self._take_written(found)

    def _read_account(self, slot: Slot, focused: bool) -> JsonValue | None:
        value = self._take_spoken(extracting.find_account(self.spoken, slot))
        if value is None and focused:
            answer = phrases.read_answer(self.said) or ""
            value = answer if re.search(r"\d", answer) and len(answer.split()) <= 4 else None
        return value

    def _read_list(self, slot: Slot, focused: bool) -> JsonValue | None:
        entry = slot.slots[0] if slot.slots else None
        if entry is None:
            return None
        if entry.kind == "object":
            member = fill_slots(entry.slots, self)
            return [member] if member and not find_missing(entry.slots, member) else None
        many = self._find_many(entry, focused)
        return (
            list(dict.fromkeys(many))
            if many and all(isinstance(one, (str, int, float)) for one in many)
            else None
        )

    def _find_many(self, entry: Slot, focused: bool) -> list[JsonValue]:
        if entry.kind in _SPOKEN:
            return [hit.value for hit in _SPOKEN[entry.kind](self.spoken, entry)]
        if entry.kind == "choice":
            return [h.value for option in entry.options for h in self._find_option(entry, option)]
        if entry.kind == "number":
            return [hit.value for hit in extracting.find_numbers(self.written, entry)]
        one = self._read_words(entry, focused) if entry.kind in ("name", "place", "gist", "phrase") else None
        return (
            [part.strip() for part in re.split(r",|\band\b|하고|이랑|랑\s", one) if part.strip()]
            if one
            else []
        )

    def _find_option(self, entry: Slot, option: JsonValue) -> list[Found[JsonValue]]:
        alone = Slot(
            entry.name, {"enum": [option]}, "choice", True, entry.words, entry.description, (), entry.aliases
        )
        return find_choices(self.written, alone)[:1]

    def _read_words(self, slot: Slot, focused: bool) -> str | None:
        if slot.kind == "name":
            return naming.find_name(self.said, self.written, slot, focused=focused)
        if slot.kind == "place":
            return self._read_place(slot, focused)
        if not focused and _REASONS & set(slot.words.split()):
            return phrases.find_reason(self.said)
        if not focused and not slot.required:
            return phrases.find_labelled(self.said, slot)
        if slot.kind == "gist":
            return phrases.find_gist(self.said, slot, self.tool, focused=focused)
        return phrases.find_phrase(self.said if focused else self.written, slot, self.tool, focused=focused)

    def _read_place(self, slot: Slot, focused: bool) -> str | None:
        place = naming.find_place(self.written, slot, self.tool, focused=focused)
        if place is not None:
            self.written = self.written.replace(place, " " * len(place))
        return place

    def _take_spoken(self, found: list[Found[JsonValue]]) -> JsonValue | None:
        hit = self._pick(found)
        if hit is None:
            return None
        self.spoken = _blank(self.spoken, hit)
        self.written = spread_month(write_digits(self.spoken))
        return hit.value

    def _take_written(self, found: list[Found[JsonValue]]) -> JsonValue | None:
        hit = self._pick(found)
        if hit is None:
            return None
        self.written = _blank(self.written, hit)
        return hit.value

    def _pick(self, found: list[Found[JsonValue]]) -> Found[JsonValue] | None:
        """Take the first candidate, or the last where the caller corrects ("not A1001, A1002")."""
        if not found:
            return None
        return found[-1] if is_correction(self.said) else found[0]


def fill_tool(tool: Tool, said: str, now: datetime.datetime, focus: str = "") -> JsonObject:
    """Return the arguments that one utterance gives.

    Args:
        tool: the function.
        said: the utterance.
        now: for words such as "tomorrow".
        focus: name of the slot that the caller was just asked for; its answer may be short.

    """
    return copy.deepcopy(read_slots(tool, said, now.replace(second=0, microsecond=0), focus))


@lru_cache(maxsize=4096)
def read_slots(tool: Tool, said: str, now: datetime.datetime, focus: str) -> JsonObject:
    """Read an utterance for a tool; cached, because each answer reads the conversation from its beginning."""
    return fill_slots(tool.slots, Reading(said, tool, now, focus))


def fill_slots(slots: Sequence[Slot], reading: Reading) -> JsonObject:
    """Return the values that are valid, in the order of the schema."""
    numbers = sum(slot.kind == "number" for slot in slots)
    values: JsonObject = {}
    for slot in sorted(slots, key=lambda slot: _place_in_order(slot, reading.focus)):
        value = reading.read_slot(slot, numbers)
        if value is not None and is_valid(value, slot.schema):
            values[slot.name] = value
    return {slot.name: values[slot.name] for slot in slots if slot.name in values}


def _place_in_order(slot: Slot, focus: str) -> tuple[bool, int]:
    """Put the slot that was asked for first; one that takes any words gets what the others leave."""
    first = slot.name == focus and slot.kind not in ("name", "place", "gist", "phrase")
    return not first, _ORDER.index(slot.kind)


def find_missing(slots: Sequence[Slot], values: JsonObject) -> Slot | None:
    """Return the first required slot without a value; of an object, the first such member of it."""
    for slot in slots:
        value = values.get(slot.name)
        if not slot.required and value is None:
            continue
        if slot.kind == "object" and slot.slots:
            missing = find_missing(slot.slots, value if isinstance(value, dict) else {})
            if missing is not None:
                return missing
        if slot.required and slot.name not in values and not (slot.kind == "object" and not slot.slots):
            return slot
    return None


def finish_arguments(slots: Sequence[Slot], values: JsonObject) -> JsonObject:
    """Return the arguments as they are sent: optional members that are incomplete are left out."""
    finished: JsonObject = {}
    for slot in slots:
        value = values.get(slot.name)
        if slot.kind == "object" and isinstance(value, dict):
            if slot.required or not find_missing(slot.slots, value):
                finished[slot.name] = finish_arguments(slot.slots, value)
        elif (value is not None and value != slot.schema.get("default")) or (
            value is not None and slot.required
        ):
            finished[slot.name] = value
        elif slot.kind == "object" and slot.required:
            finished[slot.name] = {}
    return finished


def _blank(text: str, hit: Found[JsonValue]) -> str:
    return text[: hit.start] + " " * (hit.end - hit.start) + text[hit.end :]
