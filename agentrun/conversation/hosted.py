"""Tools of MCP servers that the provider calls: what they are approved for, and what comes of them.

The provider runs such a call by itself, but it never goes on by itself: when the response is over and every
call of it has ended, the agent owes the caller what came of them. A call may end long after its response.
A request for approval is answered like a call that needs the caller's consent (`consent`): denied with the
order to ask, and approved when the model asks for the very same again after the caller had a turn.
Source: https://platform.openai.com/docs/guides/realtime-mcp.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from agentrun.conversation.consent import ASK_FIRST, Consent
from agentrun.conversation.generation import Generation, Owed
from agentrun.conversation.outbox import Outbox
from agentrun.conversation.reading import read_object, read_text
from agentrun.conversation.reports import ErrorReported, ToolCalled, ToolReturned
from agentrun.outcome import OutcomeName
from agentrun.wire.client import ConversationItemCreate
from agentrun.wire.json import JsonObject, JsonValue

CALL_LIMIT_MS = 120_000
"""A call that has not ended by then is told as unknown: the provider has forgotten it."""


@dataclass(slots=True)
class _HostedCall:
    """A call that the provider makes. `since_ms` is set when it runs; `request` is what was approved."""

    tool: str
    arguments: str = ""
    request: str = ""
    since_ms: int | None = None


class HostedDesk:
    """The books on tools that the provider runs."""

    def __init__(self, outbox: Outbox, generation: Generation, consent: Consent) -> None:
        self._outbox = outbox
        self._generation = generation
        self._consent = consent
        self._labels: dict[str, str] = {}
        self._calls: dict[str, _HostedCall] = {}
        self._running: dict[str, int] = {}
        self._requests: dict[str, JsonObject] = {}
        self._decided: set[str] = set()
        self._owes = False

    @property
    def is_idle(self) -> bool:
        """Whether no call runs, none waits for approval, and nothing of them is still to be told."""
        return not self._running and not self._requests and not self._owes

    @property
    def deadline_ms(self) -> int | None:
        """When a running call is given up."""
        return min((since_ms + CALL_LIMIT_MS for since_ms in self._running.values()), default=None)

    def take_item(self, item: JsonObject, now_ms: int) -> None:
        """Look at an item that was added, or is final; each may be announced in more than one way."""
        item_id = read_text(item, "id")
        match item.get("type"):
            case "mcp_list_tools":
                self._labels[item_id] = read_text(item, "server_label")
            case "mcp_call":
                self._take_call(item_id, item, now_ms)
            case "mcp_approval_request" if item_id not in self._decided and read_text(item, "arguments"):
                self._requests[item_id] = item

    def note_arguments(self, item_id: str, arguments: str) -> None:
        """The arguments of a call are written."""
        if item_id in self._calls:
            self._calls[item_id].arguments = arguments

    def note_running(self, item_id: str, now_ms: int) -> None:
        """The provider calls the server."""
        call = self._calls.setdefault(item_id, _HostedCall("mcp"))
        self._running.pop(call.request, None)
        if call.since_ms is None:
            call.since_ms = self._running[item_id] = now_ms
            self._outbox.tell(ToolCalled(call.tool, _parse(call.arguments), item_id))

    def note_ended(self, item_id: str) -> None:
        """A call ended; what came of it stands in its item."""
        self._owes |= self._running.pop(item_id, None) is not None

    def note_unlisted(self, item_id: str) -> None:
        """The tools of a server could not be listed."""
        label = self._labels.get(item_id, "")
        message = f"the model cannot use the tools of the MCP server `{label}`: they could not be listed"
        hint = "is its address reachable from where the model runs, and does it take the credentials?"
        self._outbox.tell(ErrorReported("mcp_server_unavailable", message, hint=hint))

    def settle(self, now_ms: int) -> None:
        """Give up what was forgotten; once the response is over, decide what waits, and owe the results."""
        for item_id, since_ms in list(self._running.items()):
            if since_ms + CALL_LIMIT_MS <= now_ms:
                self.note_ended(item_id)
                message = "The provider has not said what came of the call."
                if item_id in self._calls:  # else it was approved, and the provider never began
                    self._report(item_id, now_ms, "unknown", None, message)
        if self._generation.active is not None:
            return
        requests, self._requests = self._requests, {}
        for item_id, item in requests.items():
            self._decide(item_id, item, now_ms)
        if self._owes and not self._running:
            self._owes = False
            self._generation.owe(Owed("results"))

    def _take_call(self, item_id: str, item: JsonObject, now_ms: int) -> None:
        arguments = read_text(item, "arguments")
        call = self._calls.setdefault(item_id, _HostedCall(_name(item), arguments))
        call.arguments = arguments or call.arguments
        call.request = read_text(item, "approval_request_id")
        error = read_object(item, "error")
        output = item.get("output")
        if error or isinstance(output, str):
            self.note_ended(item_id)
            self.note_ended(call.request)
            self._report(item_id, now_ms, _judge(error), output, read_text(error, "message"))

    def _report(
        self, item_id: str, now_ms: int, outcome: OutcomeName, result: JsonValue, message: str
    ) -> None:
        call = self._calls[item_id]
        if call.since_ms is not None:  # else it never ran, or has been reported
            duration_ms, call.since_ms = now_ms - call.since_ms, None
            self._outbox.tell(ToolReturned(call.tool, item_id, outcome, result, message, duration_ms))

    def _decide(self, item_id: str, item: JsonObject, now_ms: int) -> None:
        self._decided.add(item_id)
        approved = self._consent.take(_name(item), read_text(item, "arguments"))
        answer: JsonObject = {
            "id": f"mcpa_{len(self._decided)}",
            "type": "mcp_approval_response",
            "approval_request_id": item_id,
            "approve": approved,
        }
        self._outbox.send(ConversationItemCreate(answer if approved else {**answer, "reason": ASK_FIRST}))
        if approved:
            self._running[item_id] = now_ms  # until the provider begins
        else:
            self._owes = True


def _name(item: JsonObject) -> str:
    return f"{read_text(item, 'server_label')}_{read_text(item, 'name')}"


def _judge(error: JsonObject) -> OutcomeName:
    """Return what is certain: a tool that says so has failed; a server that breaks down has said nothing."""
    code = error.get("code")
    if not error:
        return "ok"
    refused = error.get("type") == "http_error" and isinstance(code, int) and 400 <= code < 500
    return "failed" if error.get("type") == "tool_execution_error" or refused else "unknown"


def _parse(arguments: str) -> JsonValue:
    try:
        return json.loads(arguments) if arguments else {}
    except (ValueError, RecursionError):
        return arguments
