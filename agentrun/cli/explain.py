"""`agentrun explain`: the long story of a diagnostic."""

from __future__ import annotations

import difflib
import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from agentrun.cli.exits import Exit

if TYPE_CHECKING:
    from agentrun.diagnostics import Code


def explain_command(
    code: Annotated[str, typer.Argument(help="The code of a finding, such as AR214.")],
) -> None:
    """Tell what a finding means, with a bad and a good example.

    Example: agentrun explain AR214
    """
    from agentrun.diagnostics import CODES

    row = CODES.get(code.upper())
    if row is None:
        near = difflib.get_close_matches(code.upper(), CODES, 1)
        hint = f"did you mean {near[0]}?" if near else f"codes run from {min(CODES)} to {max(CODES)}"
        typer.echo(f"there is no code `{code}`; {hint}", err=True)
        raise typer.Exit(Exit.USAGE)
    typer.echo(render_story(row))


def render_story(row: Code) -> str:
    """Return everything there is to say about a code."""
    parts = [f"{row.code}: {row.title} ({row.severity})", textwrap.fill(row.story, 80)]
    if row.kind != "agent":
        parts.append(f"The examples are parts of a {row.kind} file.")
    for label, example in (("Bad", row.bad), ("Good", row.good)):
        if example:
            parts.append(f"{label}:\n\n{textwrap.indent(example, '    ')}")
    return "\n\n".join(parts)
