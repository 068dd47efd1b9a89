"""Which tokens of a prompt the model has read before: the longest beginning shared with an earlier prompt.

The service counts in blocks of tokens, so a few at the end of what is shared are read afresh. What changes
the beginning (other instructions, other tools, a truncated conversation) makes everything after it new.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Sequence
from typing import TypeAlias

from agentrun.engine.usage import Tokens, take_tokens

BLOCK_TOKENS = 64
_REMEMBERED = 4  # the conversation's own prompt, and those of responses beside it

Piece: TypeAlias = tuple[Hashable, Tokens]
"""A part of a prompt: what tells it from any other, and its size."""


class PromptCache:
    """The prompts that one session has sent lately."""

    def __init__(self) -> None:
        self._read: deque[tuple[Piece, ...]] = deque(maxlen=_REMEMBERED)

    def read(self, pieces: Sequence[Piece]) -> Tokens:
        """Remember a prompt and return the part of its tokens that were cached."""
        shared = max((_count_shared(earlier, pieces) for earlier in self._read), default=0)
        self._read.append(tuple(pieces))
        sizes = [size for _, size in pieces[:shared]]
        total = sum(size.total for size in sizes)
        left = total - total % BLOCK_TOKENS
        cached = Tokens()
        for size in sizes:
            taken = take_tokens(size, left)
            cached += taken
            left -= taken.total
        return cached


def _count_shared(earlier: Sequence[Piece], pieces: Sequence[Piece]) -> int:
    pairs = enumerate(zip(earlier, pieces, strict=False))
    return next((index for index, (one, other) in pairs if one != other), min(len(earlier), len(pieces)))
