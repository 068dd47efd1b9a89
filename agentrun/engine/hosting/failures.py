"""The one exception of hosting, and what a failure means to a model."""

from __future__ import annotations

from agentrun.engine.hosting.values import HostedError
from agentrun.errors import AgentrunError
from agentrun.outcome import OutcomeName
from agentrun.wire.json import JsonObject

# JSON-RPC: no such method, wrong parameters. The client uses the other codes for its own troubles as well.
_NEVER_RAN = (-32601, -32602)


class HostedFailure(AgentrunError):
    """A server could not be listed, or a call did not work.

    Attributes:
        error: as items show it.

    """

    def __init__(self, error: HostedError) -> None:
        super().__init__(error.message)
        self.error = error


def judge_error(error: JsonObject) -> OutcomeName:
    """Return whether it is certain that a failed call had no effect (`failed`), or not (`unknown`).

    Args:
        error: as `mcp_call` items show it.

    """
    match error:
        case {"type": "tool_execution_error"}:
            return "failed"
        case {"type": "http_error", "code": code}:
            return "failed" if 400 <= code < 500 else "unknown"
    return "failed" if error.get("code") in _NEVER_RAN else "unknown"
