"""The output items of hosted tools: a call, and the request that a call be approved.

A call runs on after its response is over. So its last events (`response.mcp_call.completed` or `.failed`,
`conversation.item.done`, `response.output_item.done`) may come after `response.done`.
"""

from __future__ import annotations

from typing import Protocol

from agentrun.engine.hosting.toolbox import Offer
from agentrun.engine.hosting.values import HostedError
from agentrun.engine.parts import CallItem, ItemStatus, Place
from agentrun.wire import server
from agentrun.wire.json import JsonObject


class CallDesk(Protocol):
    """Where calls go once their arguments are written; `calls.HostedCalls` is one."""

    def start(self, call: HostedCallItem) -> None:
        """Have a call run."""

    def await_decision(self, request: ApprovalRequestItem) -> None:
        """Keep a request until the client decides."""


class _HostedItem(CallItem):
    """What a call and a request share: how their arguments are written."""

    def __init__(self, place: Place, wire: JsonObject, offer: Offer, arguments: JsonObject) -> None:
        super().__init__(place, wire, arguments)
        self.offer = offer
        self.arguments = arguments

    def _send_delta(self, delta: str) -> None:
        place, padding = self.place, self.place.outbox.ids.make_padding()
        place.outbox.send(
            server.ResponseMcpCallArgumentsDelta(
                place.response_id, self.item.id, place.output_index, delta, padding
            )
        )

    def _send_done(self) -> None:
        place, arguments = self.place, self.item.wire["arguments"]
        place.outbox.send(
            server.ResponseMcpCallArgumentsDone(
                place.response_id, self.item.id, place.output_index, arguments
            )
        )


class HostedCallItem(_HostedItem):
    """A call of a hosted tool."""

    def __init__(
        self,
        place: Place,
        offer: Offer,
        arguments: JsonObject,
        desk: CallDesk,
        approval_request_id: str | None = None,
    ) -> None:
        wire: JsonObject = {
            "id": place.outbox.ids.make("mcp"),
            "type": "mcp_call",
            "server_label": offer.server.label,
            "name": offer.tool,
            "approval_request_id": approval_request_id,
            "output": None,
            "error": None,
        }
        super().__init__(place, wire, offer, arguments)
        self._desk = desk

    def start_approved(self) -> None:
        """Announce a call whose arguments were written with the request for it, and have it run."""
        self.item.wire["arguments"] = self._arguments
        self.complete = True
        self._announce()
        self._desk.start(self)

    def close(self, status: ItemStatus) -> None:
        """End the arguments, and have the call run; a call of a response that was broken off never runs."""
        self._send_done()
        if status == "completed":
            self._desk.start(self)
            return
        error = HostedError("tool_execution_error", "The response was broken off before the call was made.")
        self.item.wire["error"] = error.to_wire()
        self._finish(status)

    def show_running(self) -> None:
        """Say that the server has been asked."""
        self.place.outbox.send(server.ResponseMcpCallInProgress(self.item.id, self.place.output_index))

    def end(self, output: str, error: HostedError | None) -> None:
        """Say what came of the call, and end the item."""
        place, wire = self.place, self.item.wire
        if error is None:
            wire["output"] = output
            place.outbox.send(server.ResponseMcpCallCompleted(self.item.id, place.output_index))
        else:
            wire["error"] = error.to_wire()
            place.outbox.send(server.ResponseMcpCallFailed(self.item.id, place.output_index))
        self._finish("completed")


class ApprovalRequestItem(_HostedItem):
    """The question to the client whether a call may be made."""

    def __init__(self, place: Place, offer: Offer, arguments: JsonObject, desk: CallDesk) -> None:
        wire: JsonObject = {
            "id": place.outbox.ids.make("mcpr"),
            "type": "mcp_approval_request",
            "server_label": offer.server.label,
            "name": offer.tool,
        }
        super().__init__(place, wire, offer, arguments)
        self._desk = desk

    def close(self, status: ItemStatus) -> None:
        """End the arguments and the item; with whole arguments it can be decided even if more was wanted."""
        super().close(status)
        if self.complete:
            self._desk.await_decision(self)
