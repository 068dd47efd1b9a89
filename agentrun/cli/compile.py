"""`agentrun compile`: the exact `session.update` of an agent, its ledger, and what a change does."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentrun.cli.exits import Exit
from agentrun.cli.options import parse_variables
from agentrun.cli.terminal import wants_color

if TYPE_CHECKING:
    from agentrun.config import AgentSpec
    from agentrun.diagnostics import Diagnostic
    from agentrun.plan import CallPlan
    from agentrun.wire.json import JsonValue

# What only a call knows stays visible as a name; so the output is the same at any time.
_OPEN_NAMES = {
    name: f"{{{{{name}}}}}" for name in ("call.id", "call.from", "call.to", "call.channel", "now", "today")
}


class Format(StrEnum):
    """How a difference is written."""

    TEXT = "text"
    JSON = "json"


def compile_command(
    agent: Annotated[Path, typer.Argument(help="The agent file.")],
    var: Annotated[
        list[str] | None, typer.Option("--var", help="A variable of the agent: NAME=VALUE.")
    ] = None,
    ledger: Annotated[
        bool, typer.Option("--ledger", help="Print what becomes of each field of the file instead.")
    ] = False,
    diff: Annotated[
        str | None,
        typer.Option(
            metavar="OTHER",
            help="Print what changes from OTHER to the agent: a file, a git revision such as HEAD~1 (the "
            "same file there), or REVISION:PATH.",
        ),
    ] = None,
    output_format: Annotated[
        Format, typer.Option("--format", "-f", help="How --diff is written; the rest is JSON.")
    ] = Format.TEXT,
) -> None:
    """Print the client event that configures the session, as JSON.

    Names that only a call can fill in (`{{call.from}}`, `{{now}}`, variables that are required and not
    given) stay. Python tools are imported, because their signatures become the tools' schemas. Environment
    variables may be missing. Leaves with 1 if the file has errors; a difference is no error.

    Example: agentrun compile agents/support.yaml --var shop="Corner Books"

    Example: agentrun compile agents/support.yaml --diff HEAD~1
    """
    from agentrun.cli.agents import read_environment
    from agentrun.diagnostics.escape import escape_json

    if ledger and diff:
        raise typer.BadParameter("`--ledger` and `--diff` exclude each other", param_hint="--diff")
    if not agent.is_file():
        typer.echo(f"`{agent}` is not a file", err=True)
        raise typer.Exit(Exit.USAGE)
    variables = parse_variables(var or [])
    if diff:
        typer.echo(_render_diff(agent, diff, variables, output_format), nl=False)
        return
    environment = read_environment(agent)
    session = _compile(agent, environment, variables).session
    if ledger:
        document = _make_ledger(agent, environment, session)
    else:
        document = {"type": "session.update", "session": session}
    # Values of the environment can get into `overrides`; as text they are masked.
    typer.echo(escape_json(json.dumps(document, ensure_ascii=False, indent=2, default=str)))


def _make_ledger(agent: Path, environment: Mapping[str, str], session: JsonValue) -> JsonValue:
    from datetime import date

    from agentrun.compiler.ledger import make_ledger
    from agentrun.config.reading import read_agent

    reading = read_agent(str(agent), environment, required=False, today=date.today())
    rows = [
        {
            "path": row.path,
            "verdict": row.verdict,
            "note": row.note,
            **({"file": row.file} if row.file else {}),
        }
        for row in make_ledger(str(agent), reading, session)
    ]
    return {"target": "realtime", "fields": rows}


def _render_diff(agent: Path, other: str, variables: Mapping[str, str], output_format: Format) -> str:
    from agentrun.cli.agents import read_environment
    from agentrun.cli.revision import open_other
    from agentrun.compiler.diff import compare_plans, render_diff, render_diff_json
    from agentrun.errors import AgentrunError

    environment = read_environment(agent)
    after = _compile(agent, environment, variables, both=True)
    try:
        with open_other(other, agent) as path:
            before = _compile(path, environment, variables, both=True)
    except AgentrunError as error:
        raise typer.BadParameter(str(error), param_hint="--diff") from None
    found = compare_plans(before, after)
    return render_diff(found) if output_format is Format.TEXT else render_diff_json(found, other, str(agent))


def _compile(
    agent: Path, environment: Mapping[str, str], variables: Mapping[str, str], *, both: bool = False
) -> CallPlan:
    """Compile one agent and say what is wrong with it; required variables that are not given stay as names.

    Args:
        agent: the file.
        environment: variables for `${NAME}`.
        variables: from the command line.
        both: whether the variables are for two agents, so that one may lack some of them.

    Raises:
        Exit: it has errors, which are printed.

    """
    from agentrun.compiler import compile_agent
    from agentrun.config import load_checked
    from agentrun.config.openapi.merging import expand_remote_tools
    from agentrun.errors import ConfigError, ToolError
    from agentrun.tools.http.documents import fetch_document
    from agentrun.tools.python import describe_function

    loaded = load_checked(agent, environment=environment, require_environment=False)
    _report(loaded.findings)
    if loaded.spec is None:
        raise typer.Exit(Exit.FINDINGS)
    declared = loaded.spec.variables
    given = {name: value for name, value in variables.items() if not both or name in declared}
    try:
        spec = expand_remote_tools(loaded.spec, fetch_document)
        values = _find_open(spec) | given
        return compile_agent(spec, variables=values, call=_OPEN_NAMES, describe_python=describe_function)
    except ConfigError as error:
        _report(tuple(error.diagnostics))
    except ToolError as error:
        typer.echo(f"agentrun: {error}", err=True)
    raise typer.Exit(Exit.FINDINGS)


def _find_open(spec: AgentSpec) -> dict[str, str]:
    """Return the variables that only a call gives a value to, each with its own name in braces."""
    required = (name for name, rule in spec.variables.items() if rule.required and rule.default is None)
    return {name: f"{{{{{name}}}}}" for name in required}


def _report(findings: tuple[Diagnostic, ...]) -> None:
    from agentrun.config import read_sources
    from agentrun.diagnostics import Report, render_text

    color = wants_color(sys.stderr)
    text = render_text(Report(findings, sources=read_sources(findings)), color=color)
    typer.echo(text, nl=False, err=True, color=color)
