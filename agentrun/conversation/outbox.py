"""The commands that one input leads to, and the memory of which event an error belongs to."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict

from agentrun.conversation.commands import Command, Send, Tell
from agentrun.conversation.reports import Report
from agentrun.wire.client import ClientEvent, InputAudioBufferAppend, ResponseCreate
from agentrun.wire.json import JsonObject

KIND_KEY = "agentrun"
REQUEST_KEY = "agentrun_request"
"""Keys of a response's metadata, which the server echoes: what it is for, which request it answers."""

_REMEMBERED = 256


class Outbox:
    """Collects commands in order. Events other than audio get an `event_id`, so errors find their cause."""

    def __init__(self) -> None:
        self._commands: list[Command] = []
        self._sent: OrderedDict[str, ClientEvent] = OrderedDict()
        self._count = 0

    def put(self, command: Command) -> None:
        """Add a command."""
        self._commands.append(command)

    def tell(self, report: Report) -> None:
        """Add a report."""
        self._commands.append(Tell(report))

    def send_audio(self, audio: bytes) -> None:
        """Pass caller audio on; frames carry no id: nothing on this path may cost more than it must."""
        self._commands.append(Send(InputAudioBufferAppend(audio)))

    def send(self, event: ClientEvent) -> str:
        """Add an event and return the id that was given to it."""
        self._count += 1
        event_id = f"agentrun_{self._count}"
        event = dataclasses.replace(event, event_id=event_id)
        self._sent[event_id] = event
        if len(self._sent) > _REMEMBERED:
            self._sent.popitem(last=False)
        self._commands.append(Send(event))
        return event_id

    def request(self, kind: str, response: JsonObject) -> str:
        """Ask for a response that will be known again by its metadata; returns the id of the request."""
        metadata = {KIND_KEY: kind, REQUEST_KEY: f"agentrun_{self._count + 1}"}
        return self.send(ResponseCreate(response | {"metadata": metadata}))

    def cause_of(self, event_id: str) -> ClientEvent | None:
        """Return the event that we sent under this id, if it is remembered."""
        return self._sent.get(event_id)

    def take(self) -> list[Command]:
        """Return what was collected and start anew."""
        commands, self._commands = self._commands, []
        return commands
