"""What the core has to say, in order, each event with an id of its own."""

from __future__ import annotations

from dataclasses import replace

from agentrun.engine.effects import (
    Close,
    Command,
    Expect,
    Generate,
    Listen,
    ListHostedTools,
    Output,
    RunHostedTool,
    Speak,
    Stop,
    StopHosted,
    Transcribe,
)
from agentrun.engine.ids import Ids
from agentrun.errors import RemoteProtocolError
from agentrun.wire import ServerEvent, server
from agentrun.wire.json import JsonObject

COMMANDS = (
    Listen,
    Expect,
    Transcribe,
    Generate,
    Speak,
    Stop,
    ListHostedTools,
    RunHostedTool,
    StopHosted,
    Close,
)
"""The command classes, to tell commands from events."""


def render_error(refusal: RemoteProtocolError, client_event_id: str | None = None) -> JsonObject:
    """Return the `error` member of an `error` event."""
    return {
        "type": "invalid_request_error",
        "code": refusal.code,
        "message": str(refusal),
        "param": refusal.param,
        "event_id": client_event_id,
    }


class Outbox:
    """Collects outputs until the shell takes them."""

    def __init__(self, ids: Ids) -> None:
        self.ids = ids
        self._outputs: list[Output] = []

    def send(self, event: ServerEvent) -> None:
        """Queue an event for the client and give it its id; the service gives none to pressed keys."""
        keys = isinstance(event, server.InputAudioBufferDtmfEventReceived)
        self._outputs.append(event if keys else replace(event, event_id=self.ids.make("event")))

    def refuse(self, refusal: RemoteProtocolError, client_event_id: str | None) -> None:
        """Queue the `error` event for a refusal."""
        self.send(server.Error(render_error(refusal, client_event_id)))

    def command(self, command: Command) -> None:
        """Queue a command for the shell."""
        self._outputs.append(command)

    @property
    def newest(self) -> Output:
        """Return what was queued last; something must have been since `take`."""
        return self._outputs[-1]

    def take(self) -> list[Output]:
        """Return what has been queued and start afresh."""
        outputs, self._outputs = self._outputs, []
        return outputs
