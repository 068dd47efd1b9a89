"""The lines of a byte stream, however it is cut; a line that is too long is thrown away as it comes."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_LINE_BYTES = 4 * 1024 * 1024
_HEAD_BYTES = 512
_ID = re.compile(rb'"id"\s*:\s*(?:(\d{1,18})|"([^"\\]{1,128})")')


@dataclass(frozen=True, slots=True)
class TooLong:
    """A line that was thrown away; `head` is how it began."""

    head: bytes

    @property
    def answers(self) -> int | str | None:
        """The id of the request that the line answered, as far as its beginning shows."""
        found = _ID.search(self.head)
        if found is None:
            return None
        return int(found[1]) if found[1] else found[2].decode("utf-8", "replace")


class LineSplitter:
    """Takes pieces of a stream and returns whole lines, without their ends.

    Args:
        max_bytes: of a line; the rest of a longer one is never kept.

    """

    def __init__(self, max_bytes: int = MAX_LINE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._parts: list[bytes] = []
        self._size = 0
        self._head: bytes | None = None

    def feed(self, data: bytes) -> list[bytes | TooLong]:
        """Return the lines that end in this piece."""
        *ended, rest = data.split(b"\n")
        lines = []
        for part in ended:
            self._add(part)
            lines.append(self._take())
        self._add(rest)
        return lines

    def _add(self, part: bytes) -> None:
        self._size += len(part)
        if self._head is not None:
            return
        self._parts.append(part)
        if self._size > self._max_bytes:
            self._head = b"".join(self._parts)[:_HEAD_BYTES]
            self._parts.clear()

    def _take(self) -> bytes | TooLong:
        line = b"".join(self._parts) if self._head is None else TooLong(self._head)
        self._parts, self._size, self._head = [], 0, None
        return line
