"""Checks of MCP servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath

from agentrun.config.checks.case import AgentCase
from agentrun.config.nodes import find_list, find_text
from agentrun.diagnostics import Diagnostic, diagnose


def check_server_folders(case: AgentCase) -> Iterator[Diagnostic]:
    """A server is started in a folder of the project."""
    servers = find_list(case.tree, "mcp_servers")
    for index, server in enumerate(servers.items if servers else ()):
        folder = find_text(server, "cwd")
        if folder is None:
            continue
        # relative to the file that names it, like every path
        place = FilePath(folder.span.file).parent.joinpath(str(folder.value)).resolve()
        if not place.is_relative_to(case.root.resolve()):
            hint = "name a folder of the project, relative to this file"
            path = ("mcp_servers", index, "cwd")
            yield diagnose("AR120", f"`{folder.value}` leaves the project", folder.span, hint=hint, path=path)
