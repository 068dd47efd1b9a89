"""The JSON Schemas of agent and scenario files, built in Python so that their parts have names."""

from __future__ import annotations

from agentrun.config.schema.agent import SCHEMA_URL, build_agent_schema
from agentrun.config.schema.scenario import SCENARIO_URL, build_scenario_schema
from agentrun.config.schema.tools import TOOL

__all__ = ["SCENARIO_URL", "SCHEMA_URL", "TOOL", "build_agent_schema", "build_scenario_schema"]
