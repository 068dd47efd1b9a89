"""`agentrun engine` as a process of its own."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys

import pytest
from websockets.sync.client import connect

pytestmark = pytest.mark.slow


def start(*options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "agentrun", "engine", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_says_where_it_is_and_leaves_in_good_order(number: signal.Signals) -> None:
    with start("--port", "0") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"OPENAI_BASE_URL=http://127\.0\.0\.1:(\d+)/v1", line)
        assert found, line
        with connect(f"ws://127.0.0.1:{found[1]}/v1/realtime?model=m", proxy=None) as session:
            assert json.loads(session.recv())["type"] == "session.created"
            process.send_signal(number)
            _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in errors


def test_taken_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with start("--port", port) as process:
            _, errors = process.communicate(timeout=20)
    assert process.returncode == 4
    assert errors.strip() == (
        f"agentrun: port {port} of 127.0.0.1 is taken by another program; choose another with `--port`"
    )


def test_unknown_mind() -> None:
    with start("--responder", "oracle") as process:
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "`oracle` is not one of rehearsal" in errors
