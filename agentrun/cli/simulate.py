"""`agentrun simulate`: rehearse a conversation in writing."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from agentrun.cli.exits import Exit
from agentrun.cli.options import ENGINE_HELP, parse_variables, start_logging

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentrun.plan import CallPlan
    from agentrun.runtime.engines import EngineChoice
    from agentrun.wire.json import JsonObject


class Format(StrEnum):
    """Output formats."""

    TEXT = "text"
    JSONL = "jsonl"


def simulate_command(
    agent: Annotated[Path, typer.Argument(metavar="AGENT", help="The agent file.")],
    scenarios: Annotated[
        list[Path] | None, typer.Argument(metavar="[SCENARIO]...", help="Scenario files (not supported yet).")
    ] = None,
    engine: Annotated[str, typer.Option(help=ENGINE_HELP)] = "embedded",
    format_: Annotated[Format, typer.Option("--format", help="Output format.")] = Format.TEXT,
    output: Annotated[Path | None, typer.Option(help="Write there instead of to stdout.")] = None,
    var: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="A variable of the call; may be repeated.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Makes ids repeatable.")] = 0,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens on the call.")] = False,
) -> None:
    """Hold a text conversation with an agent: on a terminal, or from a pipe, one line a turn.

    The embedded engine needs no key and no network, and time is virtual: an hour of call takes moments.
    Tools run for real.

    Example: printf 'Where is my order A1001?\\n' | agentrun simulate agents/support.yaml
    """
    if scenarios:
        typer.echo(
            "agentrun: scenario files are not supported yet; leave them out to type yourself", err=True
        )
        raise typer.Exit(Exit.USAGE)
    from agentrun.cli.agents import load_plan, read_environment
    from agentrun.plan import TEXT
    from agentrun.runtime.engines import choose_engine

    start_logging(verbose=verbose)
    variables = parse_variables(var or [])
    environment = read_environment(agent)
    plan = load_plan(agent, TEXT, variables, environment)
    choice = choose_engine(engine, plan.model, environment)
    with _open_output(output) as stream:
        code = _run(plan, choice, _printer(stream, format_), seed)
    raise typer.Exit(code)


def _open_output(path: Path | None) -> AbstractContextManager[TextIO]:
    if path is None:
        return nullcontext(sys.stdout)
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(
            f"`{path}` cannot be written: {error.strerror}", param_hint="--output"
        ) from error


def _run(plan: CallPlan, choice: EngineChoice, emit: Callable[[JsonObject], None], seed: int) -> Exit:
    import asyncio

    from agentrun.simulate.rehearsal import rehearse
    from agentrun.simulate.typist import DescriptorLines

    typed = sys.stdin if sys.stdin is not None else open(os.devnull, encoding="utf-8")  # noqa: SIM115
    terminal = typed.isatty()
    if terminal:
        typer.echo(f"{choice.notice}\nType what the caller says; Ctrl-D hangs up.\n", err=True)
    unanswered = False

    def prompt() -> None:
        if terminal:
            typer.echo("   you  ", nl=False, err=True)

    def note(event: JsonObject) -> None:
        nonlocal unanswered
        if event["event"] == "agent.said":
            unanswered = False
        elif event["event"] == "error" and event.get("caused_by") == "response.create":
            unanswered = True
        emit(event)

    async def main() -> str:
        lines = DescriptorLines(typed.fileno(), prompt)
        return await rehearse(plan, choice, lines, note, seed=seed)

    reason = asyncio.run(main())
    return Exit.ENVIRONMENT if unanswered or reason in ("link_failed", "link_lost", "error") else Exit.FINE


def _printer(stream: TextIO, format_: Format) -> Callable[[JsonObject], None]:
    import json

    from agentrun.cli.terminal import wants_color
    from agentrun.simulate.chat import render_event

    echo, color = sys.stdin is None or not sys.stdin.isatty(), wants_color(stream)

    def show(event: JsonObject) -> None:
        if format_ is Format.JSONL:
            line: str | None = json.dumps(event, ensure_ascii=False)
        else:
            line = render_event(event, color=color, echo=echo)
        if line is not None:
            stream.write(line + "\n")
            stream.flush()

    return show
