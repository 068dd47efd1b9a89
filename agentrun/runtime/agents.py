"""Agents that can run: checked to the last import, so that no caller meets a fault of the file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from agentrun.config import AgentSpec, load_checked
from agentrun.errors import ConfigError
from agentrun.tools.python import describe_function


def load_runnable(path: Path, environment: Mapping[str, str]) -> AgentSpec:
    """Load an agent, importing its Python tools.

    Raises:
        ConfigError: the file has errors, a variable of the environment is missing, or a tool does not import.

    """
    loaded = load_checked(path, environment=environment, import_python=describe_function)
    if loaded.spec is None:
        raise ConfigError(loaded.findings)
    return loaded.spec
