"""Agent and scenario files: reading them with places, checking them, and making typed values of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentrun.config.load import CheckReport, check_paths, load_agent, load_scenario, read_sources
from agentrun.config.schema import build_agent_schema, build_scenario_schema

if TYPE_CHECKING:
    from agentrun.config.model import AgentSpec
    from agentrun.config.scenario import ScenarioSpec

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


def __getattr__(name: str) -> object:
    """Load the typed models on first use: checking needs none, and they take a while to define."""
    if name == "AgentSpec":
        from agentrun.config.model import AgentSpec

        return AgentSpec
    if name == "ScenarioSpec":
        from agentrun.config.scenario import ScenarioSpec

        return ScenarioSpec
    raise AttributeError(f"module `agentrun.config` has no attribute `{name}`")
