"""The JSON Schemas of agent and scenario files, built in Python so that their parts have names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentrun.config.schema.agent import SCHEMA_URL, build_agent_schema
from agentrun.config.schema.tools import TOOL

if TYPE_CHECKING:
    from agentrun.config.schema.scenario import SCENARIO_URL, build_scenario_schema

__all__ = ["SCENARIO_URL", "SCHEMA_URL", "TOOL", "build_agent_schema", "build_scenario_schema"]


def __getattr__(name: str) -> object:
    """Load the schema of scenarios on first use."""
    if name in ("SCENARIO_URL", "build_scenario_schema"):
        from agentrun.config.schema import scenario

        found: object = getattr(scenario, name)
        return found
    raise AttributeError(f"module `agentrun.config.schema` has no attribute `{name}`")
