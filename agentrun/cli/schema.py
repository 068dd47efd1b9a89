"""`agentrun schema`: JSON Schema for editors."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer


class Kind(StrEnum):
    """What the schema describes."""

    AGENT = "agent"
    SCENARIO = "scenario"


def schema_command(
    kind: Annotated[Kind, typer.Argument(help="What the schema describes.")] = Kind.AGENT,
) -> None:
    """Print the JSON Schema (draft-07) of agent or scenario files, for editors.

    Example: agentrun schema agent > agent.schema.json
    """
    from agentrun.config.schema import build_agent_schema, build_scenario_schema

    schema = build_agent_schema() if kind is Kind.AGENT else build_scenario_schema()
    typer.echo(json.dumps(schema, ensure_ascii=False, indent=2))
