"""Ids in the formats that the service uses, from a seed."""

from __future__ import annotations

import base64
import random
from typing import Literal

IdKind = Literal["sess", "conv", "resp", "item", "event", "call", "mcp", "mcpl", "mcpr", "seg"]

_CALL_LENGTH = 16
_LENGTH = 21
_MAX_PADDING = 12


class Ids:
    """A source of ids and of padding; the same seed gives the same session, event for event."""

    def __init__(self, seed: int | str | bytes) -> None:
        self._random = random.Random(seed)

    def make(self, kind: IdKind) -> str:
        """Return a new id such as `item_` and 21 characters (`call_` has 16)."""
        length = _CALL_LENGTH if kind == "call" else _LENGTH
        return f"{kind}_{self._pick(length)}"

    def make_padding(self) -> str:
        """Return the `obfuscation` of a delta: random, so that frame lengths do not betray the words."""
        return self._pick(self._random.randint(1, _MAX_PADDING))

    def _pick(self, length: int) -> str:
        # every event has an id, so this is on the hot path: base64 is ten times quicker than picking letters
        return base64.b64encode(self._random.randbytes(length), altchars=b"xY")[:length].decode("ascii")
