"""`agentrun compile`: the exact `session.update` of an agent."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentrun.cli.exits import Exit
from agentrun.cli.options import parse_variables

if TYPE_CHECKING:
    from agentrun.diagnostics import Diagnostic

# What only a call knows stays visible as a name.
_OPEN_NAMES = {name: f"{{{{{name}}}}}" for name in ("call.id", "call.from", "call.to", "call.channel")}


def compile_command(
    agent: Annotated[Path, typer.Argument(help="The agent file.")],
    var: Annotated[
        list[str] | None, typer.Option("--var", help="A variable of the agent: NAME=VALUE.")
    ] = None,
) -> None:
    """Print the client event that configures the session, as JSON.

    Python tools are imported, because their signatures become the tools' schemas. Environment variables may
    be missing. Leaves with 1 if the file has errors.

    Example: agentrun compile agents/support.yaml --var shop="Corner Books"
    """
    from agentrun.compiler import compile_agent
    from agentrun.config import check_paths, load_agent
    from agentrun.errors import ConfigError, ToolError
    from agentrun.tools.python import describe_function

    if not agent.is_file():
        typer.echo(f"`{agent}` is not a file", err=True)
        raise typer.Exit(Exit.USAGE)
    variables = parse_variables(var or [])
    known = check_paths([str(agent)], environment=os.environ).findings
    _report(known)
    try:
        spec = load_agent(str(agent), environment=os.environ, require_environment=False)
        plan = compile_agent(spec, variables=variables, call=_OPEN_NAMES, describe_python=describe_function)
    except ConfigError as error:
        _report(tuple(finding for finding in error.diagnostics if finding not in known))
        raise typer.Exit(Exit.FINDINGS) from None
    except ToolError as error:
        typer.echo(f"agentrun: {error}", err=True)
        raise typer.Exit(Exit.FINDINGS) from None
    event = {"type": "session.update", "session": plan.session}
    typer.echo(json.dumps(event, ensure_ascii=False, indent=2))


def _report(findings: tuple[Diagnostic, ...]) -> None:
    from agentrun.config import read_sources
    from agentrun.diagnostics import Report, render_text

    typer.echo(render_text(Report(findings, sources=read_sources(findings))), nl=False, err=True)
