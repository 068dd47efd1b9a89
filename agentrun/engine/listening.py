"""The caller's side: the input buffer, the turns found in it, and what they say."""

from __future__ import annotations

from agentrun.engine.buffer import InputBuffer
from agentrun.engine.checks import refuse
from agentrun.engine.effects import Expect, Heard, Listen, Transcribe
from agentrun.engine.items import Item, check_samples
from agentrun.engine.state import SessionState
from agentrun.engine.transcripts import tell_early, tell_transcript
from agentrun.wire import server
from agentrun.wire.json import JsonObject

MAX_APPEND_BYTES = 15 * 1024 * 1024
_LEAST_COMMIT_MS = 100
_SILENCE_NOTE = (
    "The caller has not said anything for a while. Judge from the recorded audio whether anybody is there: "
    "follow up on what was said last, or ask whether the caller is still there."
)


class Listening:
    """Turns appended audio into user items.

    Attributes:
        speaking_item_id: id that the turn under way will have, or None while nobody speaks.

    """

    def __init__(self, state: SessionState) -> None:
        self._state = state
        self._buffer = InputBuffer(state.input_format)
        self._speech_start_ms = 0
        self.speaking_item_id: str | None = None
        self._told: dict[str, str] = {}  # words that deltas have said, by the id of the item

    def listen(self) -> None:
        """Have detection start afresh, with the settings in force."""
        state = self._state
        self._told.pop(self.speaking_item_id or "", None)
        self.speaking_item_id = None
        if state.input_format != self._buffer.format:
            self._buffer.change_format(state.input_format)
        state.outbox.command(Listen(state.turn_detection, self._buffer.format, self._buffer.end_ms))

    def expect(self) -> None:
        """Have the recogniser prepare for what this session is about."""
        state = self._state
        instructions = state.settings.get("instructions", "")
        state.outbox.command(Expect(instructions, state.offered_tools, state.language))

    def append(self, audio: bytes) -> None:
        """Buffer audio.

        Raises:
            RemoteProtocolError: it is too much at once, or ends in the middle of a sample.

        """
        check_samples(audio, self._buffer.format, "audio")
        if len(audio) > MAX_APPEND_BYTES:
            refuse("Invalid 'audio': expected at most 15 MiB in one event.", "invalid_value", "audio")
        self._buffer.append(audio)

    def clear(self) -> None:
        """Drop what is buffered, and the turn under way."""
        self._buffer.clear()
        self.listen()
        self._state.outbox.send(server.InputAudioBufferCleared())

    def start_speech(self, audio_start_ms: int) -> None:
        """Announce a turn; its item gets its id now."""
        self._speech_start_ms = audio_start_ms
        self.speaking_item_id = self._state.ids.make("item")
        self._state.outbox.send(server.InputAudioBufferSpeechStarted(audio_start_ms, self.speaking_item_id))

    def stop_speech(self, audio_end_ms: int) -> Item | None:
        """Commit the turn that ends; None if none was under way (it was committed or cleared meanwhile).

        Raises:
            RemoteProtocolError: the conversation is full.

        """
        item_id, self.speaking_item_id = self.speaking_item_id, None
        if item_id is None:
            return None
        self._state.outbox.send(server.InputAudioBufferSpeechStopped(audio_end_ms, item_id))
        return self._commit(item_id, self._buffer.cut(self._speech_start_ms, audio_end_ms))

    def commit(self) -> Item:
        """Commit all that is buffered, as the client wishes.

        Raises:
            RemoteProtocolError: there is less than 100 ms, or the conversation is full.

        """
        held_ms = self._buffer.held_ms
        if held_ms < _LEAST_COMMIT_MS:
            message = (
                "Error committing input audio buffer: buffer too small. Expected at least "
                f"{_LEAST_COMMIT_MS}ms of audio, but buffer only has {held_ms:.2f}ms of audio."
            )
            refuse(message, "input_audio_buffer_commit_empty", None)
        item_id = self.speaking_item_id or self._state.ids.make("item")
        item = self._commit(item_id, self._buffer.cut(self._buffer.start_ms, self._buffer.end_ms))
        self.speaking_item_id = None  # the turn is not dropped but over
        self.listen()
        return item

    def commit_silence(self, since_ms: int) -> Item:
        """Commit the silence of an idle caller, after a note to the model about it."""
        state = self._state
        state.history.check_room()
        end_ms = self._buffer.end_ms
        start_ms = max(self._buffer.start_ms, end_ms - since_ms)
        item_id = state.ids.make("item")
        state.outbox.send(server.InputAudioBufferTimeoutTriggered(start_ms, end_ms, item_id))
        part = {"type": "input_text", "text": _SILENCE_NOTE}
        note = {"type": "message", "status": "completed", "role": "system", "content": [part]}
        self.announce(state.make_item(note), after=None)
        return self._commit(item_id, self._buffer.cut(start_ms, end_ms))

    def announce(self, item: Item, after: str | None) -> None:
        """Put a finished item into the conversation."""
        outbox = self._state.outbox
        previous = self._state.history.insert(item, after)
        outbox.send(server.ConversationItemAdded(previous, item.show()))
        outbox.send(server.ConversationItemDone(previous, item.show()))
        if item.unclear:
            self._ask(item)

    def overhear(self, text: str) -> None:
        """Take what the recogniser has understood of the turn under way."""
        item_id, state = self.speaking_item_id, self._state
        if item_id is None or state.transcription is None:
            return
        told = self._told.get(item_id, "")
        include = state.settings["include"]
        deltas = list(tell_early(item_id, text, told, state.transcription, include, state.ids))
        for event in deltas:
            state.outbox.send(event)
        if deltas:
            self._told[item_id] = text

    def hear(self, heard: Heard) -> None:
        """Take what the recogniser understood."""
        told = self._told.pop(heard.item_id, "")
        item = self._state.history.find(heard.item_id)
        if item is None or not item.unclear:
            return
        item.unclear = False
        self._state.history.settle(item)
        item.unsure = not heard.confident
        item.set_transcript(heard.text)
        state = self._state
        if state.transcription is not None:
            include = state.settings["include"]
            for event in tell_transcript(item, heard, state.transcription, include, state.ids, told):
                state.outbox.send(event)

    def _commit(self, item_id: str, audio: bytes) -> Item:
        self._state.history.check_room()
        part = {"type": "input_audio", "transcript": None}
        wire: JsonObject = {
            "id": item_id,
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": [part],
        }
        fmt = self._buffer.format
        item = Item(wire, fmt, [audio], fmt.to_ms(len(audio)), unclear=True)
        self._state.outbox.send(server.InputAudioBufferCommitted(self._state.history.last_id, item_id))
        self.announce(item, after=None)
        return item

    def _ask(self, item: Item) -> None:
        self._state.outbox.command(Transcribe(item.id, b"".join(item.pieces), item.format))
