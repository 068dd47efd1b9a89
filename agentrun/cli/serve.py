"""`agentrun serve`: answer calls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agentrun.cli.exits import Exit
from agentrun.cli.options import ENGINE_HELP, start_logging


def serve_command(
    agents: Annotated[
        list[Path], typer.Argument(metavar="AGENT...", help="Agent files, or folders of them.")
    ],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes any free one.")
    ] = 8080,
    engine: Annotated[str, typer.Option(help=ENGINE_HELP)] = "auto",
    max_calls: Annotated[int, typer.Option(min=1, help="How many calls may be live at once.")] = 10,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="AGENTRUN_TOKEN", help="Token that clients must show; made up when it is needed."
        ),
    ] = None,
    drain: Annotated[float, typer.Option(min=0, help="Seconds that live calls get after SIGTERM.")] = 30.0,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens on calls.")] = False,
) -> None:
    """Answer calls: a page to talk or type on, and the sockets behind it.

    Example: agentrun serve agents/support.yaml
    """
    import asyncio

    start_logging(verbose=verbose, quiet="WARNING")
    from agentrun.cli.agents import find_agents, read_environment
    from agentrun.server.serve import ServeOptions, serve

    files = find_agents(agents)
    if not files:
        typer.echo("agentrun: no agent file found in " + ", ".join(map(str, agents)), err=True)
        raise typer.Exit(Exit.NOTHING_MATCHED)
    options = ServeOptions(
        host=host, port=port, engine=engine, max_calls=max_calls, token=token or None, drain_s=drain
    )
    asyncio.run(serve(files, options, read_environment, typer.echo))
