"""A conversation under test, and short words for what the server does to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

from agentrun.conversation.commands import Command, Send, Tell
from agentrun.conversation.inputs import Input, LinkUp
from agentrun.conversation.machine import Conversation
from agentrun.plan import CallPlan
from agentrun.wire import client, server
from agentrun.wire.json import JsonObject
from tests.conversation.plans import MS

T = TypeVar("T")


def pick(commands: list[Command], kind: type[T]) -> list[T]:
    """The events that are sent, the reports that are told, or the commands, of one class."""
    parts = [getattr(each, "event", getattr(each, "report", each)) for each in commands]
    return [part for part in parts if isinstance(part, kind)]


def render(command: Command) -> str:
    """One short line for a command, so that a table of them can be read."""
    match command:
        case Send(client.ResponseCreate() as event):
            return f"create {(event.response or {})['metadata']['agentrun']}"
        case Send(client.ResponseCancel() as event):
            return f"cancel {event.response_id}"
        case Send(client.ConversationItemTruncate() as event):
            return f"truncate {event.item_id} {event.audio_end_ms}"
        case Send(client.ConversationItemCreate() as event):
            item = event.item
            of = item.get("call_id") or item.get("approval_request_id") or item["content"][0]["type"]
            return f"item {of}"
        case Send():
            return f"send {command.event.type}"
        case Tell():
            return f"tell {command.report.event}"
        case _:
            of = getattr(command, "item_id", None) or getattr(command, "call_id", None)
            return " ".join(filter(None, (type(command).__name__, of)))


@dataclass
class Rig:
    """Feeds a conversation; every method returns the commands of the last input, rendered."""

    plan: CallPlan
    now_ms: int = 0
    commands: list[Command] = field(default_factory=list)
    last: list[Command] = field(default_factory=list)
    inputs: list[Input] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.conversation = Conversation(self.plan, "call_1")

    @classmethod
    def live(cls, plan: CallPlan) -> Rig:
        """A call whose session is set up."""
        rig = cls(plan)
        rig.take(LinkUp())
        rig.take(server.SessionUpdated(plan.session))
        return rig

    def take(self, event: Input, after_ms: int = 0) -> list[str]:
        """Feed one input."""
        self.now_ms += after_ms
        self.inputs.append(event)
        self.last = self.conversation.handle(event, self.now_ms)
        self.commands += self.last
        return [render(command) for command in self.last]

    def pick(self, kind: type[T]) -> list[T]:
        """From everything that was commanded so far."""
        return pick(self.commands, kind)

    # -- the server ----------------------------------------------------------------------------------------

    def created(self, response_id: str = "resp_1", *, own: bool = False) -> list[str]:
        """A response begins: the last that we asked for, or (`own`) one of the server's own."""
        requests = [event for event in self.pick(client.ResponseCreate) if event.response]
        metadata = None if own or not requests else (requests[-1].response or {})["metadata"]
        return self.take(server.ResponseCreated({"id": response_id, "metadata": metadata}))

    def says(
        self, words: str, ms: int = 0, response_id: str = "resp_1", item_id: str = "item_1"
    ) -> list[str]:
        """The model speaks: words, and that many milliseconds of sound."""
        head = (response_id, item_id, 0, 0)
        rendered = self.take(server.ResponseOutputAudioTranscriptDelta(*head, words))
        return rendered + (self.take(server.ResponseOutputAudioDelta(*head, MS * ms)) if ms else [])

    def writes(self, words: str, response_id: str = "resp_1", item_id: str = "item_1") -> list[str]:
        """The model writes."""
        return self.take(server.ResponseOutputTextDelta(response_id, item_id, 0, 0, words))

    def item_done(self, item: JsonObject, response_id: str = "resp_1") -> list[str]:
        """An item of a response is complete."""
        return self.take(server.ResponseOutputItemDone(response_id, 0, item))

    def calls(
        self,
        call_id: str = "call_1",
        name: str = "lookup",
        response_id: str = "resp_1",
        arguments: str = "{}",
    ) -> list[str]:
        """The model calls a function."""
        item = {"type": "function_call", "name": name, "call_id": call_id, "arguments": arguments}
        return self.item_done(item, response_id)

    def done(self, response_id: str = "resp_1", status: str = "completed", **rest: Any) -> list[str]:
        """A response ends; its metadata are those with which it began."""
        created = [event.response for event in self.inputs if isinstance(event, server.ResponseCreated)]
        metadata = next((each["metadata"] for each in created if each["id"] == response_id), None)
        response = {"id": response_id, "status": status, "metadata": metadata, **rest}
        return self.take(server.ResponseDone(response))

    def speech_started(self, after_ms: int = 0) -> list[str]:
        return self.take(server.InputAudioBufferSpeechStarted(0, "item_u"), after_ms)

    def speech_stopped(self, after_ms: int = 0) -> list[str]:
        rendered = self.take(server.InputAudioBufferSpeechStopped(0, "item_u"), after_ms)
        return rendered + self.take(server.InputAudioBufferCommitted(None, "item_u"))

    def error(self, code: str, event_id: str | None = None) -> list[str]:
        return self.take(server.Error({"type": "t", "code": code, "message": "no", "event_id": event_id}))

    def request_id(self) -> str | None:
        """The id of our last `response.create`."""
        return self.pick(client.ResponseCreate)[-1].event_id
