"""What is said to callers whose language has no module here: as little of our own as possible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentrun.engine.responders.rehearsal.english import PHRASES
from agentrun.engine.responders.rehearsal.slots import Slot, Tool
from agentrun.wire.json import JsonObject, JsonValue

_SHORT: Mapping[str, str] = {
    "hello": "?", "how_are_you": "OK.", "thanks": "OK.", "goodbye": "OK.", "unheard": "?",
    "nothing_said": "?", "yes_no": "?",
    "anything_else": "?", "dropped": "OK.", "waiting": "…", "preamble": "…", "done": "OK.",
    "nothing_found": "0.", "alright": "OK.", "rephrase": "?", "take_your_time": "OK.",
}  # fmt: skip


class Neutral:
    """Keeps to the words of descriptions and results."""

    code = "other"

    def greet(self, role: str | None) -> str:
        """Open the call."""
        return role or PHRASES["hello"]

    def ask(self, slot: Slot, *, again: bool) -> str:
        """Ask with the words of the description."""
        options = ": " + ", ".join(str(option) for option in slot.options) if slot.options else ""
        return f"{slot.description.rstrip('.?') or slot.words}{options}?"

    def confirm(self, tool: Tool, arguments: JsonObject) -> str:
        """Show the call as it would be made."""
        told = ", ".join(f"{key}: {self.say_value(key, value)}" for key, value in arguments.items())
        return f"{tool.words} ({told})?" if told else f"{tool.words}?"

    def verify(self, values: Sequence[str]) -> str:
        """Repeat the values as a question."""
        return f"{', '.join(values)}?"

    def phrase(self, name: str) -> str:
        """Return a sign where one will do, else the English phrase: a failure must not go unsaid."""
        return _SHORT.get(name, PHRASES[name])

    def describe_help(self, tools: Sequence[Tool]) -> str:
        """List the descriptions."""
        return " ".join(f"{tool.description.rstrip('.') or tool.words}." for tool in tools[:6]) or "?"

    def describe_self(self, role: str | None) -> str:
        """Say who the agent is."""
        return role or "agent"

    def tell_failure(self, message: str) -> str:
        """Tell the message."""
        return message or PHRASES["failed"]

    def tell_found(self, count: int) -> str:
        """Say how many."""
        return f"{count}:"

    def tell_pairs(self, pairs: Sequence[tuple[str, JsonValue]], subject: str | None) -> str:
        """List keys and values."""
        told = ", ".join(f"{key.replace('_', ' ')}: {self.say_value(key, value)}" for key, value in pairs)
        return f"{subject} — {told}." if subject and told else f"{told or subject or ''}."

    def join(self, parts: Sequence[str]) -> str:
        """Join with commas."""
        return ", ".join(parts)

    def say_value(self, key: str, value: JsonValue) -> str:
        """Say one value as it is."""
        match value:
            case list():
                return ", ".join(self.say_value(key, entry) for entry in value)
            case dict():
                return ", ".join(f"{k}: {self.say_value(k, v)}" for k, v in value.items())
            case bool():
                return str(value).lower()
        return str(value)
