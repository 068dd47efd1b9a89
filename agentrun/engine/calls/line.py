"""A session whose sound goes over a line: a core with a playback before it. Pure, as the core is.

What is different from a session on a WebSocket: no event carries sound, in either direction; the events
`output_audio_buffer.*` tell what the caller hears; and at a barge-in the engine itself clears what was queued
and truncates at what was heard, since nobody else knows.

Source: https://platform.openai.com/docs/guides/realtime-conversations and the reference of server events. The
order of the events of a barge-in is not documented; here it is `cleared`, `truncated`, then the end of the
response, if it was still being made.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from agentrun.audio import AudioFormat
from agentrun.engine.calls.medium import CallIds, Medium
from agentrun.engine.calls.playback import Cut, Notice, Playback
from agentrun.engine.checks import refuse
from agentrun.engine.core import Core, Frame
from agentrun.engine.effects import Input, Output
from agentrun.engine.frames import parse_frame, parse_payload
from agentrun.engine.outbox import Outbox
from agentrun.engine.speech.turns import SpeechStarted
from agentrun.errors import RemoteProtocolError
from agentrun.wire import ClientEvent, client, server

_NO_APPEND = "The audio of a WebRTC or SIP call comes over its line and cannot be appended."


class Line:
    """One call's session; stands where a `Core` would.

    Args:
        core: the session, in the medium's format, not started yet.
        medium: how the caller is connected.
        ids: those of the core.

    """

    def __init__(self, core: Core, medium: Medium, ids: CallIds) -> None:
        self._core = core
        self._medium = medium
        self._ids = ids
        self._outbox = Outbox(ids)
        self._playback = Playback(medium.format)
        self._apart: set[str] = set()

    @property
    def format(self) -> AudioFormat:
        """Of the sound in both directions."""
        return self._medium.format

    @property
    def deadline_ms(self) -> int | None:
        """When the shell must call back with `Wake`; None once the session is closed."""
        return self._core.deadline_ms

    def start(self, now_ms: int) -> list[Output]:
        """Open the session."""
        return self._core.start(now_ms)

    def handle(self, event: Frame | ClientEvent | Input, now_ms: int) -> list[Output]:
        """Take one thing that happened.

        Args:
            event: as text or JSON, what a client sent; parsed, what came over the line (`append`), or an
                answer of a part.
            now_ms: the time, which never goes back.

        """
        if isinstance(event, (str, dict)):
            return self._take_frame(event, now_ms)
        if isinstance(event, SpeechStarted) and self._core.interrupts:
            told = self._cut(self._playback.clear(keep=self._apart), now_ms)
            outputs = self._ask(event, now_ms)
            return [*outputs[:1], *told, *outputs[1:]]
        return self._ask(event, now_ms)

    def pull(self, duration_ms: int) -> tuple[bytes, list[Output]]:
        """Return the next sound for the caller, and what is to be told about it."""
        sound, notices = self._playback.pull(duration_ms)
        return sound, self._tell(notices)

    def press(self, key: str, at_s: int) -> list[Output]:
        """Take a key of the caller's telephone; `at_s` is Unix time."""
        return [server.InputAudioBufferDtmfEventReceived(key, at_s)]  # without an id, as at the service

    def _take_frame(self, frame: Frame, now_ms: int) -> list[Output]:
        try:
            event = parse_frame(frame) if isinstance(frame, str) else parse_payload(frame)
        except RemoteProtocolError:
            return self._ask(frame, now_ms)  # the core words the error
        try:
            return self._obey(event, now_ms)
        except RemoteProtocolError as refusal:
            self._outbox.refuse(refusal, event.event_id)
            return self._outbox.take()

    def _obey(self, event: ClientEvent, now_ms: int) -> list[Output]:
        if isinstance(event, client.InputAudioBufferAppend):
            refuse(_NO_APPEND, "invalid_value", "type")
        match event:
            case client.OutputAudioBufferClear():
                return self._cut(self._playback.clear(), now_ms)
            case client.SessionUpdate():
                session = self._medium.fit(event.session)
                return self._ask(dataclasses.replace(event, session=session), now_ms)
            case client.ResponseCreate() if event.response is not None:
                response = self._medium.fit(event.response)
                return self._ask(dataclasses.replace(event, response=response), now_ms)
            case _:
                return self._ask(event, now_ms)

    def _ask(self, event: Frame | ClientEvent | Input, now_ms: int) -> list[Output]:
        """Hand something to the core; take the sound out of what follows, and add what the caller hears."""
        kept: list[Output] = []
        over: list[str] = []
        for output in self._core.handle(event, now_ms):
            match output:
                case server.ResponseOutputAudioDelta():
                    self._playback.add(output.response_id, output.item_id, output.delta)
                    continue
                case server.ResponseCreated():
                    if output.response["conversation_id"] is None:
                        self._apart.add(output.response["id"])
                case server.ResponseDone():
                    over.append(output.response["id"])
            kept.append(output)
        for response_id in over:  # after `rate_limits.updated`, which comes with the end of the response
            kept += self._tell(self._playback.finish(response_id))
        return kept

    def _cut(self, cuts: Iterable[Cut], now_ms: int) -> list[Output]:
        """Say what was dropped, and take out of the conversation what the caller has not heard."""
        told: list[Output] = []
        for response_id in dict.fromkeys(cut.response_id for cut in cuts):
            told.append(server.OutputAudioBufferCleared(response_id, self._ids.make_playback_event()))
        for cut in cuts:
            truncate = client.ConversationItemTruncate(cut.item_id, 0, cut.heard_ms)
            # what was said out of band, or deleted since, is in no conversation: there is nothing to cut
            told += [it for it in self._core.handle(truncate, now_ms) if not isinstance(it, server.Error)]
        return told

    def _tell(self, notices: Iterable[Notice]) -> list[Output]:
        told: list[Output] = []
        for notice in notices:
            event_id = self._ids.make_playback_event()
            if notice.kind == "started":
                told.append(server.OutputAudioBufferStarted(notice.response_id, event_id))
            else:
                self._apart.discard(notice.response_id)
                told.append(server.OutputAudioBufferStopped(notice.response_id, event_id))
        return told
