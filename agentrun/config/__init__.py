"""Agent and scenario files: reading them with places, checking them, and making typed values of them."""

from __future__ import annotations

from agentrun.config.load import CheckReport, check_paths, load_agent, load_scenario, read_sources
from agentrun.config.model import AgentSpec
from agentrun.config.scenario import ScenarioSpec
from agentrun.config.schema import build_agent_schema, build_scenario_schema

__all__ = [
    "AgentSpec",
    "CheckReport",
    "ScenarioSpec",
    "build_agent_schema",
    "build_scenario_schema",
    "check_paths",
    "load_agent",
    "load_scenario",
    "read_sources",
]
