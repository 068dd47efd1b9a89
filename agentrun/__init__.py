"""agentrun: voice agents declared in YAML, checked in CI, rehearsed offline, put on a live call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentrun.errors import ToolError
    from agentrun.tools.call import CallContext as Call

__version__ = "0.1.0"

__all__ = ["Call", "ToolError", "__version__"]


def __getattr__(name: str) -> object:
    """Load the names for tools on first use, so that `import agentrun` itself stays empty and quick."""
    if name == "Call":
        from agentrun.tools.call import CallContext

        return CallContext
    if name == "ToolError":
        from agentrun.errors import ToolError

        return ToolError
    raise AttributeError(f"module `agentrun` has no attribute `{name}`")
