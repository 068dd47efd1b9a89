"""A session whose parts answer at once, and which lets no event pass that the official types refuse."""

from __future__ import annotations

import base64
import datetime
import json
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, cast

from agentrun.engine.core import Core
from agentrun.engine.effects import (
    Close,
    Expect,
    Generate,
    Heard,
    Input,
    Listen,
    Output,
    Produced,
    ProducedEnd,
    Speak,
    Spoken,
    SpokenEnd,
    Stop,
    Transcribe,
)
from agentrun.engine.ids import Ids
from agentrun.engine.options import USUAL_OPTIONS, SessionOptions
from agentrun.engine.outbox import COMMANDS
from agentrun.engine.seams import Move
from agentrun.wire import ServerEvent, encode_event
from agentrun.wire.json import JsonObject
from tests.engine.official import check_event

EPOCH = datetime.datetime(2026, 11, 21, 9, 0, tzinfo=datetime.UTC)
MS_PER_CHAR = 50


def check_official(event: ServerEvent) -> JsonObject:
    """Check an event as official clients read it, and return it as JSON."""
    payload = cast(JsonObject, json.loads(encode_event(event)))
    check_event(payload)
    return payload


class Session:
    """A core with a script for a mind.

    Attributes:
        events: everything sent to the client so far, as JSON.
        held: orders that are not answered yet, because `hold` names their class.

    """

    def __init__(
        self,
        script: Iterable[Sequence[Move]] = (),
        *,
        model: str = "gpt-realtime-2.1",
        transcripts: Iterable[str] = (),
        hold: tuple[type, ...] = (),
        limit_ms: int = 3_600_000,
        text: bool = False,
        preset: JsonObject | None = None,
        options: SessionOptions = USUAL_OPTIONS,
    ) -> None:
        named = None if preset else model
        self.core = Core(named, Ids(7), EPOCH, session_limit_ms=limit_ms, preset=preset, options=options)
        self.script = deque(script)
        self.transcripts = deque(transcripts)
        self.hold = hold
        self.held: list[Output] = []
        self.events: list[JsonObject] = []
        self.listens: list[Listen] = []
        self.expected: list[Expect] = []
        self.prompts: list[Any] = []
        self.transcribed: list[Transcribe] = []
        self.spoken: list[Speak] = []
        self.stopped: list[str] = []
        self.closed: Close | None = None
        self.now_ms = 0
        self._take(self.core.start(0))
        if text:
            self.update(output_modalities=["text"])

    def send(self, kind: str, **members: Any) -> list[JsonObject]:
        """Send a client event and return what it brought."""
        return self.put({"type": kind, **members})

    def put(self, event: Any) -> list[JsonObject]:
        """Hand anything to the core, answer its orders, return the events."""
        before = len(self.events)
        self._take(self.core.handle(event, self.now_ms))
        return self.events[before:]

    def update(self, **members: Any) -> list[JsonObject]:
        """Send a `session.update`."""
        return self.send("session.update", session={"type": "realtime", **members})

    def say(self, text: str, **members: Any) -> list[JsonObject]:
        """Create a user text item."""
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        return self.send("conversation.item.create", item={**item, **members})

    def answer(self) -> list[JsonObject]:
        """Answer the orders that were held."""
        before, orders = len(self.events), self.held
        self.held, self.hold = [], ()
        for order in orders:
            self._obey(order)
        return self.events[before:]

    def _take(self, outputs: Sequence[Output]) -> None:
        for output in outputs:
            if not isinstance(output, COMMANDS):
                self.events.append(check_official(output))
        for output in outputs:
            if isinstance(output, self.hold):
                self.held.append(output)
            elif isinstance(output, COMMANDS):
                self._obey(output)

    def _obey(self, order: Output) -> None:
        match order:
            case Generate():
                self.prompts.append(order.prompt)
                moves = self.script.popleft() if self.script else ()
                for move in moves:
                    self._feed(Produced(order.response_id, move))
                self._feed(ProducedEnd(order.response_id))
            case Speak():
                self.spoken.append(order)
                for word_end in range(10, len(order.text) + 10, 10):
                    chars = min(word_end, len(order.text))
                    pcm = b"\1\0" * 24 * MS_PER_CHAR * (chars - word_end + 10)
                    self._feed(Spoken(order.response_id, order.item_id, pcm, chars))
                self._feed(SpokenEnd(order.response_id, order.item_id))
            case Transcribe():
                self.transcribed.append(order)
                self._feed(Heard(order.item_id, self.transcripts.popleft() if self.transcripts else ""))
            case Listen():
                self.listens.append(order)
            case Expect():
                self.expected.append(order)
            case Stop():
                self.stopped.append(order.response_id)
            case Close():
                self.closed = order

    def _feed(self, event: Input) -> None:
        self._take(self.core.handle(event, self.now_ms))


def names(events: Iterable[JsonObject]) -> list[str]:
    """Return the event types, repeated deltas of one kind as one."""
    types: list[str] = []
    for event in events:
        if not (types and types[-1] == event["type"] and event["type"].endswith(".delta")):
            types.append(event["type"])
    return types


def last(events: Sequence[JsonObject], kind: str) -> JsonObject:
    """Return the last event of a type."""
    return [event for event in events if event["type"] == kind][-1]


def error_of(events: Sequence[JsonObject]) -> JsonObject:
    """Return the one error that the events consist of."""
    assert [event["type"] for event in events] == ["error"], events
    error: JsonObject = events[0]["error"]
    return error


def append(session: Session, duration_ms: int) -> list[JsonObject]:
    """Append sound in the usual format."""
    audio = base64.b64encode(b"\2\0" * 24 * duration_ms).decode()
    return session.send("input_audio_buffer.append", audio=audio)
