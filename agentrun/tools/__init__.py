"""Tools: `dispatcher` runs them, one module per kind (`python`, `http`, `builtin`) knows how.

A run ends in exactly one `agentrun.outcome.ToolOutcome`, whatever the tool does.
"""

from agentrun.tools.call import CallContext, ToolRequest, ToolRunner

__all__ = ["CallContext", "ToolRequest", "ToolRunner"]
