"""What the web server asks of those who take calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from agentrun.channels import Channel
from agentrun.wire.json import JsonValue


@dataclass(frozen=True, slots=True)
class VariableCard:
    """A value that the caller's side may give when a call starts; `required` if it must."""

    name: str
    required: bool = False
    secret: bool = False


@dataclass(frozen=True, slots=True)
class AgentCard:
    """What the page shows of an agent before a call.

    Attributes:
        language: ISO-639-1 code of the call's language, or None.
        greeting: the exact words the agent begins with, or None if it has none or finds them itself.
        tools: names as the model sees them.

    """

    name: str
    description: str = ""
    language: str | None = None
    greeting: str | None = None
    tools: tuple[str, ...] = ()
    variables: tuple[VariableCard, ...] = ()


class CallDesk(Protocol):
    """Knows the agents and takes their calls.

    Attributes:
        draining: set by the server when it shuts down; no call is taken from then on.

    """

    draining: bool

    @property
    def engine(self) -> str:
        """Which model or engine answers, in a few words for people."""
        ...

    @property
    def max_calls(self) -> int | None:
        """How many calls may be live at once; None for no bound."""
        ...

    def agents(self) -> Sequence[AgentCard]:
        """Return the agents in the order in which they were named."""
        ...

    def ready(self) -> tuple[bool, str]:
        """Return whether a call could be taken now, and why not."""
        ...

    async def take(self, agent: str, variables: Mapping[str, JsonValue], channel: Channel) -> str:
        """Hold one whole call on `channel`.

        Returns:
            The reason why it ended.

        Raises:
            agentrun.errors.AgentrunError: the call could not begin (`ConfigError`: variables are missing).

        """
        ...
