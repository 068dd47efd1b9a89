"""The command line: one module per command, and nothing heavy imported before a command runs.

Each command's module imports only typer and the standard library; what it needs beyond is imported in its
body, so that `agentrun --help` and `agentrun validate` start quickly.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from agentrun import __version__
from agentrun.cli.compile import compile_command
from agentrun.cli.doctor import doctor_command
from agentrun.cli.engine import engine_command
from agentrun.cli.exits import report_failure
from agentrun.cli.explain import explain_command
from agentrun.cli.init import init_command
from agentrun.cli.schema import schema_command
from agentrun.cli.serve import serve_command
from agentrun.cli.simulate import simulate_command
from agentrun.cli.validate import validate_command

app = typer.Typer(
    name="agentrun",
    help="Voice agents declared in YAML: check them, rehearse them offline, put them on a live call.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("init")(init_command)
app.command("validate")(validate_command)
app.command("simulate")(simulate_command)
app.command("serve")(serve_command)
app.command("compile")(compile_command)
app.command("engine")(engine_command)
app.command("schema")(schema_command)
app.command("explain")(explain_command)
app.command("doctor")(doctor_command)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"agentrun {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def main() -> None:
    """Run the command line; the process leaves with one of the codes in `exits.Exit`."""
    try:
        app()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # the border of the program
        sys.exit(report_failure(error))
