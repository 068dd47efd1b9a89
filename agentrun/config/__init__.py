"""Agent and scenario files: reading them with places, checking them, and making typed values of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from agentrun.config.excerpts import read_sources
from agentrun.config.load import (
    CheckReport,
    Loaded,
    check_paths,
    load_agent,
    load_checked,
    load_scenario,
)

if TYPE_CHECKING:
    from agentrun.config.model import AgentSpec
    from agentrun.config.scenario import ScenarioSpec
    from agentrun.config.schema import build_agent_schema, build_scenario_schema

__all__ = [
    "AgentSpec",
    "CheckReport",
    "Loaded",
    "ScenarioSpec",
    "build_agent_schema",
    "build_scenario_schema",
    "check_paths",
    "load_agent",
    "load_checked",
    "load_scenario",
    "read_sources",
]

# Loaded on first use: checking needs neither the typed models nor the schemas as a whole.
_LATER = {
    "AgentSpec": "model",
    "ScenarioSpec": "scenario",
    "build_agent_schema": "schema",
    "build_scenario_schema": "schema",
}


def __getattr__(name: str) -> object:
    """Load what is not needed to check a file."""
    if name in _LATER:
        found: object = getattr(import_module(f"agentrun.config.{_LATER[name]}"), name)
        return found
    raise AttributeError(f"module `agentrun.config` has no attribute `{name}`")
