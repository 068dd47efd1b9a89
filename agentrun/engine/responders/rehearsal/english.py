"""What is said in English."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence

from agentrun.engine.responders.rehearsal.slots import Slot, Tool
from agentrun.engine.responders.rehearsal.words import is_korean, split_name
from agentrun.wire.json import JsonObject, JsonValue

PHRASES: Mapping[str, str] = {
    "hello": "Hello! How can I help you?",
    "how_are_you": "I am doing well, thank you. How can I help you?",
    "thanks": "You are welcome. Is there anything else I can do for you?",
    "goodbye": "Thank you for calling. Goodbye!",
    "unheard": "Sorry, I did not catch that. Could you say it again?",
    "nothing_said": "I have not said anything yet. How can I help you?",
    "anything_else": "Is there anything else I can do for you?",
    "dropped": "All right, I will leave it as it is. Is there anything else?",
    "waiting": "I am still waiting for the answer to that; I will tell you as soon as it is here.",
    "preamble": "One moment, please.",
    "done": "All right, that is done.",
    "nothing_found": "I found nothing.",
    "unknown": "I could not confirm whether that worked.",
    "failed": "I'm sorry, that did not work.",
    "cancelled": "That was stopped before it was done.",
    "yes_no": "How can I help you?",
    "alright": "All right. Is there anything else I can do for you?",
    "cannot": "I am sorry, I cannot help with that.",
}
_KEYS: Mapping[str, str] = {
    "eta": "estimated arrival", "qty": "quantity", "id": "number", "addr": "address",
    "tel": "phone number", "desc": "description",
}  # fmt: skip
_QUESTIONS: Mapping[str, str] = {
    "date": "For which date?",
    "time": "At what time?",
    "name": "What is your name, please?",
}
_STATES = frozenset(
    {
        "available",
        "paid",
        "confirmed",
        "cancelled",
        "active",
        "open",
        "closed",
        "shipped",
        "locked",
        "on",
        "valid",
    }
)
_STATUS_KEYS = frozenset({"status", "state"})
_LEADING = frozenset({"day", "date", "name", "title", "city", "location", "product", "doctor", "room"})
_ABSTRACT = re.compile(
    r"^(?:one|a|an)\s|^(?:what|who|where|when|why|how|which|the caller|free|short|brief)\b"
    r"|\b(?:that|which|in one|one line)\b",
    re.I,
)
_WHETHER = re.compile(
    r"^(?:whether|if|set|true)\b(?:\s+(?:to|true|if|the (?:caller|customer|user|guest)\s+wants(?: to)?))*\s*",
    re.I,
)


class English:
    """English, the default."""

    code = "en"

    def greet(self, role: str | None) -> str:
        """Open the call."""
        return f"Hello, this is {role}. How can I help you?" if role else PHRASES["hello"]

    def ask(self, slot: Slot, *, again: bool) -> str:
        """Ask for a missing value."""
        sorry = "Sorry, I did not get that. " if again else ""
        if slot.kind == "choice" and 1 < len(slot.options) <= 8:
            options = " or ".join((", ".join(_spell(o) for o in slot.options[:-1]), _spell(slot.options[-1])))
            return f"{sorry}Which {name_slot(slot)} would you like: {options}?"
        if slot.kind == "flag":
            rest = _WHETHER.sub("", slot.description.split(".")[0]).rstrip(".") or slot.words
            return f"{sorry}Yes or no: {rest}?"
        if slot.words in _QUESTIONS and len(slot.description.split()) < 3:
            return sorry + _QUESTIONS[slot.words]
        if slot.kind == "number" and slot.words in ("quantity", "count", "qty"):
            return f"{sorry}How many would you like?"
        if slot.kind == "number" and slot.words.endswith("s"):
            return f"{sorry}How many {slot.words.removeprefix('number of ')}?"
        verb = "are" if slot.kind == "list" else "is"
        hint = self._hint(slot) if again else ""
        return f"{sorry}What {verb} the {name_slot(slot)}?{hint}"

    def _hint(self, slot: Slot) -> str:
        examples = slot.schema.get("examples")
        return f" For example, {examples[0]}." if isinstance(examples, list) and examples else ""

    def confirm(self, tool: Tool, arguments: JsonObject) -> str:
        """Say what is about to be done."""
        slots = {slot.name: name_slot(slot) for slot in tool.slots}
        told = [f"{slots.get(key, key)} {self.say_value(key, value)}" for key, value in arguments.items()]
        details = f" with {self.join(told)}" if told else ""
        return f"Just to be sure: you want me to {tool.words}{details}. Is that right?"

    def phrase(self, name: str) -> str:
        """Return a fixed phrase."""
        return PHRASES[name]

    def describe_help(self, tools: Sequence[Tool]) -> str:
        """Say what the agent can do."""
        can = [_describe_tool(tool) for tool in tools[:6]]
        return f"I can {self.join(can, 'or')}. What would you like?" if can else PHRASES["hello"]

    def describe_self(self, role: str | None) -> str:
        """Say who the agent is."""
        return f"I am {role}." if role else "I am the assistant on this line."

    def tell_failure(self, message: str) -> str:
        """Say that something did not work."""
        return f"{PHRASES['failed']} {_end(message)}" if message else PHRASES["failed"]

    def tell_found(self, count: int) -> str:
        """Introduce several results."""
        return f"I found {count}."

    def tell_pairs(self, pairs: Sequence[tuple[str, JsonValue]], subject: str | None) -> str:
        """Say keys and values as one sentence."""
        if subject is None and len(pairs) > 1 and isinstance(pairs[0][1], str):
            subject, pairs = self._lead_with(pairs)
        told = [self._tell_pair(key, value) for key, value in pairs]
        if subject and told and pairs[0][0] in _STATUS_KEYS and isinstance(pairs[0][1], str):
            told[0], subject = f"{subject} is {self.say_value(*pairs[0])}", None
        text = self.join(told)
        return _end(f"{subject}: {text}" if subject and told else text or subject or "")

    def _lead_with(
        self, pairs: Sequence[tuple[str, JsonValue]]
    ) -> tuple[str | None, Sequence[tuple[str, JsonValue]]]:
        """Let a result begin with what it is about: an id with its noun ("order A1001"), a day or a name."""
        key, value = pairs[0]
        words = split_name(key).split()
        if len(words) > 1 and words[-1] in ("id", "number", "no", "code"):
            return f"{' '.join(words[:-1])} {value}", pairs[1:]
        if words[-1] in _LEADING and len(self.say_value(key, value)) < 60:
            return self.say_value(key, value), pairs[1:]
        return None, pairs

    def _tell_pair(self, key: str, value: JsonValue) -> str:
        name = self.say_key(key)
        if isinstance(value, bool):
            state = name.split()[-1] in _STATES or key.startswith(("is_", "has_"))
            name = name.removeprefix("is ").removeprefix("has ")
            return (
                f"it is {'' if value else 'not '}{name}" if state else f"{name}: {'yes' if value else 'no'}"
            )
        if name.endswith((" at", " on", " by", " from", " until")):
            return f"{name} {self.say_value(key, value)}"
        many = isinstance(value, list) and len(value) > 1
        plural = (
            name.endswith("s") and not name.endswith(("ss", "us")) and not isinstance(value, (int, float))
        )
        verb = "are" if many or plural else "is"
        return (
            f"the {name} {verb} {self.say_value(key, value)}"
            if not is_korean(name)
            else f"{name}: {self.say_value(key, value)}"
        )

    def say_key(self, key: str) -> str:
        """Say a key of a result."""
        return " ".join(_KEYS.get(word, word) for word in split_name(key).split())

    def join(self, parts: Sequence[str], word: str = "and") -> str:
        """Join with commas and an "and"."""
        return f"{', '.join(parts[:-1])} {word} {parts[-1]}" if len(parts) > 1 else "".join(parts)

    def say_value(self, key: str, value: JsonValue) -> str:
        """Say one value."""
        match value:
            case bool():
                return "yes" if value else "no"
            case list():
                return self.join([self.say_value(key, entry) for entry in value])
            case dict():
                return self.join(
                    [f"{self.say_key(k)} {self.say_value(k, v)}" for k, v in value.items() if v is not None]
                )
            case str():
                return say_text(value, _say_date, _say_time)
            case float():
                return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 1e15 else str(value)
        return str(value)


def name_slot(slot: Slot) -> str:
    """Return what a slot is called when it is asked for: its description if that is short, else its name."""
    head = re.split(r"[,.;:(\n]| such as | for example | like ", slot.description, maxsplit=1)[0].strip()
    head = re.sub(r"^(?:the|your|a|an)\s+", "", head, flags=re.I)
    if head and not is_korean(head) and len(head.split()) <= 5 and not _ABSTRACT.search(head):
        return head if re.match(r"[A-Z]{2}", head) else head[0].lower() + head[1:]
    return re.sub(r"\bid\b", "number", slot.words)


def say_text(text: str, say_date: object, say_time: object) -> str:
    """Say a text: dates and times as people say them, `snake_case` as words, all else as it is."""
    moment = _parse_moment(text)
    if moment is None:
        return text.replace("_", " ") if re.fullmatch(r"[a-z]+(?:_[a-z]+)+", text) else text
    date, time = moment
    parts = [
        say_date(date) if date and callable(say_date) else "",
        say_time(time) if time and callable(say_time) else "",
    ]
    return " ".join(part for part in parts if part)


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


def _say_date(date: datetime.date) -> str:
    return f"{date:%A}, {date:%B} {date.day}"


def _say_time(time: datetime.time) -> str:
    minutes = f":{time.minute:02}" if time.minute else ""
    return f"{(time.hour - 1) % 12 + 1}{minutes} {'am' if time.hour < 12 else 'pm'}"


def _spell(option: JsonValue) -> str:
    return str(option).replace("_", " ")


def _describe_tool(tool: Tool) -> str:
    """Say what a tool does, in its description's words where those are a short request form."""
    first = re.split(r"(?<=[.!?])\s|\n|[,;(]", tool.description, maxsplit=1)[0].rstrip(". ")
    fits = (
        first
        and not is_korean(first)
        and len(first.split()) <= 12
        and not first.lower().startswith(("this", "the ", "use"))
    )
    return first[0].lower() + first[1:] if fits else tool.words


def _end(text: str) -> str:
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
