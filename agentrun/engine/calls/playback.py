"""What is queued for a caller, and how much of it was heard; pure, and counted in sound.

The engine speaks faster than time passes, a line plays as time passes. The line pulls a piece of sound at a
time, and what has been pulled counts as heard: so the engine itself knows where to truncate when the caller
barges in, which on a WebSocket is the client's business.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container
from dataclasses import dataclass
from typing import Literal

from agentrun.audio import AudioFormat


@dataclass(frozen=True, slots=True)
class Notice:
    """The caller begins to hear a response (`started`), or has heard all of it (`stopped`)."""

    kind: Literal["started", "stopped"]
    response_id: str


@dataclass(frozen=True, slots=True)
class Cut:
    """An item that was dropped before all of it was heard.

    Attributes:
        heard_ms: how much of it was.

    """

    response_id: str
    item_id: str
    heard_ms: int


@dataclass(slots=True)
class _Piece:
    response_id: str
    item_id: str
    audio: bytes


class Playback:
    """The sound that goes out on one line.

    Args:
        fmt: of all sound, in and out.

    """

    def __init__(self, fmt: AudioFormat) -> None:
        self._format = fmt
        self._queue: deque[_Piece] = deque()
        self._finished: set[str] = set()
        self._playing: str | None = None
        self._item_id = ""
        self._heard_bytes = 0

    @property
    def is_silent(self) -> bool:
        """Whether nothing plays and nothing waits; a response that is still being spoken plays."""
        return self._playing is None and not self._queue

    def add(self, response_id: str, item_id: str, audio: bytes) -> None:
        """Queue a piece of a response."""
        if audio:
            self._queue.append(_Piece(response_id, item_id, audio))

    def finish(self, response_id: str) -> list[Notice]:
        """Take note that a response gets no more sound."""
        if response_id == self._playing or self._waits(response_id):
            self._finished.add(response_id)
        return self._stop_if_heard()

    def pull(self, duration_ms: int) -> tuple[bytes, list[Notice]]:
        """Take the next sound off the queue, with silence where there is none."""
        wanted = self._format.to_bytes(duration_ms)
        sound, notices = b"", list[Notice]()
        while self._queue and len(sound) < wanted:
            piece = self._queue[0]
            notices += self._begin(piece)
            taken, piece.audio = piece.audio[: wanted - len(sound)], piece.audio[wanted - len(sound) :]
            sound += taken
            self._heard_bytes += len(taken)
            if not piece.audio:
                self._queue.popleft()
                notices += self._stop_if_heard()
        return sound + self._format.make_silence(duration_ms)[len(sound) :], notices

    def clear(self, keep: Container[str] = ()) -> list[Cut]:
        """Drop what is queued, and say how much of each item was heard; the one that plays comes first.

        An item whose sound has run dry while more of it is being made is cut too: its words run ahead.

        Args:
            keep: responses that go on.

        """
        cuts: dict[str, Cut] = {}
        if self._playing is not None and self._playing not in keep:
            heard_ms = self._format.to_ms(self._heard_bytes)
            cuts[self._item_id] = Cut(self._playing, self._item_id, heard_ms)
            self._playing = None
        for piece in self._queue:
            if piece.response_id not in keep:
                cuts.setdefault(piece.item_id, Cut(piece.response_id, piece.item_id, 0))
        self._queue = deque(piece for piece in self._queue if piece.response_id in keep)
        self._finished = {it for it in self._finished if it == self._playing or self._waits(it)}
        return list(cuts.values())

    def _begin(self, piece: _Piece) -> list[Notice]:
        if piece.item_id != self._item_id:
            self._item_id, self._heard_bytes = piece.item_id, 0
        if piece.response_id == self._playing:
            return []
        before, self._playing = self._playing, piece.response_id
        stopped = [] if before is None else [Notice("stopped", before)]
        return [*stopped, Notice("started", piece.response_id)]

    def _stop_if_heard(self) -> list[Notice]:
        playing = self._playing
        if playing is None or playing not in self._finished or self._waits(playing):
            return []
        self._finished.discard(playing)
        self._playing = None
        return [Notice("stopped", playing)]

    def _waits(self, response_id: str) -> bool:
        return any(piece.response_id == response_id for piece in self._queue)
