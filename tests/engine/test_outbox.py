"""Ids of events."""

from __future__ import annotations

from typing import cast

from agentrun.engine.ids import Ids
from agentrun.engine.outbox import Outbox
from agentrun.wire import ServerEvent, dump_event, server


def test_every_event_has_an_id_but_pressed_keys() -> None:
    outbox = Outbox(Ids(1))
    outbox.send(server.InputAudioBufferCleared())
    outbox.send(server.InputAudioBufferCleared())
    outbox.send(server.InputAudioBufferDtmfEventReceived("5", 1_790_000_000))
    first, second, key = (dump_event(cast(ServerEvent, event)) for event in outbox.take())
    assert first["event_id"] != second["event_id"]
    assert key == {
        "type": "input_audio_buffer.dtmf_event_received",
        "event": "5",
        "received_at": 1_790_000_000,
    }
    assert outbox.take() == []
