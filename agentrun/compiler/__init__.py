"""From an `AgentSpec` to a frozen `CallPlan` for one channel."""

from __future__ import annotations

from agentrun.compiler.compile import compile_agent

__all__ = ["compile_agent"]
