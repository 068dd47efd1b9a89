"""Who is generating: what the agent owes the caller, what was asked of the model, what is under way.

At most one response that writes to the conversation is in flight (the server refuses a second one). What is
*owed* waits here until the floor allows it to be asked for. After a spoken turn the server starts a response
by itself; such a response settles what was owed and could be answered from what stood in the conversation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from agentrun.conversation.outbox import KIND_KEY, REQUEST_KEY, Outbox
from agentrun.conversation.reading import read_object, read_text
from agentrun.wire.json import JsonObject

RETRY_AFTER_MS = 500
MOST_TRIES = 2
SERVER_OWES_MS = 3000
"""How long the server may take to begin a response by itself, before we ask for it."""

Kind: TypeAlias = Literal["greeting", "turn", "results", "say"]


def say_exactly(text: str) -> str:
    """Return instructions that make the model say just these words."""
    return f"Say exactly this to the caller, word for word, and nothing else:\n\n{text}"


@dataclass(slots=True, eq=False)
class Owed:
    """Something that the agent still has to say.

    Attributes:
        instructions: instructions of this response alone, or None to let the model answer freely.
        needs: ids of items and function calls; a response that the server starts by itself says this too
            if they stood in the conversation by then.
        after_words: the results of calls that the agent made while it said something.
        not_before_ms: set where somebody else should act first, and after a failure, so that a broken service
            is not asked in a tight loop.
        tries: how often it failed.

    """

    kind: Kind
    instructions: str | None = None
    needs: frozenset[str] = frozenset()
    after_words: bool = False
    not_before_ms: int = 0
    tries: int = 0


@dataclass(slots=True)
class Requested:
    """A `response.create` of ours that the server has not answered yet.

    Attributes:
        withdrawn: it is not wanted any more; what comes of it must not be heard.

    """

    event_id: str
    serves: list[Owed]
    since_ms: int
    withdrawn: bool = False


@dataclass(slots=True)
class Active:
    """The response that is being generated in the default conversation.

    Attributes:
        calls: its function calls, complete or not.
        spoke: whether it has said anything.
        silenced: nothing of it may be heard (any more).

    """

    response_id: str
    serves: list[Owed]
    last_event_ms: int
    calls: list[JsonObject] = field(default_factory=list)
    spoke: bool = False
    silenced: bool = False


class Generation:
    """The books on responses."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self.owed: list[Owed] = []
        self.requested: Requested | None = None
        self.active: Active | None = None
        self._server_owes_until_ms: int | None = None
        self._in_context: set[str] = set()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being generated and nothing of ours is waiting for an answer."""
        return self.active is None and self.requested is None

    def owe(self, owed: Owed) -> None:
        """Note something to be said. Turns that wait for one answer are one debt, however many there are."""
        for waiting in self.owed:
            if owed.kind == waiting.kind == "turn" and owed.not_before_ms == waiting.not_before_ms:
                waiting.needs |= owed.needs
                return
        self.owed.append(owed)

    def expect_server(self, now_ms: int) -> None:
        """Note that the server will start a response by itself (voice activity with `create_response`)."""
        self._server_owes_until_ms = now_ms + SERVER_OWES_MS

    def is_server_due(self, now_ms: int) -> bool:
        """Whether the server's own response is still to be expected."""
        return self._server_owes_until_ms is not None and now_ms < self._server_owes_until_ms

    def note_in_context(self, item_or_call_id: str) -> None:
        """Note that an item, or a function result, stands in the conversation."""
        self._in_context.add(item_or_call_id)

    def ask(self, now_ms: int) -> None:
        """Ask for what is owed, if nothing is in flight; the floor must be free."""
        serves = self._choose(now_ms)
        if not serves or not self.is_idle or self.is_server_due(now_ms):
            return
        response: JsonObject = {}
        if serves[0].instructions is not None:
            response = {"instructions": serves[0].instructions, "tool_choice": "none"}
        self.owed = [owed for owed in self.owed if owed not in serves]
        event_id = self._outbox.request(serves[0].kind, response)
        self.requested = Requested(event_id, serves, now_ms)

    def note_created(self, response: JsonObject, now_ms: int) -> Active:
        """A response of the default conversation began: ours, or the server's own."""
        metadata = read_object(response, "metadata")
        serves: list[Owed] = []
        silenced = False
        if KIND_KEY not in metadata:
            serves = self._settle_by_server()
        elif self.requested is not None and metadata.get(REQUEST_KEY) == self.requested.event_id:
            serves, silenced = self.requested.serves, self.requested.withdrawn
            self.requested = None
        else:  # asked for so long ago that it was given up
            silenced = True
        self.active = Active(read_text(response, "id"), serves, now_ms, silenced=silenced)
        return self.active

    def note_progress(self, response_id: str, now_ms: int, *, spoke: bool = False) -> None:
        """Something came of a response."""
        if self.active is not None and self.active.response_id == response_id:
            self.active.last_event_ms = now_ms
            self.active.spoke |= spoke

    def note_done(self, response: JsonObject, now_ms: int) -> Active | None:
        """A response ended. Returns it if it was the active one; what it left unsaid is owed again."""
        active = self.active
        if active is None or active.response_id != read_text(response, "id"):
            return None
        self.active = None
        status = response.get("status")
        unsaid = status == "failed" or (status == "incomplete" and not active.spoke)
        if unsaid and not active.silenced:
            self._owe_again(active.serves or [Owed("turn")], now_ms)
        return active

    def note_refused(self, event_id: str, now_ms: int, *, occupied: bool) -> bool:
        """Our `response.create` was refused. `occupied`: because another response is active.

        Returns:
            Whether ours just waits for the end of the other response, so that nothing is lost.

        """
        requested = self.requested
        if requested is None or requested.event_id != event_id:
            return False
        self.requested = None
        if requested.withdrawn:
            return occupied
        if occupied and self.active is not None:
            self.owed = requested.serves + self.owed
            return True
        self._owe_again(requested.serves, now_ms)
        return False

    def withdraw(self) -> Active | None:
        """Nothing of what is in flight may be heard; returns the response that is to be stopped, if any."""
        if self.requested is not None:
            self.requested.withdrawn = True
        if self.active is None or self.active.silenced:
            return None
        self.active.silenced = True
        return self.active

    def drop_stalled(self, now_ms: int, stall_ms: int) -> list[Active | Requested]:
        """Give up on what has been silent for too long, and return it."""
        stalled: list[Active | Requested] = []
        if self.active is not None and self.active.last_event_ms + stall_ms <= now_ms:
            stalled.append(self.active)
            self.active = None
        if self.requested is not None and self.requested.since_ms + stall_ms <= now_ms:
            stalled.append(self.requested)
            self.requested = None
        return stalled

    def deadlines_ms(self, now_ms: int, stall_ms: int) -> list[int]:
        """The times at which something of this has to be looked at again."""
        times = [owed.not_before_ms for owed in self.owed if owed.not_before_ms > now_ms]
        if self.active is not None:
            times.append(self.active.last_event_ms + stall_ms)
        if self.requested is not None:
            times.append(self.requested.since_ms + stall_ms)
        if self._server_owes_until_ms is not None and self._server_owes_until_ms > now_ms:
            times.append(self._server_owes_until_ms)
        return times

    def _choose(self, now_ms: int) -> list[Owed]:
        ready = [owed for owed in self.owed if owed.not_before_ms <= now_ms]
        if ready and ready[0].instructions is not None:
            return ready[:1]
        # one free answer serves everything that can be answered freely
        return [owed for owed in ready if owed.instructions is None]

    def _settle_by_server(self) -> list[Owed]:
        """Take out what a response of the server's own answers, also what we have just asked for."""
        self._server_owes_until_ms = None
        settled = [owed for owed in self.owed if self._is_settled(owed)]
        self.owed = [owed for owed in self.owed if owed not in settled]
        if self.requested is not None:
            ours = self.requested.serves
            settled += [owed for owed in ours if self._is_settled(owed)]
            self.requested.serves = [owed for owed in ours if owed not in settled]
            self.requested.withdrawn |= not self.requested.serves
        return settled

    def _is_settled(self, owed: Owed) -> bool:
        return owed.instructions is None and owed.needs <= self._in_context

    def _owe_again(self, serves: list[Owed], now_ms: int) -> None:
        for owed in serves:
            owed.tries += 1
            owed.not_before_ms = now_ms + RETRY_AFTER_MS
        self.owed = [owed for owed in serves if owed.tries < MOST_TRIES] + self.owed
