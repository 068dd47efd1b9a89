"""Who is generating: what the agent owes the caller, what was asked of the model, what is under way.

At most one response that writes to the conversation is in flight (the server refuses a second one). What is
*owed* waits here until the floor allows it to be asked for. The server may also start a response by itself
after a spoken turn; it then settles what was owed and already stood in the conversation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from agentrun.conversation.outbox import Outbox
from agentrun.wire.client import ResponseCreate
from agentrun.wire.json import JsonObject

TAG = "agentrun"
"""Key of the response metadata by which we know our own responses again."""

RETRY_AFTER_MS = 500
MOST_TRIES = 2
SERVER_OWES_MS = 3000

Kind: TypeAlias = Literal["greeting", "turn", "results", "say"]


def say_exactly(text: str) -> str:
    """Return instructions that make the model say just these words."""
    return f"Say exactly this to the caller, word for word, and nothing else:\n\n{text}"


@dataclass(slots=True)
class Owed:
    """Something that the agent still has to say.

    Attributes:
        instructions: instructions of this response alone, or None to let the model answer freely.
        call_ids: function calls whose results are to be told.
        not_before_ms: set after a failure, so that a broken service is not asked in a tight loop.

    """

    kind: Kind
    instructions: str | None = None
    call_ids: frozenset[str] = frozenset()
    not_before_ms: int = 0
    tries: int = 0


@dataclass(slots=True)
class Requested:
    """A `response.create` of ours that the server has not answered yet.

    Attributes:
        withdrawn: the caller took the floor in the meantime; what comes of it must not be heard.

    """

    event_id: str
    serves: list[Owed]
    since_ms: int
    withdrawn: bool = False


@dataclass(slots=True)
class Active:
    """The response that is being generated in the default conversation."""

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
        self.server_owes_until_ms: int | None = None
        self._in_context: set[str] = set()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being generated and nothing of ours is waiting for an answer."""
        return self.active is None and self.requested is None

    def owe(self, owed: Owed) -> None:
        """Note something to be said."""
        self.owed.append(owed)

    def expect_server(self, now_ms: int) -> None:
        """Note that the server will start a response by itself (voice activity with `create_response`)."""
        self.server_owes_until_ms = now_ms + SERVER_OWES_MS

    def is_server_due(self, now_ms: int) -> bool:
        """Whether the server's own response is still to be expected."""
        return self.server_owes_until_ms is not None and now_ms < self.server_owes_until_ms

    def note_in_context(self, call_id: str) -> None:
        """Note that the server took in a function result."""
        self._in_context.add(call_id)

    def ask(self, now_ms: int, *, quiet: bool) -> None:
        """Ask for what is owed, if it is time; `quiet` says that the caller hears nothing of the agent."""
        serves = self._choose(now_ms, quiet=quiet)
        if not serves or not self.is_idle or self.is_server_due(now_ms):
            return
        response: JsonObject = {"metadata": {TAG: serves[0].kind}}
        if serves[0].instructions is not None:
            response |= {"instructions": serves[0].instructions, "tool_choice": "none"}
        self.owed = [owed for owed in self.owed if owed not in serves]
        event_id = self._outbox.send(ResponseCreate(response))
        self.requested = Requested(event_id, serves, now_ms)

    def note_created(self, response: JsonObject, now_ms: int) -> Active:
        """A response of the default conversation began: ours, or the server's own."""
        withdrawn = False
        if self.requested is not None and TAG in (response.get("metadata") or {}):
            serves, withdrawn = self.requested.serves, self.requested.withdrawn
            self.requested = None
        else:
            serves = [owed for owed in self.owed if self._is_settled_by_server(owed)]
            self.owed = [owed for owed in self.owed if owed not in serves]
            self.server_owes_until_ms = None
        self.active = Active(str(response.get("id")), serves, now_ms, silenced=withdrawn)
        return self.active

    def note_done(self, response: JsonObject, now_ms: int) -> Active | None:
        """A response ended. Returns it if it was the active one; what a failure left unsaid is owed again."""
        active = self.active
        if active is None or active.response_id != response.get("id"):
            return None
        self.active = None
        if response.get("status") == "failed":
            self._owe_again(active.serves or [Owed("turn")], now_ms)
        return active

    def note_refused(self, event_id: str, now_ms: int, *, occupied: bool) -> None:
        """Our `response.create` was refused. `occupied`: another response is active, so ours just waits."""
        if self.requested is None or self.requested.event_id != event_id:
            return
        serves = [] if self.requested.withdrawn else self.requested.serves
        self.requested = None
        if occupied:
            self.owed = serves + self.owed
        else:
            self._owe_again(serves, now_ms)

    def drop_stalled(self, now_ms: int, stall_ms: int) -> str | None:
        """Give up on a response from which nothing has come for too long; returns what it was."""
        limit = now_ms - stall_ms
        if self.active is not None and self.active.last_event_ms <= limit:
            stalled, self.active = self.active.response_id, None
            return stalled
        if self.requested is not None and self.requested.since_ms <= limit:
            stalled, self.requested = self.requested.event_id, None
            return stalled
        return None

    def deadlines_ms(self, now_ms: int, stall_ms: int) -> list[int]:
        """The times at which something of this has to be looked at again."""
        times = [owed.not_before_ms for owed in self.owed if owed.not_before_ms > now_ms]
        if self.active is not None:
            times.append(self.active.last_event_ms + stall_ms)
        if self.requested is not None:
            times.append(self.requested.since_ms + stall_ms)
        if self.server_owes_until_ms is not None and self.server_owes_until_ms > now_ms:
            times.append(self.server_owes_until_ms)
        return times

    def _choose(self, now_ms: int, *, quiet: bool) -> list[Owed]:
        ready = [
            owed for owed in self.owed if owed.not_before_ms <= now_ms and (quiet or owed.kind == "turn")
        ]
        if not ready:
            return []
        if ready[0].instructions is not None:
            return ready[:1]
        # one free answer serves everything that can be answered freely
        return [owed for owed in ready if owed.instructions is None]

    def _is_settled_by_server(self, owed: Owed) -> bool:
        return owed.kind == "turn" or (owed.kind == "results" and owed.call_ids <= self._in_context)

    def _owe_again(self, serves: list[Owed], now_ms: int) -> None:
        for owed in serves:
            owed.tries += 1
            owed.not_before_ms = now_ms + RETRY_AFTER_MS
        self.owed = [owed for owed in serves if owed.tries < MOST_TRIES] + self.owed
