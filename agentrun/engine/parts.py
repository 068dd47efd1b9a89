"""The output items of one response, each a small state machine between `added` and `done`.

What opens is closed: `open` and `close` of an item are each called exactly once, whatever happens between.
Events of the conversation (`conversation.item.*`) come only where the item belongs to one.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Literal, Protocol

from agentrun.engine.history import History
from agentrun.engine.items import Item
from agentrun.engine.outbox import Outbox
from agentrun.engine.seams import Call
from agentrun.engine.usage import BYTES_PER_TOKEN, Tokens, estimate_text_tokens
from agentrun.wire import server
from agentrun.wire.json import JsonObject

ItemStatus = Literal["completed", "incomplete"]

_ARGUMENT_DELTA = re.compile(r".{1,24}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an output item stands.

    Attributes:
        history: the conversation it is written to, or None out of band.
        budget_tokens: how much it may hold.

    """

    response_id: str
    output_index: int
    outbox: Outbox
    history: History | None
    budget_tokens: float = math.inf


class OutputItem(Protocol):
    """What a response knows of its items.

    Attributes:
        complete: whether nothing more will be written into it.
        exhausted: whether it had to stop because the response may not be longer.

    """

    item: Item
    complete: bool
    exhausted: bool

    @property
    def tokens(self) -> Tokens:
        """What was written so far."""

    def open(self) -> None:
        """Announce it and start."""

    def close(self, status: ItemStatus) -> None:
        """Finish every open part and the item."""


class ItemFrame:
    """The outer events that all items share: `added` when they start, `done` when they end."""

    def __init__(self, place: Place, item: Item) -> None:
        self.place = place
        self.item = item
        self.complete = False
        self.exhausted = False
        self._previous_id: str | None = None

    def _announce(self) -> None:
        out, place = self.place.outbox, self.place
        out.send(server.ResponseOutputItemAdded(place.response_id, place.output_index, self.item.show()))
        if place.history is not None:
            self._previous_id = place.history.append(self.item)
            out.send(server.ConversationItemAdded(self._previous_id, self.item.show()))

    def _finish(self, status: ItemStatus) -> None:
        out, place = self.place.outbox, self.place
        if "status" in self.item.wire:  # calls of MCP servers have none
            self.item.wire["status"] = status
        if place.history is not None:
            # The service says null here when the item before is the very first one; `added` told the truth.
            quirk = self._previous_id == place.history.first_id
            out.send(server.ConversationItemDone(None if quirk else self._previous_id, self.item.show()))
        out.send(server.ResponseOutputItemDone(place.response_id, place.output_index, self.item.show()))


class CallItem(ItemFrame):
    """A call of any kind: arguments that arrive in pieces; complete as soon as it is open.

    Where the response may not be long enough for them, the arguments are cut off and are no JSON any more.
    """

    def __init__(self, place: Place, wire: JsonObject, arguments: JsonObject) -> None:
        super().__init__(place, Item({**wire, "arguments": ""}))
        self._arguments = json.dumps(arguments, ensure_ascii=False)

    @property
    def tokens(self) -> Tokens:
        """Name and arguments."""
        return Tokens(text=estimate_text_tokens(self.item.wire["name"] + self.item.wire["arguments"]))

    def open(self) -> None:
        """Announce the call and write its arguments, as far as the budget goes."""
        self._announce()
        written = 0
        left_bytes = self.place.budget_tokens * BYTES_PER_TOKEN - len(self.item.wire["name"].encode("utf-8"))
        for delta in _ARGUMENT_DELTA.findall(self._arguments):
            left_bytes -= len(delta.encode("utf-8", "replace"))
            if left_bytes < 0:
                self.exhausted = True
                break
            self._send_delta(delta)
            written += len(delta)
        self.item.wire["arguments"] = self._arguments[:written]
        self.complete = not self.exhausted

    def close(self, status: ItemStatus) -> None:
        """End the arguments and the item."""
        self._send_done()
        self._finish(status)

    def _send_delta(self, delta: str) -> None:
        raise NotImplementedError

    def _send_done(self) -> None:
        raise NotImplementedError


class FunctionCallItem(CallItem):
    """A call that the client answers."""

    def __init__(self, place: Place, call: Call) -> None:
        ids = place.outbox.ids
        wire: JsonObject = {
            "id": ids.make("item"),
            "type": "function_call",
            "status": "in_progress",
            "name": call.name,
            "call_id": ids.make("call"),
        }
        super().__init__(place, wire, call.arguments)

    def _send_delta(self, delta: str) -> None:
        place, padding = self.place, self.place.outbox.ids.make_padding()
        place.outbox.send(
            server.ResponseFunctionCallArgumentsDelta(
                place.response_id, self.item.id, place.output_index, self.item.wire["call_id"], delta, padding
            )
        )

    def _send_done(self) -> None:
        place, wire = self.place, self.item.wire
        place.outbox.send(
            server.ResponseFunctionCallArgumentsDone(
                place.response_id,
                self.item.id,
                place.output_index,
                wire["call_id"],
                wire["name"],
                wire["arguments"],
            )
        )
