"""`agentrun engine`, as a process of its own, for the official clients."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from tests.e2e.speaking import ESPEAK, speak

QUESTION = "Where is my order A 1 0 0 1?"


@dataclass(frozen=True)
class TlsEngine:
    """An engine that speaks TLS.

    Attributes:
        port: where it listens.
        authority: the certificate that clients must trust.

    """

    port: int
    authority: Path


@contextlib.contextmanager
def run_engine(*options: str, **environment: str) -> Iterator[IO[str]]:
    """Run an engine with the parts of a fresh machine; yields its standard output."""
    command = [sys.executable, "-m", "agentrun", "engine", "--port", "0", *options]
    env = {**os.environ, **environment}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        try:
            assert process.stdout is not None
            yield process.stdout
        finally:
            process.terminate()


def read_match(output: IO[str], form: str) -> str:
    """Return what the group of an expression matches in the next line."""
    line = output.readline()
    found = re.search(form, line)
    assert found, line
    return found[1]


@pytest.fixture(scope="session")
def engine() -> Iterator[int]:
    """Yield the port of an engine."""
    with run_engine() as output:
        yield int(read_match(output, r"OPENAI_BASE_URL=http://127\.0\.0\.1:(\d+)/v1"))


@pytest.fixture(scope="session")
def tls_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsEngine]:
    """Yield an engine with a certificate of its own making."""
    home = str(tmp_path_factory.mktemp("home"))
    with run_engine("--tls", HOME=home, XDG_DATA_HOME=home, LOCALAPPDATA=home) as output:
        port = int(read_match(output, r"OPENAI_BASE_URL=https://127\.0\.0\.1:(\d+)/v1"))
        yield TlsEngine(port, Path(read_match(output, r"clients must trust (.*?): ")))


@pytest.fixture(scope="session")
def question_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a spoken question: 24 kHz 16-bit mono, without a header."""
    if ESPEAK is None:
        pytest.skip("espeak-ng is not installed")
    pytest.importorskip("pocketsphinx", reason="the extra `speech` is not installed")
    folder = tmp_path_factory.mktemp("question")
    file = folder / "question.pcm"
    file.write_bytes(speak(QUESTION, folder / "question.wav"))
    return file


@pytest.fixture(scope="session")
def question(question_file: Path) -> bytes:
    """Return the sound of that file."""
    return question_file.read_bytes()
