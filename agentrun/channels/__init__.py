"""Ways to the caller. A channel is any object of this shape; each kind is one module of this package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from agentrun.conversation.inputs import CallerInput
from agentrun.conversation.reports import Report
from agentrun.plan import ChannelProfile

PostCaller: TypeAlias = Callable[[CallerInput], None]


class Channel(Protocol):
    """One caller on the line.

    `run` is awaited by the call's task group; the other methods are called from the same event loop, never
    block and never raise: a channel queues what it cannot write at once, and ends the call (`CallerLeft`)
    when its bounded queue is full or the caller is gone.
    """

    @property
    def profile(self) -> ChannelProfile:
        """What this channel can carry."""
        ...

    async def run(self, post: PostCaller) -> None:
        """Read the caller until they leave, handing each input to `post`; end with one `CallerLeft`."""
        ...

    def play(self, item_id: str, audio: bytes) -> None:
        """Queue a piece of speech in the profile's output format."""
        ...

    def clear(self) -> None:
        """Drop what is queued and not yet heard."""
        ...

    def tell(self, report: Report) -> None:
        """Show the caller's side what happens on the call."""
        ...

    async def aclose(self) -> None:
        """Flush what was told, within a bound, and free the line. Called by whoever opened the channel."""
        ...
