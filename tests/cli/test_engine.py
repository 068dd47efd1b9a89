"""`agentrun engine` as a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from agentrun.cli.engine import engine_command

HANDSHAKE = (
    b"GET /v1/realtime?model=m HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def start(*options: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "agentrun", "engine", *options]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def read_port(process: subprocess.Popen[str], secure: str = "") -> int:
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(rf"OPENAI_BASE_URL=http{secure}://127\.0\.0\.1:(\d+)/v1", line)
    assert found, line
    return int(found[1])


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_says_where_it_is_and_leaves_in_good_order(number: signal.Signals) -> None:
    with start("--port", "0") as process:
        with connect(f"ws://127.0.0.1:{read_port(process)}/v1/realtime?model=m", proxy=None) as session:
            assert json.loads(session.recv())["type"] == "session.created"
            process.send_signal(number)
            with pytest.raises(ConnectionClosed) as closed:
                session.recv()
        _, errors = process.communicate(timeout=20)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1001, "the server is shutting down")
    assert process.returncode == 0
    assert "Traceback" not in errors


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 130)])
def test_a_second_signal_ends_it_at_once(number: signal.Signals, code: int) -> None:
    with (
        start("--port", "0") as process,
        socket.create_connection(("127.0.0.1", read_port(process))) as mute,  # answers no close frame
    ):
        mute.sendall(HANDSHAKE)
        while b"session.created" not in mute.recv(65536):
            pass
        process.send_signal(number)
        while b"shutting down" not in mute.recv(65536):
            pass
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == code
    assert "Traceback" not in errors


@pytest.mark.slow
def test_keys_and_tls(tmp_path: Path) -> None:
    options = ("--port", "0", "--tls", "--max-sessions", "1")
    with start(*options, XDG_DATA_HOME=str(tmp_path), AGENTRUN_ENGINE_API_KEY="one two") as process:
        url = f"wss://127.0.0.1:{read_port(process, 's')}/v1/realtime?model=m"
        assert process.stdout is not None
        authority = tmp_path / "agentrun" / "tls" / "ca.pem"
        assert f"SSL_CERT_FILE={authority} " in process.stdout.readline()
        trust = ssl.create_default_context(cafile=str(authority))
        for headers, status in ({}, 401), ({"api-key": "three"}, 401):
            with pytest.raises(InvalidStatus) as refused:
                connect(url, ssl=trust, additional_headers=headers, proxy=None)
            assert refused.value.response.status_code == status
        with connect(url, ssl=trust, additional_headers={"api-key": "two"}, proxy=None) as session:
            assert json.loads(session.recv())["type"] == "session.created"
            with pytest.raises(InvalidStatus, match="429"):
                connect(url, ssl=trust, additional_headers={"api-key": "one"}, proxy=None)
        process.terminate()
        process.communicate(timeout=20)


@pytest.mark.slow
def test_taken_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with start("--port", port) as process:
            _, errors = process.communicate(timeout=20)
    assert process.returncode == 4
    assert errors.strip() == (
        f"agentrun: port {port} of 127.0.0.1 is taken by another program; choose another with `--port`"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--responder", "oracle"], "`oracle` is not one of rehearsal"),
        (["--tls-key", "key.pem"], "it needs `--tls-cert`"),
        (["--tls", "--tls-cert", "cert.pem"], "either it or `--tls-cert` is meant"),
        (["--max-sessions", "0"], "not in the range"),
        (["--webhook-url", "http://127.0.0.1/hook"], "it needs `--webhook-secret`"),
        (["--webhook-url", "127.0.0.1", "--webhook-secret", "a"], "`127.0.0.1` is not an HTTP address"),
        (["--webhook-url", "http://127.0.0.1/hook", "--webhook-secret", "whsec_!"], "is not base64"),
    ],
)
def test_wrong_usage(options: list[str], message: str) -> None:
    app = typer.Typer(rich_markup_mode=None)
    app.command()(engine_command)
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 2
    assert message in result.stderr
