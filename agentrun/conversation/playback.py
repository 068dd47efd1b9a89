"""What the caller has been sent and what of it has been heard.

The channel plays items one after the other and acknowledges with `CallerPlayed(item_id, ms)`. What is cut
after a barge-in is decided by these acknowledgements alone; the clock only decides when a floor that nobody
acknowledged is taken to be free, so that a browser tab that went silent cannot hold up the call.
"""

from __future__ import annotations

from dataclasses import dataclass

GRACE_MS = 1500
"""How long after its computed end an unacknowledged item still counts as sounding."""


@dataclass(slots=True)
class _Item:
    sent_bytes: int = 0
    heard_ms: int = 0
    complete: bool = False
    ends_ms: int = 0


@dataclass(frozen=True, slots=True)
class Cut:
    """Where an item was interrupted, in milliseconds of its own audio."""

    item_id: str
    heard_ms: int
    sent_ms: int


class Playback:
    """The items that are queued at the channel, in order; what has been heard whole is forgotten."""

    def __init__(self, bytes_per_ms: int) -> None:
        self._bytes_per_ms = bytes_per_ms
        self._items: dict[str, _Item] = {}
        self._busy_until_ms = 0

    def queue(self, item_id: str, size_bytes: int, now_ms: int) -> bool:
        """Note that audio of an item was queued; True if it is the first of that item."""
        first = item_id not in self._items
        item = self._items.setdefault(item_id, _Item())
        item.sent_bytes += size_bytes
        self._busy_until_ms = max(self._busy_until_ms, now_ms) + size_bytes // self._bytes_per_ms
        item.ends_ms = self._busy_until_ms + GRACE_MS
        return first

    def acknowledge(self, item_id: str, ms: int, now_ms: int) -> None:
        """Note how much of an item was heard; never more than was sent, never less than before."""
        item = self._items.get(item_id)
        if item is None:
            return
        item.heard_ms = max(item.heard_ms, min(ms, self._sent_ms(item)))
        remaining = sum(self._sent_ms(each) - each.heard_ms for each in self._items.values())
        self._busy_until_ms = now_ms + remaining

    def complete(self, item_id: str) -> None:
        """Note that no more audio of an item will come."""
        if item_id in self._items:
            self._items[item_id].complete = True

    def is_sounding(self, now_ms: int) -> bool:
        """Tell whether the caller still hears, or is about to hear, something that was queued."""
        return any(self._is_open(item, now_ms) for item in self._items.values())

    def collect_heard(self, now_ms: int) -> list[str]:
        """Return the items that are now over, in order, and forget them."""
        over = [
            item_id
            for item_id, item in self._items.items()
            if item.complete and not self._is_open(item, now_ms)
        ]
        for item_id in over:
            del self._items[item_id]
        return over

    def interrupt(self) -> list[Cut]:
        """Stop everything: return where each queued item was cut, in order, and forget them all."""
        cuts = [Cut(item_id, item.heard_ms, self._sent_ms(item)) for item_id, item in self._items.items()]
        self._items.clear()
        self._busy_until_ms = 0
        return cuts

    def deadline_ms(self, now_ms: int) -> int | None:
        """When, without a further acknowledgement, the floor is taken to be free; None if it is free."""
        return min(
            (item.ends_ms for item in self._items.values() if self._is_open(item, now_ms)), default=None
        )

    def _is_open(self, item: _Item, now_ms: int) -> bool:
        return item.heard_ms < self._sent_ms(item) and now_ms < item.ends_ms

    def _sent_ms(self, item: _Item) -> int:
        return item.sent_bytes // self._bytes_per_ms
