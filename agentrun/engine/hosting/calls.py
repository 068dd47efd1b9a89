"""The calls of hosted tools: which wait for the client's approval, which run, and how each ends."""

from __future__ import annotations

from dataclasses import dataclass

from agentrun.engine.checks import refuse
from agentrun.engine.effects import HostedToolReturned, RunHostedTool, StopHosted
from agentrun.engine.hosting.outputs import ApprovalRequestItem, HostedCallItem
from agentrun.engine.hosting.values import TIMED_OUT, HostedError
from agentrun.engine.items import Item
from agentrun.engine.state import SessionState
from agentrun.wire.json import JsonObject

MAX_RUNNING = 32
"""How many calls of one session run at a time; more fail at once."""


@dataclass(frozen=True, slots=True)
class _Running:
    call: HostedCallItem
    deadline_ms: int


class HostedCalls:
    """The hosted calls of one session.

    Args:
        state: of the session.
        limit_ms: how long a call may take.

    """

    def __init__(self, state: SessionState, limit_ms: int) -> None:
        self._state = state
        self._limit_ms = limit_ms
        self._running: dict[str, _Running] = {}
        self._undecided: dict[str, ApprovalRequestItem] = {}

    @property
    def deadline_ms(self) -> int | None:
        """When the next call has taken too long."""
        return min((one.deadline_ms for one in self._running.values()), default=None)

    def find_item(self, item_id: str) -> Item | None:
        """Return the item of a running call, also of one outside the conversation."""
        running = self._running.get(item_id)
        return None if running is None else running.call.item

    def start(self, call: HostedCallItem) -> None:
        """Have a call run."""
        call.show_running()
        if len(self._running) >= MAX_RUNNING:
            message = f"More than {MAX_RUNNING} calls are running; this one was not started."
            call.end("", HostedError("tool_execution_error", message))
            return
        self._running[call.item.id] = _Running(call, self._state.now_ms + self._limit_ms)
        offer = call.offer
        order = RunHostedTool(call.item.id, offer.server, offer.tool, call.arguments)
        self._state.outbox.command(order)

    def await_decision(self, request: ApprovalRequestItem) -> None:
        """Keep a request until the client decides."""
        self._undecided[request.item.id] = request

    def check_decision(self, response: JsonObject) -> None:
        """Refuse an `mcp_approval_response` that answers no open request.

        Raises:
            RemoteProtocolError: nothing is waiting under its `approval_request_id`.

        """
        request_id = response["approval_request_id"]
        if request_id not in self._undecided:
            message = f"No approval request with id '{request_id}' is waiting for a decision."
            refuse(message, "invalid_value", "item.approval_request_id")

    def decide(self, response: JsonObject) -> None:
        """Act on an `mcp_approval_response` that was checked and announced."""
        request = self._undecided.pop(response["approval_request_id"])
        if response["approve"]:
            call = HostedCallItem(request.place, request.offer, request.arguments, self, request.item.id)
            call.start_approved()

    def forget(self, item_id: str) -> None:
        """Drop a request that the client deleted, undecided."""
        self._undecided.pop(item_id, None)

    def note_returned(self, returned: HostedToolReturned) -> None:
        """Take what came of a call."""
        running = self._running.pop(returned.item_id, None)
        if running is not None:
            running.call.end(returned.output, returned.error)

    def expire(self) -> None:
        """Give up the calls that have taken too long."""
        late = [item_id for item_id, one in self._running.items() if one.deadline_ms <= self._state.now_ms]
        for item_id in late:
            self._state.outbox.command(StopHosted(item_id))
            message = f"The tool did not answer within {self._limit_ms / 1000:g} seconds."
            error = HostedError("protocol_error", message, TIMED_OUT)
            self.note_returned(HostedToolReturned(item_id, "", error))
