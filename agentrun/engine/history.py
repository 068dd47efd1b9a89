"""The default conversation: its items in their order, and bounds on what it keeps.

Items form a linked list, so that adding, finding and removing one costs the same in a long conversation as in
a short one. A session that never ends stays small: there is a most of items, a most of text and images, and
old sound is forgotten.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator

from agentrun.engine.checks import refuse
from agentrun.engine.items import Item

MAX_ITEMS = 20_000
"""How many items a conversation holds; the engine's own bound, far above what a session of an hour needs."""
MAX_HELD_BYTES = 64 * 1024 * 1024
"""How much text and how many images a conversation holds; the engine's own bound."""
MAX_AUDIO_BYTES = 64 * 1024 * 1024
"""How much sound a session keeps for `retrieve`; older sound is forgotten, its item stays."""

_FRONT = "root"
_UNDER_WAY = 2  # the newest items may still be spoken, so their sound is counted later


class History:
    """Items in their order.

    Attributes:
        unclear_ids: items whose words the recogniser has not told yet.

    """

    def __init__(self) -> None:
        self._items: dict[str, Item] = {}
        self._next: dict[str | None, str] = {}
        self._previous: dict[str | None, str | None] = {}
        self._calls: Counter[str] = Counter()
        self._held_bytes = 0
        self._sounds = _Sounds()
        self.unclear_ids: set[str] = set()

    def __iter__(self) -> Iterator[Item]:
        return self.iterate_from(None)

    def __len__(self) -> int:
        return len(self._items)

    def iterate_from(self, item_id: str | None) -> Iterator[Item]:
        """Return the items from one on; from the first where it is None or not there (any more)."""
        at = item_id if item_id in self._items else self.first_id
        while at is not None:
            yield self._items[at]
            at = self._next.get(at)

    def find(self, item_id: str) -> Item | None:
        """Return an item, or None."""
        return self._items.get(item_id)

    def knows_call(self, call_id: str) -> bool:
        """Whether a function call with this id is in the conversation."""
        return self._calls[call_id] > 0

    @property
    def first_id(self) -> str | None:
        """Return the id of the first item."""
        return self._next.get(None)

    @property
    def last_id(self) -> str | None:
        """Return the id of the last item."""
        return self._previous.get(None)

    def check_room(self, size_bytes: int = 0) -> None:
        """Refuse more, where the conversation is full.

        Raises:
            RemoteProtocolError: there are too many items, or they hold too much.

        """
        if len(self._items) >= MAX_ITEMS:
            most = f"{MAX_ITEMS} items, the most that this engine keeps"
            message = f"The conversation holds {most}: delete some first."
            refuse(message, "conversation_item_limit_reached", None)
        if self._held_bytes + size_bytes > MAX_HELD_BYTES:
            mebibytes = MAX_HELD_BYTES // 1024**2
            message = (
                f"The items of the conversation would hold more than {mebibytes} MiB, the most that this "
                "engine keeps: delete some first."
            )
            refuse(message, "conversation_item_limit_reached", None)

    def append(self, item: Item) -> str | None:
        """Add an item at the end and return the id of the one before it."""
        previous = self.last_id
        self._link(item, previous)
        return previous

    def insert(self, item: Item, after: str | None) -> str | None:
        """Add an item after another one (None: at the end, `root`: at the front); return what is before it.

        Raises:
            RemoteProtocolError: no such item; nothing was added.

        """
        if after is None:
            return self.append(item)
        if after not in self._items and after != _FRONT:
            message = f"Error adding item: the previous item with id '{after}' does not exist."
            refuse(message, "item_create_invalid_previous_item_id", "previous_item_id")
        previous = None if after == _FRONT else after
        self._link(item, previous)
        return previous

    def settle(self, item: Item) -> None:
        """Take that the words of an item are known."""
        self.unclear_ids.discard(item.id)

    def remove(self, item: Item) -> None:
        """Take an item out."""
        before, after = self._previous.pop(item.id), self._next.pop(item.id, None)
        self._join(before, after)
        del self._items[item.id]
        self._held_bytes -= item.size_bytes
        self.unclear_ids.discard(item.id)
        self._sounds.forget(item)
        if item.wire["type"] == "function_call":
            self._calls -= Counter([item.wire["call_id"]])

    def _link(self, item: Item, before: str | None) -> None:
        after = self._next.get(before)
        self._items[item.id] = item
        self._join(before, item.id)
        self._join(item.id, after)
        self._held_bytes += item.size_bytes
        if item.unclear:
            self.unclear_ids.add(item.id)
        if item.wire["type"] == "function_call":
            self._calls[item.wire["call_id"]] += 1
        if item.wire["type"] == "message":
            self._sounds.add(item)

    def _join(self, before: str | None, after: str | None) -> None:
        """Make two items neighbours; None stands for the place before the first and after the last."""
        if after is None:
            self._next.pop(before, None)
        else:
            self._next[before] = after
        self._previous[after] = before


class _Sounds:
    """The sound that a conversation keeps, oldest first."""

    def __init__(self) -> None:
        self._newest: deque[Item] = deque()
        self._counted: dict[str, tuple[Item, int]] = {}
        self._bytes = 0

    def add(self, item: Item) -> None:
        """Take a new item, and forget the oldest sound where there is too much."""
        self._newest.append(item)
        if len(self._newest) > _UNDER_WAY:
            settled = self._newest.popleft()
            if settled.audio_bytes:
                self._counted[settled.id] = (settled, settled.audio_bytes)
                self._bytes += settled.audio_bytes
        while self._bytes > MAX_AUDIO_BYTES:
            oldest, _ = self._counted[next(iter(self._counted))]
            self.forget(oldest)
            oldest.pieces = []

    def forget(self, item: Item) -> None:
        """Let go of an item."""
        _, size_bytes = self._counted.pop(item.id, (item, 0))
        self._bytes -= size_bytes
