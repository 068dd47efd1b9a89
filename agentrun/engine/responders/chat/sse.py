"""Server-sent events: from bytes, however they are cut, to the data of each event.

Only `data` matters to a chat stream; comments, names and ids are dropped.
Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation.
"""

from __future__ import annotations

import codecs

LONGEST_CHARS = 4 * 1024 * 1024
"""Of one event; more is refused."""


class SseTooLong(ValueError):
    """An event without an end."""


class SseParser:
    """Takes a stream piece by piece."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("replace").decode
        self._rest = ""
        self._after_return = False
        self._data: list[str] = []
        self._held = 0

    def feed(self, piece: bytes) -> list[str]:
        """Return the data of the events that are complete.

        Raises:
            SseTooLong: an event has no end.

        """
        text = self._decode(piece)
        if self._after_return and text:
            self._after_return = False
            text = text.removeprefix("\n")
        if text.endswith("\r"):
            self._after_return = True
        # not `splitlines`: it ends lines at characters that may stand inside of JSON
        *lines, self._rest = (self._rest + text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        events = [data for line in lines if (data := self._take_line(line)) is not None]
        if len(self._rest) + self._held > LONGEST_CHARS:
            raise SseTooLong
        return events

    def _take_line(self, line: str) -> str | None:
        if not line:
            data, self._data, self._held = self._data, [], 0
            return "\n".join(data) if data else None
        name, _, value = line.partition(":")
        if name == "data":
            self._data.append(value.removeprefix(" "))
            self._held += len(value)
        return None
