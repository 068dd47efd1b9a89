"""The engine's core: one Realtime session as a value machine, without I/O and without a clock.

`handle` takes what happens (an event of the client, an answer of a part) and returns what follows: server
events for the client and commands for the shell, in order. `effects` shows the way of one turn. The same core
serves a socket in real time (`server`) and a rehearsal in virtual time (`local`).

Source of the behaviour: https://platform.openai.com/docs/guides/realtime-conversations and the references of
client and server events. A refused event changes nothing, is answered by one `error` and never closes the
session.
"""

from __future__ import annotations

import datetime
from typing import TypeAlias, assert_never

from agentrun.audio import AudioFormat
from agentrun.engine.answering import Answering
from agentrun.engine.checks import refuse
from agentrun.engine.editing import Editing
from agentrun.engine.effects import (
    Close,
    Heard,
    HostedToolReturned,
    HostedToolsListed,
    Input,
    Output,
    Overheard,
    Produced,
    ProducedEnd,
    Spoken,
    SpokenEnd,
    Wake,
)
from agentrun.engine.frames import parse_payload
from agentrun.engine.hosting.desk import Hosting
from agentrun.engine.hosting.values import USUAL_LIMITS, HostingLimits
from agentrun.engine.ids import Ids
from agentrun.engine.items import Item
from agentrun.engine.leniency import MOST_DROPPED, drop_member
from agentrun.engine.listening import Listening
from agentrun.engine.options import USUAL_OPTIONS, SessionOptions
from agentrun.engine.outbox import Outbox
from agentrun.engine.presets import begin_settings
from agentrun.engine.settings import render_session, update_settings
from agentrun.engine.speech.turns import SpeechStarted, SpeechStopped
from agentrun.engine.state import SessionState
from agentrun.engine.transcription import update_transcription_settings
from agentrun.errors import RemoteProtocolError
from agentrun.wire import ClientEvent, client, decode_json, dump_event, server
from agentrun.wire.json import JsonObject

SESSION_LIMIT_MS = 60 * 60 * 1000
MAX_EVENT_ID_LENGTH = 512

Frame: TypeAlias = str | JsonObject
"""What a client sends, as text or as parsed JSON."""

_INPUTS = (
    SpeechStarted,
    SpeechStopped,
    Heard,
    Overheard,
    Produced,
    ProducedEnd,
    Spoken,
    SpokenEnd,
    HostedToolsListed,
    HostedToolReturned,
    Wake,
)


_ANSWERING_EVENTS = (client.ResponseCreate, client.ResponseCancel, client.OutputAudioBufferClear)


def _find_event_id(payload: JsonObject | ClientEvent) -> str | None:
    """Return the id by which a client will know an error, if it gave one that may be."""
    given = payload.get("event_id") if isinstance(payload, dict) else payload.event_id
    return given if isinstance(given, str) and len(given) <= MAX_EVENT_ID_LENGTH else None


class Core:
    """One session.

    Args:
        model: what the client asked for; any name is accepted; None leaves it to the preset.
        ids: source of ids and padding.
        epoch: wall-clock time at which `now_ms` is 0, with its time zone.
        session_limit_ms: when the session is closed.
        hosting: how long MCP servers may take.
        preset: settings to begin with, as in a `session.update`; with the type `transcription` the session
            only writes down what is said.
        options: what the operator decides.

    Raises:
        RemoteProtocolError: something in the preset is not allowed.

    """

    def __init__(
        self,
        model: str | None,
        ids: Ids,
        epoch: datetime.datetime,
        *,
        session_limit_ms: int = SESSION_LIMIT_MS,
        hosting: HostingLimits = USUAL_LIMITS,
        preset: JsonObject | None = None,
        options: SessionOptions = USUAL_OPTIONS,
    ) -> None:
        expires_at = int(epoch.timestamp()) + session_limit_ms // 1000
        settings = begin_settings(ids.make("sess"), model, expires_at, preset)
        self._state = SessionState(settings, ids, Outbox(ids), ids.make("conv"), epoch, options=options)
        self._listening = Listening(self._state)
        self._hosting = Hosting(self._state, hosting, self._take_hosted_item)
        self._answering = Answering(self._state, self._hosting)
        self._editing = Editing(self._state, self._listening, self._hosting, self._answering)
        self._session_limit_ms = session_limit_ms
        self._idle_at_ms: int | None = None
        self._closed = False

    @property
    def deadline_ms(self) -> int | None:
        """When the shell must call back with `Wake` at the latest; None once the session is closed."""
        if self._closed:
            return None
        deadlines = (self._idle_at_ms, self._hosting.deadline_ms, self._session_limit_ms)
        return min(one for one in deadlines if one is not None)

    @property
    def input_format(self) -> AudioFormat:
        """Format of the sound that the session hears."""
        return self._state.input_format

    @property
    def interrupts(self) -> bool:
        """Whether a caller who begins to speak interrupts the model."""
        detection = self._state.turn_detection
        return detection is not None and bool(detection.get("interrupt_response"))

    def start(self, now_ms: int) -> list[Output]:
        """Open the session: `session.created`, and listening begins. Called once, before `handle`."""
        self._state.now_ms = now_ms
        self._state.outbox.send(server.SessionCreated(render_session(self._state.settings)))
        self._listening.listen()
        self._listening.expect()
        self._hosting.take_tools(self._state.settings.get("tools", ()))
        return self._state.outbox.take()

    def handle(self, event: Frame | ClientEvent | Input, now_ms: int) -> list[Output]:
        """Take one thing that happened and return what follows from it.

        Args:
            event: a frame of the client, an event already parsed, or an answer of a part.
            now_ms: time since `epoch`; never goes back.

        """
        if self._closed:
            return []
        self._state.now_ms = now_ms
        if isinstance(event, _INPUTS):
            self._take_input(event)
        else:
            self._take_frame(event)
        if not isinstance(
            event, client.InputAudioBufferAppend
        ):  # fifty a second, and nothing waits for sound
            self._settle()
        return self._state.outbox.take()

    def _settle(self) -> None:
        """Do what follows from any change: ask for responses that waited, restart the idle clock."""
        self._answering.ask_waiting()
        for response in self._answering.sweep():
            if response.settings.conversation_id is not None:
                self._arm_idle(response.sound_ms)

    # Client events

    def _take_frame(self, event: Frame | ClientEvent) -> None:
        event_id = None
        try:
            payload = decode_json(event) if isinstance(event, str) else event
            event_id = _find_event_id(payload)
            self._obey_payload(payload)
        except RemoteProtocolError as refusal:
            self._state.outbox.refuse(refusal, event_id)

    def _obey_payload(self, payload: JsonObject | ClientEvent) -> None:
        """Obey an event; a lenient session drops what the API does not know, and tries again."""
        for _ in range(MOST_DROPPED if self._state.options.lenient else 0):
            try:
                self._obey(self._parse(payload))
            except RemoteProtocolError as refusal:
                shown = payload if isinstance(payload, dict) else dump_event(payload)
                less = drop_member(shown, refusal.param or "")
                if refusal.code != "unknown_parameter" or less is None:
                    raise
                payload = less
            else:
                return
        self._obey(self._parse(payload))

    def _parse(self, payload: JsonObject | ClientEvent) -> ClientEvent:
        event = parse_payload(payload) if isinstance(payload, dict) else payload
        if self._state.transcribes_only and isinstance(event, _ANSWERING_EVENTS):
            message = f"'{event.type}' is not supported in a transcription session."
            refuse(message, "invalid_value", "type")
        return event

    def _obey(self, event: ClientEvent) -> None:
        match event:
            case client.InputAudioBufferAppend():
                self._listening.append(event.audio)
            case client.SessionUpdate():
                self._update(event.session)
            case client.InputAudioBufferCommit():
                self._listening.commit()
                self._idle_at_ms = None
            case client.InputAudioBufferClear():
                self._listening.clear()
            case client.OutputAudioBufferClear():
                message = "The output audio buffer can be cleared on WebRTC and SIP connections only."
                refuse(message, "invalid_value", "type")
            case client.ConversationItemCreate():
                self._editing.create(event)
                self._restart_idle()
            case client.ConversationItemRetrieve():
                self._editing.retrieve(event.item_id)
            case client.ConversationItemTruncate():
                self._editing.truncate(event)
            case client.ConversationItemDelete():
                self._editing.delete(event.item_id)
            case client.ResponseCreate():
                self._answering.create(event.response)
                self._idle_at_ms = None
            case client.ResponseCancel():
                self._answering.cancel(event.response_id, "client_cancelled")
            case _:
                assert_never(event)

    def _update(self, patch: JsonObject) -> None:
        state = self._state
        before = state.settings
        state.settings = self._merge(patch)
        state.outbox.send(server.SessionUpdated(render_session(state.settings)))
        if any(before.get(key) != state.settings.get(key) for key in ("instructions", "tools", "audio")):
            self._listening.expect()
        old, new = before["audio"]["input"], state.settings["audio"]["input"]
        if (old["turn_detection"], old["format"]) != (new["turn_detection"], new["format"]):
            self._listening.listen()
            self._rearm_idle(old["turn_detection"])
        if "tools" in patch:
            self._hosting.take_tools(state.settings["tools"])

    def _merge(self, patch: JsonObject) -> JsonObject:
        state = self._state
        if state.transcribes_only:
            return update_transcription_settings(state.settings, patch)
        active = self._answering.active
        spoke = self._answering.spoke or (active is not None and active.sound_ms > 0)
        return update_settings(state.settings, patch, spoke=spoke, known=state.catalogue.definitions)

    def _take_hosted_item(self, item: Item) -> None:
        """Put the tools of an MCP server into the conversation; callers may talk about them from now on."""
        self._listening.announce(item, after=None)
        self._listening.expect()

    # Answers of the parts

    def _take_input(self, event: Input) -> None:
        match event:
            case SpeechStarted():
                self._start_speech(event.audio_start_ms)
            case SpeechStopped():
                self._stop_speech(event.audio_end_ms)
            case Heard():
                self._listening.hear(event)
            case Overheard():
                self._listening.overhear(event.text)
            case Wake():
                self._wake()
            case Produced() | ProducedEnd() | Spoken() | SpokenEnd():
                self._feed_response(event)
            case HostedToolsListed() | HostedToolReturned():
                self._hosting.take_input(event)
            case _:
                assert_never(event)

    def _feed_response(self, event: Produced | ProducedEnd | Spoken | SpokenEnd) -> None:
        response = self._answering.find(event.response_id)
        if response is None:
            return
        match event:
            case Produced():
                response.add_move(event.move)
            case ProducedEnd():
                response.end_moves(event.failure)
            case Spoken():
                response.add_sound(event.item_id, event.pcm24k, event.chars)
            case SpokenEnd():
                response.end_sound(event.item_id)

    def _start_speech(self, audio_start_ms: int) -> None:
        detection = self._state.turn_detection
        if detection is None:
            return
        self._idle_at_ms = None
        self._listening.start_speech(audio_start_ms)
        active = self._answering.active
        if detection.get("interrupt_response") and active is not None:
            active.cancel("turn_detected")
            self._answering.sweep()  # without the idle clock: the caller is speaking

    def _stop_speech(self, audio_end_ms: int) -> None:
        detection = self._state.turn_detection or {}
        try:
            item = self._listening.stop_speech(audio_end_ms)
        except RemoteProtocolError as refusal:  # the conversation is full
            self._state.outbox.refuse(refusal, None)
            return
        if item is not None and detection.get("create_response"):
            self._respond()

    def _respond(self) -> None:
        """Start the response to a turn; where one is still running, the service says so and drops it."""
        try:
            self._answering.create(None)
        except RemoteProtocolError as refusal:
            self._state.outbox.refuse(refusal, None)

    # Time

    def _wake(self) -> None:
        now_ms = self._state.now_ms
        if now_ms >= self._session_limit_ms:
            self._close()
            return
        self._hosting.expire()
        if self._idle_at_ms is not None and now_ms >= self._idle_at_ms:
            self._idle_at_ms = None
            try:
                self._listening.commit_silence(self._idle_timeout_ms or 0)
            except RemoteProtocolError as refusal:  # the conversation is full
                self._state.outbox.refuse(refusal, None)
            else:
                self._respond()

    def _close(self) -> None:
        minutes = self._session_limit_ms // 60_000
        reason = f"Your session hit the maximum duration of {minutes} minutes."
        self._state.outbox.command(Close(1001, reason))
        self._closed = True

    @property
    def _idle_timeout_ms(self) -> int | None:
        return (self._state.turn_detection or {}).get("idle_timeout_ms")

    def _arm_idle(self, playing_ms: int) -> None:
        """Start the idle clock: it runs from the end of playback, and not while the caller speaks."""
        timeout_ms = self._idle_timeout_ms
        running = self._answering.active is not None or self._listening.speaking_item_id is not None
        idle = timeout_ms is not None and not running
        self._idle_at_ms = self._state.now_ms + playing_ms + (timeout_ms or 0) if idle else None

    def _restart_idle(self) -> None:
        """Begin to wait afresh, if the clock was running."""
        if self._idle_at_ms is not None:
            self._arm_idle(0)

    def _rearm_idle(self, before: JsonObject | None) -> None:
        """Follow a change of the timeout; a clock that was not running stays so until a response ends."""
        if self._idle_timeout_ms is None:
            self._idle_at_ms = None
        elif self._idle_at_ms is not None and (before or {}).get("idle_timeout_ms") != self._idle_timeout_ms:
            self._arm_idle(0)
