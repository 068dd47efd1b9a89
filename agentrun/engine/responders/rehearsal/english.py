"""What is said in English."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from agentrun.engine.responders.rehearsal.english_telling import end, join, say_value, tell_pairs
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
    "human": "I am sorry, I cannot put you through to a person from here.",
    "take_your_time": "Of course, take your time.",
    "rephrase": "Could you put it in other words, or ask me what I can do?",
}
_QUESTIONS: Mapping[str, str] = {
    "date": "For which date?",
    "day": "For which day?",
    "time": "At what time?",
    "name": "What is your name, please?",
}
_ABSTRACT = re.compile(
    r"^(?:one|a|an)\s|^(?:what|who|where|when|why|how|which|the caller|free|short|brief)\b"
    r"|\b(?:that|which|in one|one line)\b",
    re.I,
)
_OF_CALLER = re.compile(r" of the (?:customer|caller|guest|patient|user|client|member|subscriber)$", re.I)
_NO_WISH = frozenset(["reason", "account", "status", "issue", "problem", "category", "type", "priority"])
_VERBS_TEXT = """
cancel book change move reserve order open close lock unlock block send update delete remove pay
refund create place set start stop switch schedule reschedule
"""
_VERBS = frozenset(_VERBS_TEXT.split())
_NEW_THINGS = frozenset(["book", "order", "reserve", "create", "schedule", "place", "open", "start", "send"])
_TO_VERBS = frozenset(["change", "move", "reschedule", "postpone", "set", "update", "shift"])
_NO_ARTICLE = frozenset(["to", "an", "a", "the", "my", "your", "all", "pizza", "food", "money"])
_CLEAR = frozenset(["name", "date", "time", "email", "address", "city", "day"])
_TO_CALLER = re.compile(r"\bthe (?:caller|customer|user)\b(?!')")
_LONGEST_NAME, _MOST_OPTIONS, _LONGEST_SIGN = 8, 8, 3
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
        question = _ask_kind(slot) or f"What {_verb(slot)} {_address(slot)}?"
        return sorry + question + (self._hint(slot) if again else "")

    def _hint(self, slot: Slot) -> str:
        examples = slot.schema.get("examples")
        return f" For example, {examples[0]}." if isinstance(examples, list) and examples else ""

    def confirm(self, tool: Tool, arguments: JsonObject) -> str:
        """Say what is about to be done."""
        slots = {slot.name: slot for slot in tool.slots}
        action = say_action(tool)
        told: list[str] = []
        for key, value in arguments.items():
            said = self.say_value(key, value)
            thing = _find_thing(slots.get(key), key)
            if thing and re.search(rf"\b{re.escape(thing)}$", action):
                action = action.removesuffix(f"the {thing}").removesuffix(thing) + f"{thing} {said}"
            elif thing:
                told.insert(0, f"for {thing} {said}")
            else:
                told.append(_tell_detail(slots.get(key), key, said))
                if action.split(" ", 1)[0] in _TO_VERBS and _is_moment(slots.get(key)):
                    told[-1] = f"to {said}"
        glue = " " if told and told[0].startswith(("for ", "to ")) else ": "
        details = glue + ", ".join(told).replace(", to ", " to ")
        return f"Just to be sure: you want me to {action}{details if told else ''}. Is that right?"

    def verify(self, values: Sequence[str]) -> str:
        """Ask whether values that were heard unsurely are right."""
        return f"Did you say {join(values)}?"

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
        return f"{PHRASES['failed']} {end(message)}" if message else PHRASES["failed"]

    def tell_found(self, count: int) -> str:
        """Introduce several results."""
        return f"I found {count}."

    def tell_pairs(self, pairs: Sequence[tuple[str, JsonValue]], subject: str | None) -> str:
        """Say keys and values in sentences."""
        return tell_pairs(pairs, subject)

    def join(self, parts: Sequence[str], word: str = "and") -> str:
        """Join with commas and an "and"."""
        return join(parts, word)

    def say_value(self, key: str, value: JsonValue) -> str:
        """Say one value."""
        return say_value(value)


def name_slot(slot: Slot) -> str:
    """Return what a slot is called when it is asked for: its description if that is short, else its name."""
    head = re.split(r"[,.;:(\n]| such as | for example | like ", slot.description, maxsplit=1)[0].strip()
    head = re.sub(r"^(?:the|your|a|an|which)\s+", "", head, flags=re.I)
    if set(head.split()) & {str(option) for option in slot.options}:
        head = ""  # it explains the options
    if head and not is_korean(head) and len(head.split()) <= _LONGEST_NAME and not _ABSTRACT.search(head):
        return head if re.match(r"[A-Z]{2}", head) else head[0].lower() + head[1:]
    return re.sub(r"\bcheck (in|out)\b", r"check-\1", re.sub(r"\bid\b", "number", slot.words))


def say_action(tool: Tool) -> str:
    """Return what a tool does as a phrase after "to": its name with an article ("cancel the order")."""
    verb, *rest = tool.words.split() or [""]
    bare = not rest or verb not in _VERBS or rest[0] in _NO_ARTICLE
    thing = " ".join(rest)
    article = ("an" if thing[:1] in "aeiou" else "a") if verb in _NEW_THINGS else "the"
    return tool.words if bare else f"{verb} {article} {thing}"


def _ask_kind(slot: Slot) -> str | None:
    """Return the question that suits a kind of value better than "what is", or None."""
    name = name_slot(slot)
    match slot.kind:
        case "choice" if 1 < len(slot.options) <= _MOST_OPTIONS:
            options = join([_spell(slot, option) for option in slot.options], "or")
            wish = "is it" if name.split()[-1] in _NO_WISH else "would you like"
            return f"Which {name} {wish}: {options}?"
        case "flag" if set(slot.words.split()) & {"on", "power", "enabled"}:
            return "Should it be on or off?"
        case "flag":
            rest = _WHETHER.sub("", slot.description.split(".")[0]).rstrip(".") or slot.words
            return f"Yes or no: {rest}?"
        case "time" | "moment" if slot.words in ("at", "when", "time", "start"):
            return "At what time?" if slot.kind == "time" else "For when?"
        case "date" | "time" if slot.words in _QUESTIONS and len(slot.description.split()) < 3:
            return _QUESTIONS[slot.words]
        case "date" | "time" if not re.search(r"\b(?:date|day|time|hour|birthday)s?\b", name):
            return f"What {slot.kind} is {_address(slot)}?"
        case "name" if slot.words == "name" or _OF_CALLER.search(slot.description):
            return _QUESTIONS["name"]
        case "place" if name in ("city", "town", "country", "place", "location"):
            return f"Which {name}, please?"
        case "number" if slot.words in ("quantity", "count", "qty"):
            return "How many would you like?"
        case "number" if slot.words.endswith("s") or slot.words.split()[-1:] == ["people"]:
            return f"How many {slot.words.removeprefix('number of ')}?"
    return None


def _verb(slot: Slot) -> str:
    head = re.split(r" (?:of|for|in|on|to) ", name_slot(slot), maxsplit=1)[0]
    return "are" if slot.kind == "list" or re.search(r"(?<![suiy])s$", head) else "is"


def _address(slot: Slot) -> str:
    """Return a slot's name as it is said to the person whose it is ("your phone number")."""
    name = name_slot(slot)
    mine = _OF_CALLER.sub("", name)
    return f"your {mine}" if mine != name else f"the {name}"


def _is_moment(slot: Slot | None) -> bool:
    return slot is not None and slot.kind in ("date", "time", "moment")


def _find_thing(slot: Slot | None, key: str) -> str:
    """Return what an argument is the number of ("order" for `order_id`), or nothing."""
    words = (slot.words if slot else split_name(key)).split()
    return " ".join(words[:-1]) if len(words) > 1 and words[-1] in ("id", "number", "no", "code") else ""


def _tell_detail(slot: Slot | None, key: str, said: str) -> str:
    """Say one argument: by itself where it is clear what it is, else after its name."""
    if slot is not None and (slot.kind in ("email", "choice") or slot.words in _CLEAR):
        return said
    name = name_slot(slot) if slot else key
    unit = re.fullmatch(r"(?:amount|weight|length|price|sum|temperature)(?: of \w+)? in (\w+)", name)
    if unit:
        return f"{said} {unit[1]}"
    counted = slot is not None and slot.kind == "number" and name.endswith(("s", "people"))
    return f"{said} {name.removeprefix('number of ')}" if counted else f"{name} {said}"


def _spell(slot: Slot, option: JsonValue) -> str:
    """Say an option, in the words of the schema where it is but a sign ("EXP")."""
    alias = slot.aliases.get(str(option), "")
    is_sign = len(str(option)) <= _LONGEST_SIGN and alias and not is_korean(alias)
    return alias if is_sign else str(option).replace("_", " ")


def _describe_tool(tool: Tool) -> str:
    """Say what a tool does, in its description's words where those are a short request form."""
    first = re.split(r"(?<=[.!?])\s|\n|[,;(]", tool.description, maxsplit=1)[0].rstrip(". ")
    fits = (
        first
        and not is_korean(first)
        and len(first.split()) <= 12
        and not first.lower().startswith(("this", "the ", "use"))
    )
    first = re.sub(r" of (?:the|a) (?:customer|caller|user)\b", "", first)
    return _TO_CALLER.sub("you", first[0].lower() + first[1:]) if fits else say_action(tool)
