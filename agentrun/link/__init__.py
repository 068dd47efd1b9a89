"""Ways to the model. A link is any object of this shape; each kind is one module of this package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from agentrun.conversation.inputs import LinkInput
from agentrun.wire.client import ClientEvent

PostLink: TypeAlias = Callable[[LinkInput], None]


class Link(Protocol):
    """One session with a model.

    `run` is awaited by the call's task group. It posts `LinkUp`, then every server event in order, then one
    `LinkDown` unless `aclose` was called first; a connection that cannot be made is a `LinkDown` alone.
    """

    async def run(self, post: PostLink) -> None:
        """Connect and read until the connection ends."""
        ...

    def send(self, event: ClientEvent) -> None:
        """Queue an event, in order; never blocks, never raises. Before `LinkUp` nothing is sent."""
        ...

    async def aclose(self) -> None:
        """Close the connection within a bound. Called once."""
        ...
