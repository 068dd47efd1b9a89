"""What is told and played but not yet written to the page: one bounded queue, in order."""

from __future__ import annotations

import json
from collections import deque

from agentrun.wire.json import JsonObject


class Outbox:
    """Text and audio in the order in which they happened; `clear_audio` takes only the audio back out.

    Each run of audio of one item is announced by `{"type": "audio", "item_id": …}`.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._queue: deque[tuple[bool, str | bytes]] = deque()  # (belongs to audio, message)
        self._announced: str | None = None

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def full(self) -> bool:
        """True once more waits here than the bound allows: the page has stopped reading."""
        return self._bytes > self._max_bytes

    def put_message(self, message: JsonObject) -> None:
        """Queue a JSON message."""
        self._put(False, json.dumps(message, ensure_ascii=False, separators=(",", ":")))

    def put_audio(self, item_id: str, audio: bytes) -> None:
        """Queue a piece of speech, after its announcement where another item came before."""
        if item_id != self._announced:
            self._announced = item_id
            announcement = json.dumps({"type": "audio", "item_id": item_id}, separators=(",", ":"))
            self._put(True, announcement)
        self._put(True, audio)

    def clear_audio(self) -> None:
        """Drop the audio that is still here, with its announcements; what was told stays."""
        kept = [(audio, message) for audio, message in self._queue if not audio]
        self._queue = deque(kept)
        self._bytes = sum(len(message) for _, message in kept)
        self._announced = None

    def pop(self) -> str | bytes | None:
        """Take out the oldest message, or None if nothing waits."""
        if not self._queue:
            return None
        _, message = self._queue.popleft()
        self._bytes -= len(message)
        return message

    def _put(self, audio: bool, message: str | bytes) -> None:
        self._queue.append((audio, message))
        self._bytes += len(message)
