"""From paths on the command line to agents that can run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentrun.plan import CallPlan, ChannelProfile

SUFFIXES = (".yaml", ".yml")


def find_agents(paths: Iterable[Path]) -> list[Path]:
    """Return the agent files that the paths name: files as they are, folders with the YAML files in them.

    Raises:
        AgentrunError: a path does not exist.

    """
    from agentrun.errors import AgentrunError

    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found |= dict.fromkeys(file for file in sorted(path.iterdir()) if file.suffix in SUFFIXES)
        elif path.exists():
            found[path] = None
        else:
            raise AgentrunError(f"`{path}` cannot be read: there is no such file or folder")
    return list(found)


def read_environment(path: Path) -> dict[str, str]:
    """Return the environment of this process over the `.env` file of the agent's project."""
    from agentrun.config.source import find_root, overlay, read_dotenv

    dotenv, _ = read_dotenv(find_root(str(path)))
    return overlay(dotenv, os.environ)


def load_plan(
    path: Path, channel: ChannelProfile, variables: Mapping[str, str], environment: Mapping[str, str]
) -> CallPlan:
    """Load one agent and compile it for a call.

    Raises:
        AgentrunError: there is no such file.
        ConfigError: the file has errors, or a required variable is not given.
        ToolError: a Python tool cannot be imported.

    """
    find_agents([path])
    from agentrun.compiler import compile_agent
    from agentrun.config import load_agent
    from agentrun.tools.python import describe_function

    spec = load_agent(str(path), environment=environment)
    return compile_agent(
        spec,
        channel,
        variables=variables,
        call={"channel": channel.name},
        describe_python=describe_function,
    )
