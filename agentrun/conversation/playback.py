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

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._items

    def queue(self, item_id: str, size_bytes: int, now_ms: int) -> None:
        """Note that audio of an item was queued."""
        item = self._items.setdefault(item_id, _Item())
        before_ms = self._sent_ms(item)
        item.sent_bytes += size_bytes
        self._busy_until_ms = max(self._busy_until_ms, now_ms) + self._sent_ms(item) - before_ms
        item.ends_ms = self._busy_until_ms + GRACE_MS

    def acknowledge(self, item_id: str, ms: int, now_ms: int) -> None:
        """Note how much of an item was heard; never more than was sent, never less than before."""
        item = self._items.get(item_id)
        if item is None:
            return
        heard_ms = min(ms, self._sent_ms(item))
        if heard_ms > item.heard_ms:  # only progress gives the rest more time
            item.heard_ms = heard_ms
            self._reschedule(now_ms)

    def complete(self, item_id: str) -> None:
        """Note that no more audio of an item will come."""
        if item_id in self._items:
            self._items[item_id].complete = True

    def sounding(self, now_ms: int) -> list[str]:
        """The items that the caller still hears, or is about to hear."""
        return [item_id for item_id, item in self._items.items() if self._is_open(item, now_ms)]

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
        """When, without a further acknowledgement, the next item is taken to be over; None if all are."""
        return min(
            (item.ends_ms for item in self._items.values() if self._is_open(item, now_ms)), default=None
        )

    def _reschedule(self, now_ms: int) -> None:
        self._busy_until_ms = now_ms
        for item in self._items.values():
            self._busy_until_ms += self._sent_ms(item) - item.heard_ms
            item.ends_ms = self._busy_until_ms + GRACE_MS

    def _is_open(self, item: _Item, now_ms: int) -> bool:
        return item.heard_ms < self._sent_ms(item) and now_ms < item.ends_ms

    def _sent_ms(self, item: _Item) -> int:
        return item.sent_bytes // self._bytes_per_ms
