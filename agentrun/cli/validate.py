"""`agentrun validate`: every finding with its place."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentrun.cli.exits import Exit
from agentrun.cli.terminal import wants_color

if TYPE_CHECKING:
    from agentrun.config import CheckReport
    from agentrun.plan import PythonTarget


class Format(StrEnum):
    """How findings are written."""

    TEXT = "text"
    CONCISE = "concise"
    JSON = "json"
    GITHUB = "github"


def validate_command(
    paths: Annotated[list[Path], typer.Argument(help="Agent files, or folders of them.")],
    output_format: Annotated[
        Format, typer.Option("--format", "-f", help="How findings are written.")
    ] = Format.TEXT,
    output: Annotated[Path | None, typer.Option(help="Write the findings to this file.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail, too.")] = False,
    env: Annotated[bool, typer.Option("--env", help="Missing environment variables are errors.")] = False,
    import_tools: Annotated[bool, typer.Option("--import", help="Import the Python tools, too.")] = False,
) -> None:
    """Check agent files: keys, values, names, models, tools.

    No code of yours runs unless you ask for `--import`. Leaves with 0 if all is fine, 1 with findings, 2 if
    a path cannot be read, 5 if the folders hold no agent file.

    Example: agentrun validate agents/ --strict
    """
    from agentrun.config import check_paths

    report = check_paths(
        [str(path) for path in paths],
        environment=os.environ,
        require_environment=env,
        import_python=_find_importer() if import_tools else None,
    )
    _write(_render(report, output_format, to_terminal=output is None), output)
    if output_format in (Format.TEXT, Format.CONCISE):
        typer.echo(_summarize(report), err=True)
    raise typer.Exit(_decide(report, strict))


def _find_importer() -> Callable[[PythonTarget], object]:
    from agentrun.tools.python import describe_function

    return describe_function


def _render(report: CheckReport, output_format: Format, *, to_terminal: bool) -> str:
    from agentrun.diagnostics import RENDERERS, Report

    color = to_terminal and wants_color(sys.stdout)
    return RENDERERS[output_format](Report(report.findings, report.files, report.sources), color=color)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        raise typer.BadParameter(f"`{output}` cannot be written: {error.strerror}") from None


def _count(report: CheckReport, severity: str) -> int:
    return sum(1 for finding in report.findings if finding.severity == severity)


def _summarize(report: CheckReport) -> str:
    if not report.files and not report.unreadable:
        return "no agent file found: give a file, or a folder with `.yaml` files that have `instructions`"
    parts = [
        _plural(_count(report, kind), kind) for kind in ("error", "warning", "note") if _count(report, kind)
    ]
    return f"{_plural(len(report.files), 'file')} checked: {', '.join(parts) or 'all fine'}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _decide(report: CheckReport, strict: bool) -> Exit:
    if report.unreadable:
        return Exit.USAGE
    if not report.files:
        return Exit.NOTHING_MATCHED
    failing: Sequence[str] = ("error", "warning") if strict else ("error",)
    return Exit.FINDINGS if any(_count(report, kind) for kind in failing) else Exit.FINE
