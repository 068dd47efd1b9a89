"""A model server for tests: legal in every step, arbitrary in what it chooses to do.

It keeps the protocol (order of events, one response at a time, errors for what is refused) and lets the test
choose, by a number for each step, what the model says and when each event is produced.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from agentrun.wire import client, server
from agentrun.wire.client import ClientEvent
from agentrun.wire.json import JsonObject
from agentrun.wire.server import ServerEvent

SOUND_MS = 300
BYTES_PER_MS = 48


@dataclass
class _Running:
    response: JsonObject
    steps: Iterator[ServerEvent]
    open_item: JsonObject | None = None


@dataclass
class ModelServer:
    """Holds one session.

    Attributes:
        sent: what the client has sent and the server has not read yet.
        out: what the server has said and the client has not read yet.
        answers: how often each function call was answered.

    """

    text_only: bool
    creates_responses: bool
    interrupts: bool
    sent: deque[ClientEvent] = field(default_factory=deque)
    out: deque[ServerEvent] = field(default_factory=deque)
    answers: dict[str, int] = field(default_factory=dict)
    calls: set[str] = field(default_factory=set)
    audio_ms: dict[str, int] = field(default_factory=dict)
    active: _Running | None = None
    asides: dict[str, _Running] = field(default_factory=dict)
    speaking: bool = False
    _count: int = 0

    @property
    def is_at_rest(self) -> bool:
        return not (self.sent or self.out or self.active or self.asides)

    def step(self, choice: int) -> None:
        """Read one event of the client, or let the model go on."""
        running = [*([self.active] if self.active else []), *self.asides.values()]
        if self.sent and (not running or choice % 2 == 0):
            self._read(self.sent.popleft(), choice // 2)
        elif running:
            self._go_on(running[choice // 2 % len(running)])

    def start_speaking(self) -> None:
        """Hear the caller begin."""
        self.speaking = True
        self.out.append(server.InputAudioBufferSpeechStarted(0, self._new_id("item")))
        if self.interrupts and self.active:
            self._close(self.active, "cancelled", "turn_detected")

    def stop_speaking(self, choice: int) -> None:
        """Hear the caller stop; answer if the session wants it."""
        self.speaking = False
        item_id = self._new_id("item")
        self.out.append(server.InputAudioBufferSpeechStopped(0, item_id))
        self.out.append(server.InputAudioBufferCommitted(None, item_id))
        self._add({"id": item_id, "type": "message", "role": "user"})
        if not self.creates_responses:
            return
        if self.active:
            self._refuse("conversation_already_has_active_response", None)
        else:
            self._start({}, choice)

    def _read(self, event: ClientEvent, choice: int) -> None:
        match event:
            case client.SessionUpdate():
                self.out.append(server.SessionUpdated(event.session))
            case client.ConversationItemCreate():
                if event.item["type"] == "function_call_output":
                    call_id = event.item["call_id"]
                    assert call_id in self.calls, "an answer to a call that the model never made"
                    self.answers[call_id] = self.answers.get(call_id, 0) + 1
                self._add({"id": self._new_id("item")} | event.item)
            case client.ResponseCreate():
                self._create(event, choice)
            case client.ResponseCancel():
                self._cancel(event)
            case client.ConversationItemTruncate():
                assert event.audio_end_ms <= self.audio_ms[event.item_id], "truncated beyond the audio"

    def _create(self, event: client.ResponseCreate, choice: int) -> None:
        request = event.response or {}
        if choice % 12 == 11:
            self._refuse("server_error", event.event_id)
        elif self.active and request.get("conversation") != "none":
            self._refuse("conversation_already_has_active_response", event.event_id)
        else:
            self._start(request, choice)

    def _cancel(self, event: client.ResponseCancel) -> None:
        for running in [self.active, *self.asides.values()]:
            if running and running.response["id"] == event.response_id:
                self._close(running, "cancelled", "client_cancelled")
                return
        self._refuse("response_cancel_not_active", event.event_id)

    def _start(self, request: JsonObject, choice: int) -> None:
        aside = request.get("conversation") == "none"
        response = {"id": self._new_id("resp"), "status": "in_progress", "metadata": request.get("metadata")}
        running = _Running(response, iter(()))
        may_call = request.get("tool_choice") != "none"
        running.steps = self._generate(running, choice if may_call else choice % 4)
        if aside:
            self.asides[str(response["id"])] = running
        else:
            self.active = running
        self.out.append(server.ResponseCreated(dict(response)))

    def _generate(self, running: _Running, choice: int) -> Iterator[ServerEvent]:
        what = choice % 10
        if what == 3:
            running.response["status"] = "failed"
            return
        if what in (0, 1, 2, 5, 8):
            yield from self._say(running)
        if what in (2, 8):
            running.response["status"] = "incomplete"
        if what in (4, 5, 8):
            yield from self._call(running, "lookup")
        if what == 6:
            yield from self._call(running, "lookup")
            yield from self._call(running, "book")
        if what == 7:
            yield from self._call(running, "nonsense" if choice % 4 else "hang_up")
        if what == 9:
            yield from self._call(running, "lookup", call_id="" if choice % 4 else "call_again")

    def _say(self, running: _Running) -> Iterator[ServerEvent]:
        response_id = running.response["id"]
        item: JsonObject = {"id": self._new_id("item"), "type": "message", "role": "assistant"}
        yield from self._open(running, item)
        for word in ("Right ", "away, ", "sir."):
            if self.text_only:
                yield server.ResponseOutputTextDelta(response_id, item["id"], 0, 0, word)
                continue
            yield server.ResponseOutputAudioTranscriptDelta(response_id, item["id"], 0, 0, word)
            self.audio_ms[item["id"]] = self.audio_ms.get(item["id"], 0) + SOUND_MS
            audio = bytes(SOUND_MS * BYTES_PER_MS)
            yield server.ResponseOutputAudioDelta(response_id, item["id"], 0, 0, audio)
        yield from self._finish_item(running, "completed")

    def _call(self, running: _Running, name: str, call_id: str | None = None) -> Iterator[ServerEvent]:
        call_id = self._new_id("call") if call_id is None else call_id
        item_id = self._new_id("item")
        item = {"id": item_id, "type": "function_call", "name": name, "call_id": call_id}
        self.calls.add(call_id)
        arguments = ('{"n": 1}', '{"n": 2}', '{"n":2.0}', '{"n": 3}')[self._count % 4]
        yield from self._open(running, item)
        yield server.ResponseFunctionCallArgumentsDelta(
            running.response["id"], item_id, 0, call_id, arguments
        )
        item["arguments"] = arguments
        yield from self._finish_item(running, "completed")

    def _open(self, running: _Running, item: JsonObject) -> Iterator[ServerEvent]:
        running.open_item = item
        yield server.ResponseOutputItemAdded(running.response["id"], 0, {**item, "status": "in_progress"})
        if running is self.active:
            yield server.ConversationItemAdded(None, {**item, "status": "in_progress"})

    def _finish_item(self, running: _Running, status: str) -> Iterator[ServerEvent]:
        item, running.open_item = running.open_item, None
        assert item is not None
        item["status"] = status
        if running is self.active:
            yield server.ConversationItemDone(None, item)
        yield server.ResponseOutputItemDone(running.response["id"], 0, item)

    def _go_on(self, running: _Running) -> None:
        event = next(running.steps, None)
        if event is not None:
            self.out.append(event)
            return
        status = running.response["status"]
        self._close(running, "completed" if status == "in_progress" else status, "")

    def _close(self, running: _Running, status: str, reason: str) -> None:
        if running.open_item is not None:
            self.out.extend(list(self._finish_item(running, "incomplete")))
        usage = {"total_tokens": 3}
        details = {"type": status, "reason": reason}
        self.out.append(
            server.ResponseDone(
                running.response | {"status": status, "status_details": details, "usage": usage}
            )
        )
        self.asides.pop(running.response["id"], None)
        if self.active is running:
            self.active = None

    def _add(self, item: JsonObject) -> None:
        self.out.append(server.ConversationItemAdded(None, item))
        self.out.append(server.ConversationItemDone(None, item))

    def _refuse(self, code: str, event_id: str | None) -> None:
        self.out.append(server.Error({"type": "invalid_request_error", "code": code, "event_id": event_id}))

    def _new_id(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}_{self._count}"
