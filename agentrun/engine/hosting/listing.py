"""What a server lists, as the tools of a session."""

from __future__ import annotations

from collections.abc import Sequence

from agentrun.engine.hosting.failures import HostedFailure
from agentrun.engine.hosting.values import INTERNAL_ERROR, HostedError, HostedTool
from agentrun.mcp.listing import MAX_LISTING_BYTES, MAX_TOOLS, ListingRefused, RawTool, clean_listing

__all__ = ["MAX_LISTING_BYTES", "MAX_TOOLS", "RawTool", "clean_tools"]


def clean_tools(raw: Sequence[RawTool]) -> tuple[HostedTool, ...]:
    """Return the tools of a server; of those with one name the first.

    Raises:
        HostedFailure: there are too many of them, or they are too large.

    """
    try:
        listed = clean_listing(raw)
    except ListingRefused as error:
        raise HostedFailure(HostedError("protocol_error", str(error), INTERNAL_ERROR)) from None
    return tuple(
        HostedTool(tool.name, tool.description, tool.input_schema, tool.annotations) for tool in listed
    )
