"""The JSON Schema of the agent file, built in Python so that its parts have names."""

from __future__ import annotations

from agentrun.config.schema.agent import SCHEMA_URL, build_agent_schema
from agentrun.config.schema.tools import TOOL

__all__ = ["SCHEMA_URL", "TOOL", "build_agent_schema"]
