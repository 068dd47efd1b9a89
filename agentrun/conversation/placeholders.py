"""Placeholders: what the caller hears while a tool is still running.

A placeholder is an out-of-band response: it is spoken, but it is no part of the conversation, so it can
neither confuse the model nor collide with a response of the conversation. It is asked for only while nobody
speaks, and it is withdrawn if the result arrives before its first sound.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from agentrun.conversation.generation import say_exactly
from agentrun.conversation.outbox import KIND_KEY, REQUEST_KEY, Outbox
from agentrun.conversation.reading import read_object, read_text
from agentrun.conversation.reports import PlaceholderSaid
from agentrun.conversation.speech import Speech
from agentrun.conversation.toolcalls import PendingCall
from agentrun.plan import Placeholder
from agentrun.wire.client import ResponseCancel
from agentrun.wire.json import JsonObject

PLACEHOLDER = "placeholder"


@dataclass(slots=True)
class _Aside:
    tool: str
    call_id: str
    text: str | None
    event_id: str
    since_ms: int
    response_id: str | None = None
    words: str = ""
    sounding: bool = False
    told: bool = False
    withdrawn: bool = False


def is_placeholder(response: JsonObject) -> bool:
    """Tell whether a response is one of our placeholders, by the metadata that the server echoes."""
    return read_text(read_object(response, "metadata"), KIND_KEY) == PLACEHOLDER


class Placeholders:
    """At most one placeholder at a time."""

    def __init__(self, outbox: Outbox, speech: Speech) -> None:
        self._outbox = outbox
        self._speech = speech
        self._aside: _Aside | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no placeholder is asked for or being generated."""
        return self._aside is None

    @property
    def is_quiet(self) -> bool:
        """Whether nothing more will be heard of a placeholder than what is already queued."""
        return self._aside is None or self._aside.withdrawn

    def ask(self, call: PendingCall, rules: Placeholder, now_ms: int) -> None:
        """Ask for a placeholder for this call."""
        instructions = say_exactly(rules.say) if rules.say is not None else (rules.instructions or "")
        response: JsonObject = {
            "conversation": "none",
            "input": [],
            "instructions": instructions,
            "tools": [],
            "tool_choice": "none",
        }
        event_id = self._outbox.request(PLACEHOLDER, response)
        self._aside = _Aside(call.binding.name, call.call_id, rules.say, event_id, now_ms)

    def note_created(self, response: JsonObject) -> None:
        """The server began the placeholder."""
        response_id = read_text(response, "id")
        aside = self._aside
        request = read_text(read_object(response, "metadata"), REQUEST_KEY)
        if aside is None or aside.event_id != request or aside.response_id is not None:
            self._outbox.send(ResponseCancel(response_id))  # it was given up before it began
            return
        aside.response_id = response_id
        if aside.withdrawn:
            self._outbox.send(ResponseCancel(response_id))
        else:
            self._speech.begin(response_id, aside=True)

    def note_words(self, response_id: str, words: str) -> None:
        """Take a piece of what is being said."""
        if self._aside is not None and self._aside.response_id == response_id:
            self._aside.words += words

    def note_first_sound(self, response_id: str) -> None:
        """The caller begins to hear it."""
        aside = self._aside
        if aside is not None and aside.response_id == response_id:
            aside.sounding = True
            if aside.text is not None:
                self._tell(aside, aside.text)

    def note_done(self, response: JsonObject) -> None:
        """The placeholder was generated, or stopped."""
        aside = self._aside
        if aside is None or aside.response_id != read_text(response, "id"):
            return
        self._aside = None
        if aside.words and (aside.sounding or not aside.withdrawn):
            # a written session has no first sound, and words that the model chose are known only now
            self._tell(aside, aside.text or aside.words)

    def note_refused(self, event_id: str) -> None:
        """The server refused a request; if it was for the placeholder, the silence goes on."""
        if self._aside is not None and self._aside.event_id == event_id:
            self._aside = None

    def withdraw_answered(self, pending: Container[str]) -> None:
        """Stop the placeholder for a call that is answered by now, unless the caller hears it already."""
        if self._aside is not None and self._aside.call_id not in pending and not self._aside.sounding:
            self.interrupt()

    def interrupt(self) -> None:
        """Stop it. Voice activity does not cancel out-of-band responses by itself."""
        aside = self._aside
        if aside is None or aside.withdrawn:
            return
        aside.withdrawn = True
        if aside.response_id is not None:
            self._speech.silence(aside.response_id)
            self._outbox.send(ResponseCancel(aside.response_id))

    def drop_stalled(self, now_ms: int, stall_ms: int) -> None:
        """Give up on one that has not ended for too long."""
        if self._aside is not None and self._aside.since_ms + stall_ms <= now_ms:
            self.interrupt()
            if self._aside.response_id is not None:
                self._speech.finish(self._aside.response_id)
            self._aside = None

    def deadline_ms(self, stall_ms: int) -> int | None:
        """When to give up on the one that is under way."""
        return None if self._aside is None else self._aside.since_ms + stall_ms

    def _tell(self, aside: _Aside, text: str) -> None:
        if not aside.told:
            aside.told = True
            self._outbox.tell(PlaceholderSaid(aside.tool, aside.call_id, text))
