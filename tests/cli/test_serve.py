"""`agentrun serve` as a process: its first line, its page, its calls, its end."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow

BYTES_PER_MS = 48


@dataclass
class Served:
    """A running server, and what it has printed up to the address of its page."""

    process: subprocess.Popen[str]
    lines: list[str]
    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def call(self, agent: str) -> ClientConnection:
        return connect(f"ws://127.0.0.1:{self.port}/agents/{agent}/ws", compression=None)

    def stop(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=20)
        return self.process.returncode, errors


@contextmanager
def serving(tmp_path: Path, *arguments: str, **extra: str) -> Iterator[Served]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    command = [sys.executable, "-m", "agentrun", "serve", *arguments, "--port", "0", "--drain", "5"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=kept | {"HARBOUR_BOOKS_DB": str(tmp_path / "orders.db"), **extra},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines: list[str] = []
    try:
        while not (found := re.search(r"page: http://(\S+):(\d+)/", lines[-1] if lines else "")):
            line = process.stdout.readline()
            assert line, process.communicate(timeout=5)[1]
            lines.append(line)
        yield Served(process, lines, found[1], int(found[2]))
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def read_until(socket: ClientConnection, kind: str, **wanted: object) -> dict[str, object]:
    """Read a call, acknowledging every sound as heard, until a message of this kind comes."""
    item_id, heard = "", dict[str, int]()
    for message in socket:
        if isinstance(message, bytes):
            heard[item_id] = heard.get(item_id, 0) + len(message)
            ms = heard[item_id] // BYTES_PER_MS
            socket.send(json.dumps({"type": "played", "item_id": item_id, "ms": ms}))
            continue
        event = json.loads(message)
        if event["type"] == "audio":
            item_id = event["item_id"]
        if event["type"] == kind and all(event.get(name) == value for name, value in wanted.items()):
            return dict(event)
    raise AssertionError(f"the call ended before `{kind}` came")


def test_a_newcomer_sees_the_engine_first_and_can_talk_to_the_agent(tmp_path: Path) -> None:
    with serving(tmp_path, "agents/support.yaml") as served:
        assert "embedded" in served.lines[0]
        assert "OPENAI_API_KEY" in served.lines[0]
        assert httpx.get(f"{served.url}/healthz").status_code == 200
        assert httpx.get(f"{served.url}/readyz").status_code == 200
        assert [agent["name"] for agent in httpx.get(f"{served.url}/agents").json()["agents"]] == ["support"]
        assert "<title>" in httpx.get(f"{served.url}/").text
        with served.call("support") as line:
            line.send(json.dumps({"type": "start", "variables": {}}))
            assert read_until(line, "transcript", role="agent", final=True)["text"] == (
                "Hello, this is Harbour Books. How can I help?"
            )
            line.send(json.dumps({"type": "text", "text": "Where is my order A1001?"}))
            called = read_until(line, "tool", state="called")
            assert (called["tool"], called["arguments"]) == ("lookup_order", {"order_id": "A1001"})
            assert read_until(line, "tool", state="returned")["outcome"] == "ok"
            assert "A1001" in str(read_until(line, "transcript", role="agent", final=True)["text"])
            line.send(json.dumps({"type": "hang_up"}))
            assert read_until(line, "ended")["reason"] == "caller_hung_up"
        assert served.stop() == (0, "")


def test_sigterm_in_a_call_tells_the_caller_and_leaves_without_a_traceback(tmp_path: Path) -> None:
    with serving(tmp_path, "agents/support.yaml") as served, served.call("support") as line:
        line.send(json.dumps({"type": "start", "variables": {}}))
        read_until(line, "started")
        served.process.send_signal(signal.SIGTERM)
        assert read_until(line, "error")["code"] == "draining"
        assert httpx.get(f"{served.url}/readyz").status_code == 503
        served.process.send_signal(signal.SIGTERM)
        assert read_until(line, "ended")["reason"] == "shutting_down"
        _, errors = served.process.communicate(timeout=20)
        assert (served.process.returncode, errors) == (0, "")


def test_a_caller_who_vanishes_in_mid_word_leaves_the_server_alive(tmp_path: Path) -> None:
    with serving(tmp_path, "agents/support.yaml") as served:
        for _ in range(3):
            with served.call("support") as line:
                line.send(json.dumps({"type": "start", "variables": {}}))
                line.send(bytes(960))
                line.socket.shutdown(socket.SHUT_RDWR)
        with served.call("support") as line:
            line.send(json.dumps({"type": "start", "variables": {}}))
            read_until(line, "started")
        assert httpx.get(f"{served.url}/healthz").status_code == 200


@pytest.mark.parametrize("extra", [("--token", "let-me-in"), ("--host", "::1")])
def test_the_embedded_engine_answers_whatever_the_address_and_the_token(
    tmp_path: Path, extra: tuple[str, str]
) -> None:
    if "::1" in extra and not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with serving(tmp_path, "agents/support.yaml", *extra) as served:
        headers = {"Authorization": "Bearer let-me-in"}
        address = f"ws://{served.host}:{served.port}/agents/support/ws"
        with connect(address, compression=None, additional_headers=headers) as line:
            line.send(json.dumps({"type": "start", "variables": {}}))
            assert "Harbour" in str(read_until(line, "transcript", role="agent", final=True)["text"])


def test_a_refusing_provider_is_told_to_the_caller(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with (
        serving(tmp_path, "agents/support.yaml", "--engine", f"http://127.0.0.1:{port}/v1") as served,
        served.call("support") as line,
    ):
        line.send(json.dumps({"type": "start", "variables": {}}))
        error = read_until(line, "error")
        assert f"nobody answers at 127.0.0.1:{port}" in str(error["message"])
        readiness = httpx.get(f"{served.url}/readyz")
        assert readiness.status_code == 503
        assert f"127.0.0.1:{port}" in readiness.json()["message"]
        assert read_until(line, "ended")["reason"] == "link_failed"
        assert httpx.get(f"{served.url}/healthz").status_code == 200


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "agentrun", "serve", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("agents/support.yaml", "--engine", "embedded", "--port", str(port))
    assert done.returncode == 4
    assert f"port {port}" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("version: 1\ninstructions: Hi\n\tvoice: marin\n", 1, "tab"),
        ("version: 1\ninstructions: Hi\ninstructions: Ho\n", 1, "twice"),
        ("version: 1\ninstructions: Hi\ntools:\n  - python: tools.nowhere:look\n", 1, "tools"),
    ],
)
def test_a_broken_agent_is_refused_before_anything_listens(
    tmp_path: Path, text: str, code: int, words: str
) -> None:
    agent = tmp_path / "desk.yaml"
    agent.write_text(text, encoding="utf-8")
    done = run(str(agent))
    assert done.returncode == code
    assert f"{agent}:" in done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_folder_matches_nothing(tmp_path: Path) -> None:
    assert run(str(tmp_path)).returncode == 5
    assert run(str(tmp_path / "nowhere")).returncode == 2
