"""Agent files: reading them with places, checking them, and making a typed `AgentSpec` of them."""

from __future__ import annotations

from agentrun.config.load import CheckReport, check_paths, load_agent, read_sources
from agentrun.config.model import AgentSpec
from agentrun.config.schema import build_agent_schema

__all__ = ["AgentSpec", "CheckReport", "build_agent_schema", "check_paths", "load_agent", "read_sources"]
