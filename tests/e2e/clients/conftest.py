"""One `agentrun engine`, as a process of its own, for the official clients."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.speaking import ESPEAK, speak

QUESTION = "Where is my order A 1 0 0 1?"


@pytest.fixture(scope="session")
def engine() -> Iterator[int]:
    """Yield the port of an engine with the parts of a fresh machine."""
    command = [sys.executable, "-m", "agentrun", "engine", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"OPENAI_BASE_URL=http://127\.0\.0\.1:(\d+)/v1", process.stdout.readline())
            assert found
            yield int(found[1])
        finally:
            process.terminate()


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
