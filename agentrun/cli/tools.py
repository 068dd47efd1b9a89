"""`agentrun tools`: the tools of an agent as the model sees them, and one run of one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from agentrun.cli.exits import Exit
from agentrun.cli.options import parse_variables, start_logging

if TYPE_CHECKING:
    from agentrun.plan import CallPlan, ToolBinding
    from agentrun.runtime.trial import Toolset
    from agentrun.wire.json import JsonObject


class Format(StrEnum):
    """How the list is written."""

    TEXT = "text"
    JSON = "json"


def tools_command(
    agent: Annotated[Path, typer.Argument(metavar="AGENT", help="The agent file.")],
    action: Annotated[
        str | None, typer.Argument(metavar="call", help="Run one of the tools, for real.")
    ] = None,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Its name, as in the list.")] = None,
    arguments: Annotated[
        str | None, typer.Argument(metavar="JSON", help="Its arguments, as the model would write them.")
    ] = None,
    var: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="A variable of the call; may be repeated.")
    ] = None,
    caller: Annotated[str, typer.Option(help="Number of the caller (`call.from`).")] = "",
    output_format: Annotated[
        Format, typer.Option("--format", "-f", help="How the list is written.")
    ] = Format.TEXT,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens.")] = False,
) -> None:
    """List the tools as the model sees them and where they come from, or run one.

    MCP servers that agentrun calls are started for it. `call` checks the arguments, runs the tool within its
    time limit and prints the answer that the model would read; nobody is asked for consent. Leaves with 0 if
    the outcome is `ok`, with 1 for any other, with 2 if there is no such tool, and with 4 if an MCP server
    does not answer.

    Example: agentrun tools agents/support.yaml

    Example: agentrun tools agents/support.yaml call lookup_order '{"order_id": "A1001"}'
    """
    import asyncio

    from agentrun.cli.agents import load_plan, read_environment
    from agentrun.plan import TEXT

    if action not in (None, "call"):
        raise typer.BadParameter(f"`{action}` is not `call`", param_hint="'[call NAME JSON]'")
    if action == "call" and name is None:
        raise typer.BadParameter("name the tool to call", param_hint="'NAME'")
    start_logging(verbose=verbose, quiet="WARNING")
    plan = load_plan(agent, TEXT, parse_variables(var or []), read_environment(agent))
    if name is None:
        code = asyncio.run(_list(plan, output_format))
    else:
        code = asyncio.run(_call(plan, name, arguments or "{}", caller))
    raise typer.Exit(code)


async def _list(plan: CallPlan, output_format: Format) -> Exit:
    from agentrun.runtime.trial import open_tools

    async with open_tools(plan) as (toolset, _):
        if output_format is Format.JSON:
            rows = [_describe(plan, tool) for tool in toolset.tools]
            document = {"format_version": 1, "agent": plan.agent, "tools": rows, "hosted": toolset.hosted}
            typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        else:
            typer.echo("\n\n".join(_render(plan, toolset)))
        return _tell_lost(toolset)


async def _call(plan: CallPlan, name: str, arguments: str, caller: str) -> Exit:
    from agentrun.outcome import render_output
    from agentrun.runtime.trial import TrialCall, open_tools, run_tool
    from agentrun.tools.call import ToolRequest

    async with open_tools(plan) as (toolset, pool):
        tool = toolset.find(name)
        if tool is None:
            _tell_unknown(toolset, name)
            return _tell_lost(toolset) or Exit.USAGE
        call = TrialCall(lambda text: typer.echo(text, err=True), caller=caller)
        outcome = await run_tool(plan, toolset, pool, ToolRequest("trial", name, arguments), call)
    typer.echo(render_output(outcome, tool.result_max_bytes))
    typer.echo(f"{outcome.outcome} after {outcome.duration_ms} ms", err=True)
    return Exit.FINE if outcome.outcome == "ok" else Exit.FINDINGS


def _tell_unknown(toolset: Toolset, name: str) -> None:
    from difflib import get_close_matches

    names = [tool.name for tool in toolset.tools]
    near = get_close_matches(name, names, 1)
    hint = f"did you mean `{near[0]}`?" if near else f"there are: {', '.join(names) or 'none'}"
    typer.echo(f"agentrun: there is no tool `{name}`; {hint}", err=True)


def _tell_lost(toolset: Toolset) -> Literal[Exit.FINE, Exit.ENVIRONMENT]:
    for label, problem in toolset.lost.items():
        typer.echo(f"agentrun: the MCP server `{label}` cannot be used: {problem}", err=True)
    return Exit.ENVIRONMENT if toolset.lost else Exit.FINE


def _describe(plan: CallPlan, tool: ToolBinding) -> JsonObject:
    from agentrun.runtime.trial import find_source

    seen = {key: value for key, value in tool.declare().items() if key != "type"}
    rules = {"effect": tool.effect, "runs_once": tool.runs_once, "confirm": tool.confirm}
    return {**seen, "source": find_source(plan, tool), **rules, "timeout_ms": tool.timeout_ms}


def _render(plan: CallPlan, toolset: Toolset) -> Iterator[str]:
    """Yield one paragraph for each tool, and for each server whose tools only the provider knows."""
    for tool in toolset.tools:
        yield "\n".join(_render_tool(plan, tool))
    for label in toolset.hosted:
        yield f"{label}\n  from: an MCP server that the provider calls; it alone knows the tools"
    if not toolset.tools and not toolset.hosted:
        yield f"`{plan.agent}` has no tools"


def _render_tool(plan: CallPlan, tool: ToolBinding) -> Iterator[str]:
    from agentrun.runtime.trial import find_source

    yield tool.name
    yield from (f"  {line}" for line in tool.declare().get("description", "").splitlines() if line)
    required = tool.parameters.get("required", ())
    for name, schema in tool.parameters.get("properties", {}).items():
        yield f"  - {name} {_render_schema(schema if isinstance(schema, dict) else {}, name in required)}"
    once = ", the same call runs once" if tool.runs_once else ""
    consent = "" if tool.confirm == "none" else f", needs the consent of the {tool.confirm}"
    yield f"  from: {find_source(plan, tool)}"
    yield f"  {tool.effect}{once}{consent}, {tool.timeout_ms / 1000:g} s"


def _render_schema(schema: JsonObject, required: bool) -> str:
    words = {key: value for key, value in schema.items() if key not in ("type", "description")}
    limits = f" {json.dumps(words, ensure_ascii=False)}" if words else ""
    told = f": {schema['description']}" if schema.get("description") else ""
    return f"({schema.get('type', 'any')}{'' if required else ', optional'}){told}{limits}"
