"""Agents that can run: checked to the last import, so that no caller meets a fault of the file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from agentrun.config import AgentSpec, check_paths, load_agent
from agentrun.errors import ConfigError
from agentrun.tools.python import describe_function


def load_runnable(path: Path, environment: Mapping[str, str]) -> AgentSpec:
    """Load an agent, importing its Python tools.

    Raises:
        ConfigError: the file has errors, a variable of the environment is missing, or a tool does not import.

    """
    report = check_paths(
        [path], environment=environment, require_environment=True, import_python=describe_function
    )
    if any(finding.severity == "error" for finding in report.findings):
        raise ConfigError(report.findings)
    return load_agent(path, environment=environment)
