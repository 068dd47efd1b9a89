"""`agentrun schema`: JSON Schema for editors."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer


class Kind(StrEnum):
    """What the schema describes."""

    AGENT = "agent"


def schema_command(
    kind: Annotated[Kind, typer.Argument(help="What the schema describes.")] = Kind.AGENT,
) -> None:
    """Print the JSON Schema (draft-07) of agent files, for editors.

    Example: agentrun schema agent > agent.schema.json
    """
    from agentrun.config import build_agent_schema

    assert kind is Kind.AGENT
    typer.echo(json.dumps(build_agent_schema(), ensure_ascii=False, indent=2))
