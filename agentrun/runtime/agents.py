"""Agents that can run: checked to the last import, so that no caller meets a fault of the file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from agentrun.config import AgentSpec, load_checked
from agentrun.config.openapi.merging import expand_remote_tools
from agentrun.errors import ConfigError
from agentrun.tools.http.documents import fetch_document
from agentrun.tools.python import describe_function


def load_runnable(path: Path, environment: Mapping[str, str]) -> AgentSpec:
    """Load an agent, importing its Python tools and reading the documents of its HTTP tools.

    Raises:
        ConfigError: the file has errors, a variable of the environment is missing, a tool does not import, or
            a document cannot be used.

    """
    loaded = load_checked(path, environment=environment, import_python=describe_function)
    if loaded.spec is None:
        raise ConfigError(loaded.findings)
    return expand_remote_tools(loaded.spec, fetch_document)
