"""`agentrun validate`: every finding with its place."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentrun.cli.exits import Exit
from agentrun.cli.terminal import wants_color

if TYPE_CHECKING:
    from agentrun.config import CheckReport
    from agentrun.diagnostics import Report
    from agentrun.plan import PythonTarget


class Format(StrEnum):
    """How findings are written."""

    TEXT = "text"
    CONCISE = "concise"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"


# Those that people read; the verdict is printed with them, and the others are for programs.
_FOR_PEOPLE = (Format.TEXT, Format.CONCISE, Format.GITHUB)


def validate_command(
    paths: Annotated[list[Path], typer.Argument(help="Agent and scenario files, or folders of them.")],
    output_format: Annotated[
        Format | None,
        typer.Option(
            "--format",
            "-f",
            help="How findings are written; by default `text`, and in GitHub Actions annotations besides.",
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write the findings to this file.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail, too.")] = False,
    env: Annotated[bool, typer.Option("--env", help="Missing environment variables are errors.")] = False,
    import_tools: Annotated[bool, typer.Option("--import", help="Import the Python tools, too.")] = False,
) -> None:
    """Check agent and scenario files: keys, values, names, models, tools.

    No code of yours runs unless you ask for `--import`. Leaves with 0 if all is fine, 1 with findings, 2 if
    a path cannot be read, 5 if the folders hold no agent file; the format changes nothing of it.

    Example: agentrun validate agents/ --strict
    """
    from agentrun.config import check_paths
    from agentrun.diagnostics import RENDERERS, Report
    from agentrun.diagnostics.render_github import render_annotations

    checked = check_paths(
        [str(path) for path in paths],
        environment=os.environ,
        require_environment=env,
        import_python=_find_importer() if import_tools else None,
    )
    folder = os.getcwd()
    root = os.path.normpath(os.environ.get("GITHUB_WORKSPACE") or folder)
    report = Report(checked.findings, checked.files, checked.sources, strict, folder, root)
    chosen = output_format or Format.TEXT
    color = output is None and wants_color(sys.stdout)
    _write(RENDERERS[chosen](report, color=color), output, color)
    if output_format is None and os.environ.get("GITHUB_ACTIONS") == "true":
        typer.echo(render_annotations(report), nl=False)
    code, verdict = _judge(checked, report)
    if chosen in _FOR_PEOPLE or output is not None:
        typer.echo(verdict, err=True)
    raise typer.Exit(code)


def _find_importer() -> Callable[[PythonTarget], object]:
    from agentrun.tools.python import describe_function

    return describe_function


def _write(text: str, output: Path | None, color: bool) -> None:
    if output is None:
        typer.echo(text, nl=False, color=color)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        message = f"`{output}` cannot be written: {error.strerror}"
        raise typer.BadParameter(message, param_hint="--output") from None


def _judge(checked: CheckReport, report: Report) -> tuple[Exit, str]:
    """Return the code to leave with and the line that says it in words."""
    if checked.unreadable:
        return Exit.USAGE, _summarize(report)
    if not report.files:
        words = "no agent file found: give a file, or a folder with `.yaml` files that have `instructions`"
        return Exit.NOTHING_MATCHED, words
    if not any(report.fails(finding) for finding in report.findings):
        return Exit.FINE, _summarize(report)
    only_strict = report.strict and all(finding.severity != "error" for finding in report.findings)
    return Exit.FINDINGS, _summarize(report) + ("; warnings fail with --strict" if only_strict else "")


def _summarize(report: Report) -> str:
    from agentrun.diagnostics import count_severity

    counts = {kind: count_severity(report.findings, kind) for kind in ("error", "warning", "note")}
    parts = [_plural(count, kind) for kind, count in counts.items() if count]
    return f"{_plural(len(report.files), 'file')} checked: {', '.join(parts) or 'all fine'}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
