"""The command line: one module per command, and nothing heavy imported before a command runs.

Each command's module imports only typer and the standard library; what it needs beyond is imported in its
body. Of the commands only the one that is named first is loaded, so that `agentrun validate` starts quickly.
"""

from __future__ import annotations

import gc
import sys
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from agentrun import __version__
from agentrun.cli.exits import report_failure

if TYPE_CHECKING:
    app: typer.Typer

COMMANDS = (
    "init",
    "validate",
    "simulate",
    "serve",
    "compile",
    "tools",
    "engine",
    "schema",
    "explain",
    "doctor",
)
"""In the order of `--help`. The module of each is named like it, and in it the function `NAME_command`. A
dictionary `SUBCOMMANDS` beside it gives the command commands of its own."""
_LASTING = ("serve", "engine")
# Importing makes many objects and hardly any garbage: a process that ends soon need not look for it often.
_OBJECTS_PER_COLLECTION = 50_000


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"agentrun {__version__}")
        raise typer.Exit


def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


class _InOrder(TyperGroup):
    """Lists commands as `COMMANDS` does; by itself typer puts groups last."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # of typer's own click
        """Return the names of the commands that were added."""
        return [name for name in COMMANDS if name in self.commands]


@cache
def make_app(names: tuple[str, ...] = COMMANDS) -> typer.Typer:
    """Return the program with some of its commands."""
    program = typer.Typer(
        name="agentrun",
        cls=_InOrder,
        help="Voice agents declared in YAML: check them, rehearse them offline, put them on a live call.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    program.callback()(_common)
    for name in names:
        _add(program, name)
    return program


def _add(program: typer.Typer, name: str) -> None:
    """Add a command; one with `SUBCOMMANDS` is a group, which does something without any of them, too."""
    module = import_module(f"agentrun.cli.{name}")
    command, inner = getattr(module, f"{name}_command"), getattr(module, "SUBCOMMANDS", None)
    if inner is None:
        program.command(name)(command)
        return
    group = typer.Typer(name=name, invoke_without_command=True, rich_markup_mode=None)
    group.callback()(command)
    for inner_name, inner_command in inner.items():
        group.command(inner_name)(inner_command)
    program.add_typer(group)


def __getattr__(name: str) -> object:
    """Make `app`, the program with all commands, on first use."""
    if name == "app":
        return make_app()
    raise AttributeError(f"module `agentrun.cli` has no attribute `{name}`")


def main() -> None:
    """Run the command line; the process leaves with one of the codes in `exits.Exit`."""
    first = sys.argv[1] if len(sys.argv) > 1 else ""
    if first not in _LASTING:
        gc.set_threshold(_OBJECTS_PER_COLLECTION)
    try:
        make_app((first,) if first in COMMANDS else COMMANDS)()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # the border of the program
        sys.exit(report_failure(error))
