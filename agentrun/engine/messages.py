"""Assistant messages, written and spoken, as output items."""

from __future__ import annotations

import re
from typing import Literal

from agentrun.audio import PCM_24K, AudioFormat
from agentrun.engine.items import Item
from agentrun.engine.parts import ItemFrame, ItemStatus, Place
from agentrun.engine.seams import Say
from agentrun.engine.sentences import find_sentence_end
from agentrun.engine.sound import SoundEncoder
from agentrun.engine.usage import Tokens, count_output_audio_tokens, estimate_text_tokens
from agentrun.wire import server
from agentrun.wire.json import JsonObject

_LOOKAHEAD_CHARS = 60
_DELTA = re.compile(r"\s*\S+\s*|\s+")


class _MessageItem(ItemFrame):
    """What written and spoken messages share."""

    part_key: Literal["text", "transcript"]
    content_type: Literal["output_text", "output_audio"]
    part_type: Literal["text", "audio"]

    def __init__(self, place: Place, say: Say, *, phases: bool) -> None:
        wire: JsonObject = {
            "id": place.outbox.ids.make("item"),
            "type": "message",
            "status": "in_progress",
            "role": "assistant",
            "content": [],
        }
        if phases and say.phase is not None:
            wire["phase"] = say.phase
        super().__init__(place, Item(wire))
        self.text = say.text
        self.growing = say.growing
        self.written = 0  # characters sent

    @property
    def words(self) -> str:
        """The words sent so far."""
        return self.text[: self.written]

    def _open_part(self) -> None:
        self._announce()
        part = {"type": self.part_type, self.part_key: ""}
        self.place.outbox.send(
            server.ResponseContentPartAdded(
                self.place.response_id, self.item.id, self.place.output_index, 0, part
            )
        )
        self._keep()

    def _next_delta(self) -> str:
        match = _DELTA.match(self.text, self.written)
        return match.group() if match else ""

    def _keep(self) -> None:
        """Let the item hold what was sent, so that it can be retrieved at any time."""
        self.item.wire["content"] = [{"type": self.content_type, self.part_key: self.words}]

    def _close_part(self, status: ItemStatus) -> None:
        part = {"type": self.part_type, self.part_key: self.words}
        self.place.outbox.send(
            server.ResponseContentPartDone(
                self.place.response_id, self.item.id, self.place.output_index, 0, part
            )
        )
        if self.item.heard is None:
            self._keep()
        self._finish(status)


class TextItem(_MessageItem):
    """A written message."""

    part_key = "text"
    content_type = "output_text"
    part_type = "text"

    def __init__(self, place: Place, say: Say, *, phases: bool, budget_tokens: float) -> None:
        super().__init__(place, say, phases=phases)
        self._budget_tokens = budget_tokens
        self.exhausted = False

    @property
    def tokens(self) -> Tokens:
        """The words sent."""
        return Tokens(text=estimate_text_tokens(self.words))

    def open(self) -> None:
        """Announce the message and write it, as far as the budget goes."""
        self._open_part()
        self._write_all()
        self.complete = not (self.growing or self.exhausted)

    def add_words(self, text: str) -> None:
        """Write what a growing message goes on with."""
        self.text += text
        self._write_all()

    def end_words(self) -> None:
        """Take the end of a growing message."""
        self.growing = False
        self.complete = not self.exhausted

    def _write_all(self) -> None:
        while delta := self._next_delta():
            if estimate_text_tokens(self.words + delta) > self._budget_tokens:
                self.exhausted = True
                return
            self._write(delta)
        self._keep()

    def _write(self, delta: str) -> None:
        out = self.place.outbox
        self.written += len(delta)
        out.send(
            server.ResponseOutputTextDelta(
                self.place.response_id,
                self.item.id,
                self.place.output_index,
                0,
                delta,
                out.ids.make_padding(),
            )
        )

    def close(self, status: ItemStatus) -> None:
        """End the text, the part and the item."""
        self.place.outbox.send(
            server.ResponseOutputTextDone(
                self.place.response_id, self.item.id, self.place.output_index, 0, self.words
            )
        )
        self._close_part(status)


class SpokenItem(_MessageItem):
    """A spoken message: its transcript runs a little ahead of its sound.

    The voice takes it utterance by utterance: a message that is known as a whole is one, a growing one is
    taken sentence by sentence, as they come.
    """

    part_key = "transcript"
    content_type = "output_audio"
    part_type = "audio"

    def __init__(
        self, place: Place, say: Say, *, phases: bool, fmt: AudioFormat, budget_tokens: float
    ) -> None:
        super().__init__(place, say, phases=phases)
        self.item.format = fmt
        self._encoder = SoundEncoder(fmt)
        self._budget_tokens = budget_tokens
        self._marks: list[tuple[int, int]] = []  # (milliseconds, characters spoken by then)
        self._fed_bytes = 0
        self._sent_bytes = 0
        self._begun = 0  # characters of the utterances before the one that is being spoken
        self._taken = 0  # characters that the voice has taken
        self._speaking = False
        self._grew = say.growing
        self.exhausted = False

    @property
    def tokens(self) -> Tokens:
        """The words and the sound sent."""
        return self._count(self.words, self._sent_bytes)

    def open(self) -> None:
        """Announce the message; sound follows when the voice has made it."""
        self._open_part()
        self._write_until(_LOOKAHEAD_CHARS)

    def add_words(self, text: str) -> None:
        """Take what a growing message goes on with."""
        self.text += text
        self._write_until(self._spoken + _LOOKAHEAD_CHARS)

    def end_words(self) -> None:
        """Take the end of a growing message; it is complete when it has been spoken."""
        self.growing = False
        self._complete_if_spoken()

    def take_utterance(self) -> str | None:
        """Return what the voice should say next; None while it speaks, or until there is more to say."""
        if self._speaking or self.complete:
            return None
        end: int | None = len(self.text)
        if self._grew:
            end = find_sentence_end(self.text, self._taken) or (None if self.growing else end)
        if end is None or end == self._taken > 0:
            return None
        self._begun, self._taken = self._taken, end
        self._speaking = True
        return self.text[self._begun : end]

    def add_sound(self, pcm24k: bytes, chars: int) -> None:
        """Send sound, and the words up to a little after it.

        Args:
            pcm24k: a piece of speech.
            chars: how many characters of the utterance are spoken after it.

        """
        spoken = self._begun + chars
        self._write_until(spoken + _LOOKAHEAD_CHARS)
        self._fed_bytes += len(pcm24k)
        self._marks.append((PCM_24K.to_ms(self._fed_bytes), spoken))
        self._send_pieces(self._encoder.feed(pcm24k))

    def end_sound(self) -> None:
        """Take the end of an utterance; after the last one, send what is left of words and sound."""
        self._speaking = False
        self._write_until(self._taken)
        self._complete_if_spoken()

    @property
    def _spoken(self) -> int:
        return self._marks[-1][1] if self._marks else 0

    def _complete_if_spoken(self) -> None:
        if self.growing or self._speaking or self.text[self._taken :].strip():
            return
        self._write_until(len(self.text))
        self._send_pieces(self._encoder.flush())
        self.complete = not self.exhausted

    @property
    def sound_ms(self) -> int:
        """How long everything sent plays."""
        return self.item.format.to_ms(self._sent_bytes)

    def guess_heard(self, audio_end_ms: int) -> str:
        """Return the words that were spoken before that moment, cut at a word's end."""
        spoken = [chars for end_ms, chars in self._marks if end_ms <= audio_end_ms]
        chars = spoken[-1] if spoken else 0
        if chars >= len(self.text):
            return self.text
        head = self.text[:chars]
        return head if self.text[chars].isspace() else head.rpartition(" ")[0]

    def _write_until(self, chars: int) -> None:
        out = self.place.outbox
        while self.written < min(chars, len(self.text)):
            delta = self._next_delta()
            if not self._afford(self.words + delta, self._sent_bytes):
                break
            self.written += len(delta)
            out.send(
                server.ResponseOutputAudioTranscriptDelta(
                    self.place.response_id,
                    self.item.id,
                    self.place.output_index,
                    0,
                    delta,
                    out.ids.make_padding(),
                )
            )
        if self.item.heard is None:
            self._keep()

    def _send_pieces(self, pieces: list[bytes]) -> None:
        for piece in pieces:
            if not self._afford(self.words, self._sent_bytes + len(piece)):
                return
            self._sent_bytes += len(piece)
            if self.item.heard is None:  # after a truncation the item stays as short as the client said
                self.item.pieces.append(piece)
                self.item.audio_ms = self.item.format.to_ms(self._sent_bytes)
            self.place.outbox.send(
                server.ResponseOutputAudioDelta(
                    self.place.response_id, self.item.id, self.place.output_index, 0, piece
                )
            )

    def _afford(self, words: str, sound_bytes: int) -> bool:
        wanted = self._count(words, sound_bytes).total
        self.exhausted = self.exhausted or wanted > self._budget_tokens
        return not self.exhausted

    def _count(self, words: str, sound_bytes: int) -> Tokens:
        audio = count_output_audio_tokens(self.item.format.to_ms(sound_bytes))
        return Tokens(text=estimate_text_tokens(words), audio=audio)

    def close(self, status: ItemStatus) -> None:
        """End the sound, the transcript, the part and the item."""
        place = self.place
        where = (place.response_id, self.item.id, place.output_index, 0)
        place.outbox.send(server.ResponseOutputAudioDone(*where))
        place.outbox.send(server.ResponseOutputAudioTranscriptDone(*where, self.words))
        self._close_part(status)
