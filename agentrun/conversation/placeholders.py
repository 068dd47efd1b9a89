"""Placeholders: what the caller hears while a tool is still running.

A placeholder is an out-of-band response: it is spoken, but it is no part of the conversation, so it can
neither confuse the model nor collide with a response of the conversation. It is asked for only while nobody
speaks, and it is withdrawn if the result arrives before its first sound.
"""

from __future__ import annotations

from dataclasses import dataclass

from agentrun.conversation.generation import TAG, say_exactly
from agentrun.conversation.outbox import Outbox
from agentrun.conversation.reports import PlaceholderSaid
from agentrun.conversation.speech import Speech
from agentrun.conversation.toolcalls import PendingCall
from agentrun.plan import Placeholder
from agentrun.wire.client import ResponseCancel, ResponseCreate
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
    withdrawn: bool = False


def is_placeholder(response: JsonObject) -> bool:
    """Tell whether a response is one of our placeholders, by the metadata that the server echoes."""
    return bool((response.get("metadata") or {}).get(TAG) == PLACEHOLDER)


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

    def ask(self, call: PendingCall, rules: Placeholder, now_ms: int) -> None:
        """Ask for a placeholder for this call."""
        instructions = say_exactly(rules.say) if rules.say is not None else (rules.instructions or "")
        event_id = self._outbox.send(
            ResponseCreate(
                {
                    "conversation": "none",
                    "input": [],
                    "instructions": instructions,
                    "tools": [],
                    "tool_choice": "none",
                    "metadata": {TAG: PLACEHOLDER, "call_id": call.call_id},
                }
            )
        )
        self._aside = _Aside(call.binding.name, call.call_id, rules.say, event_id, now_ms)

    def note_created(self, response: JsonObject) -> None:
        """The server began the placeholder."""
        response_id = str(response.get("id"))
        self._speech.mark_aside(response_id)
        if self._aside is None or self._aside.withdrawn or self._aside.response_id is not None:
            self._stop(response_id)
        if self._aside is not None and self._aside.response_id is None:
            self._aside.response_id = response_id

    def note_words(self, response_id: str, words: str) -> None:
        """Take a piece of what is being said."""
        if self._aside is not None and self._aside.response_id == response_id:
            self._aside.words += words

    def note_first_sound(self, response_id: str) -> None:
        """The caller begins to hear it."""
        aside = self._aside
        if aside is None or aside.response_id != response_id or aside.sounding:
            return
        aside.sounding = True
        if aside.text is not None:
            self._outbox.tell(PlaceholderSaid(aside.tool, aside.call_id, aside.text))

    def note_done(self, response: JsonObject) -> None:
        """The placeholder was generated, or stopped."""
        aside = self._aside
        if aside is None or aside.response_id != response.get("id"):
            return
        self._aside = None
        told = aside.sounding and aside.text is not None
        if aside.words and not aside.withdrawn and not told:
            # a written session has no first sound, and words that the model chose are known only now
            self._outbox.tell(PlaceholderSaid(aside.tool, aside.call_id, aside.text or aside.words))

    def note_refused(self, event_id: str) -> bool:
        """The server refused it; the silence goes on. True if it was ours."""
        if self._aside is None or self._aside.event_id != event_id:
            return False
        self._aside = None
        return True

    def withdraw(self, call_id: str) -> None:
        """The result is here: a placeholder that is not heard yet must not be heard any more."""
        if self._aside is not None and self._aside.call_id == call_id and not self._aside.sounding:
            self._cancel()

    def interrupt(self) -> None:
        """The caller speaks: stop it. Voice activity does not cancel out-of-band responses by itself."""
        if self._aside is not None:
            self._cancel()

    def drop_stalled(self, now_ms: int, stall_ms: int) -> None:
        """Give up on one from which nothing has come for too long."""
        if self._aside is not None and self._aside.since_ms + stall_ms <= now_ms:
            self._cancel()
            self._aside = None

    def deadline_ms(self, stall_ms: int) -> int | None:
        """When to give up on the one that is under way."""
        return None if self._aside is None else self._aside.since_ms + stall_ms

    def _cancel(self) -> None:
        aside = self._aside
        if aside is None or aside.withdrawn:
            return
        aside.withdrawn = True
        if aside.response_id is not None:
            self._stop(aside.response_id)

    def _stop(self, response_id: str) -> None:
        self._speech.silence(response_id)
        self._outbox.send(ResponseCancel(response_id))
