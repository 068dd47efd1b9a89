"""From paths on the command line to agents that can run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentrun.plan import CallPlan, ChannelProfile


def find_agents(paths: Iterable[Path]) -> list[Path]:
    """Return the agent files that the paths name, as `validate` finds them: files, and those below folders.

    Raises:
        AgentrunError: a path does not exist.

    """
    from agentrun.config import check_paths
    from agentrun.config.discovery import is_scenario_file
    from agentrun.errors import AgentrunError

    paths = list(paths)
    if all(path.is_file() for path in paths):  # each is checked when it is loaded
        return [path for path in dict.fromkeys(paths) if not is_scenario_file(str(path))]
    report = check_paths(paths, environment=os.environ)
    if report.unreadable:
        raise AgentrunError(f"`{report.unreadable[0]}` cannot be read: there is no such file or folder")
    return [Path(file) for file in report.files if not is_scenario_file(file)]


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
        ConfigError: the file has errors, a tool does not import, or a required variable is not given.

    """
    from agentrun.compiler import compile_agent
    from agentrun.errors import AgentrunError
    from agentrun.runtime.agents import load_runnable
    from agentrun.tools.python import describe_function

    if not path.is_file():
        what = "it is a folder; name one agent file" if path.is_dir() else "there is no such file"
        raise AgentrunError(f"`{path}` cannot be read: {what}")
    return compile_agent(
        load_runnable(path, environment),
        channel,
        variables=variables,
        call={"channel": channel.name},
        describe_python=describe_function,
    )
