"""A real MCP server for the tests, made with the official package."""

from __future__ import annotations

import os
import sys
from typing import Any

import anyio
from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import BaseModel

server = MCPServer("desk", version="1", log_level="ERROR")


class Order(BaseModel):
    order: str
    status: str


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def look_up(order: str) -> Order:
    """Look up an order."""
    return Order(order=order, status="shipped")


@server.tool(name="order.history", structured_output=False)
def history(order: str) -> str:
    """Tell what happened to an order."""
    return f"{order} was packed"


@server.tool()
def refund(order: str) -> str:
    """Pay back an order."""
    raise ToolError(f"{order} is too old, says {os.environ.get('DESK_TOKEN', 'nobody')}")


@server.tool()
async def slow(ctx: Context[Any]) -> str:
    """Never end."""
    await ctx.report_progress(1, 3, "one of three")
    mark("entered")
    try:
        await anyio.sleep_forever()
    except anyio.get_cancelled_exc_class():
        mark("cancelled")
        raise
    return ""


@server.tool(structured_output=False)
def picture() -> list[Any]:
    """Return a picture."""
    return ["the cover", Image(data=b"\x89PNG" * 10, format="png")]


@server.tool(structured_output=False)
def flood(mebibytes: int) -> str:
    """Answer at length."""
    return "x" * (mebibytes << 20)


@server.tool()
def where() -> dict[str, str]:
    """Say where and as whom it runs."""
    return {"cwd": os.getcwd(), "python": sys.executable, "token": os.environ.get("DESK_TOKEN", "")}


@server.tool()
def chatter(lines: int) -> str:
    """Write to stderr."""
    for number in range(lines):
        sys.stderr.write(f"line {number} of {os.environ.get('DESK_TOKEN', '')}\n")
    return "done"


@server.tool()
async def learn(ctx: Context[Any]) -> str:
    """Offer one tool more."""

    def sing() -> str:
        """Sing a song."""
        return "la"

    server.add_tool(sing)
    await ctx.notify_tools_changed()
    return "learnt"


def mark(word: str) -> None:
    if folder := os.environ.get("DESK_MARKS"):
        with open(os.path.join(folder, word), "w"):
            pass


if __name__ == "__main__":
    server.run("stdio")
