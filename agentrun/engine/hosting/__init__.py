"""MCP servers that the engine hosts for a session: listed, offered to the mind, approved, called.

The way of one hosted call::

    session.update names a server ──▶ `imports` ──▶ ListHostedTools ──▶ shell (`client`) dials and lists
    HostedToolsListed ──▶ `catalogue`; a turn that starts from now on offers the tools (`toolbox`)
    the mind's Call ──▶ `outputs`: an approval request, or a call ──▶ `calls` ──▶ RunHostedTool ──▶ shell
    HostedToolReturned ──▶ the item ends; the mind reads it as a function call with its output (`view`)

Everything but `client` and `bounded` is pure. Source: https://platform.openai.com/docs/guides/realtime-mcp
and the item types of the official SDK.
"""
