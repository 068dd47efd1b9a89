from __future__ import annotations

from agentrun.conversation.commands import Clear, Send, Tell
from agentrun.conversation.outbox import Outbox
from agentrun.conversation.reports import CallerSaid
from agentrun.wire.client import InputAudioBufferAppend, ResponseCancel, ResponseCreate


def test_commands_come_out_in_order_and_once() -> None:
    outbox = Outbox()
    outbox.put(Clear())
    outbox.tell(CallerSaid("item_1", "Hi."))
    outbox.send_audio(b"\1")
    assert outbox.take() == [Clear(), Tell(CallerSaid("item_1", "Hi.")), Send(InputAudioBufferAppend(b"\1"))]
    assert outbox.take() == []


def test_a_request_is_known_by_its_metadata_and_its_errors_by_their_event() -> None:
    outbox = Outbox()
    event_id = outbox.request("turn", {"tool_choice": "none"})
    metadata = {"agentrun": "turn", "agentrun_request": event_id}
    event = ResponseCreate({"tool_choice": "none", "metadata": metadata}, event_id)
    assert outbox.take() == [Send(event)]
    assert outbox.cause_of(event_id) == event
    assert outbox.cause_of("") is None


def test_old_events_are_forgotten() -> None:
    outbox = Outbox()
    ids = [outbox.send(ResponseCancel()) for _ in range(300)]
    assert outbox.cause_of(ids[0]) is None
    assert outbox.cause_of(ids[-1]) is not None
