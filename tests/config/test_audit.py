"""Checking runs no code of the user, starts nothing, writes nothing and opens no socket."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

GUARD = """
import os
import sys

def refuse(what):
    # Not an exception: nobody can catch this.
    os.write(2, f"refused: {what}\\n".encode())
    os._exit(1)

def guard(event, arguments):
    refused = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork")
    if event.startswith(refused):
        refuse(f"{event}")
    if event == "import" and str(arguments[0]).split(".")[0] == "shoptools":
        refuse(f"import {arguments[0]}")
    if event == "open" and isinstance(arguments[1], str) and set("wax+") & set(arguments[1]):
        refuse(f"open {arguments[0]} to write")
    if event == "exec" and "shoptools" in str(arguments[0]):
        refuse("code of the user")

sys.dont_write_bytecode = True
sys.addaudithook(guard)
sys.path.insert(0, ".")
"""
RUN = "from agentrun.cli import app\nsys.argv = ['agentrun', *sys.argv[1:]]\napp()\n"
AGENT = """\
version: 1
instructions: Help.
tools:
  - python: shoptools.orders:look_up
  - python: shoptools:cancel
  - name: ticket
    description: Open a ticket for the caller.
    http: {method: POST, url: "https://tickets.example.com/{{id}}", headers: {X-Key: "${KEY}"}}
    parameters: {type: object, properties: {id: {type: string, description: The id}}, required: [id]}
mcp_servers:
  - {label: calendar, command: [python, -m, shoptools.server]}
  - {label: catalogue, url: "https://mcp.example.com/mcp"}
"""
CANARY = 'open("canary", "w").close()\n'
ORDERS = 'def look_up(order: str) -> str:\n    """Look an order up."""\n'


def run(folder: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2])])}
    command = [sys.executable, "-c", GUARD + script, *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "agent.yaml").write_text(AGENT)
    package = tmp_path / "shoptools"
    package.mkdir()
    (package / "__init__.py").write_text(CANARY + ORDERS.replace("look_up", "cancel") + "    return order\n")
    (package / "orders.py").write_text(CANARY + ORDERS + "    return order\n")
    return tmp_path


@pytest.mark.parametrize("arguments", [["agent.yaml"], ["."], ["agent.yaml", "--env"]])
def test_validate_touches_nothing(project: Path, arguments: list[str]) -> None:
    done = run(project, RUN, "validate", *arguments)
    assert "refused" not in done.stderr, done.stderr
    assert done.returncode == (1 if "--env" in arguments else 0), done.stdout + done.stderr
    assert "1 file checked" in done.stderr
    assert not (project / "canary").exists()


@pytest.mark.parametrize(
    "act",
    [
        "import socket; socket.socket()",
        "import subprocess; subprocess.Popen(['true'])",
        "import os; os.system('true')",
        "import shoptools",
        "import importlib; importlib.import_module('shoptools.orders')",
        "open('canary', 'w')",
    ],
)
def test_the_guard_would_see_it(project: Path, act: str) -> None:
    done = run(project, act)
    assert "refused: " in done.stderr
    assert done.returncode == 1


def test_the_guard_sees_validate_with_import(project: Path) -> None:
    # `importlib.import_module` raises no event `import`; only that the module's code runs gives it away.
    done = run(project, RUN, "validate", "agent.yaml", "--import")
    assert "refused: code of the user" in done.stderr, done.stdout + done.stderr
    assert done.returncode == 1
