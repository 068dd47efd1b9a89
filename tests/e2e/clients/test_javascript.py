"""The official JavaScript clients hold their conversations with `agentrun engine`, unchanged.

`@openai/agents-realtime` validates events with zod and silently ignores what it cannot read, so it is judged
by what it did: tools it ran, answers it played, truncations it sent. `openai` insists on TLS.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.clients.conftest import TlsEngine

HERE = Path(__file__).parent / "js"
ROOT = Path(__file__).parents[3]
NODE = shutil.which("node")
HOW = f"npm install --no-package-lock --prefix {HERE.relative_to(ROOT).as_posix()}"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.speech,
    pytest.mark.skipif(NODE is None, reason="node is not installed"),
    pytest.mark.skipif(
        not (HERE / "node_modules").exists(), reason=f"there are no node_modules; make them with `{HOW}`"
    ),
    pytest.mark.timeout(180),
]
Line = dict[str, Any]


@pytest.fixture(scope="module")
def lines(engine: int, tls_engine: TlsEngine, question_file: Path) -> dict[str, Line]:
    """Hold all conversations; return what each one told, by its name."""
    assert NODE
    program = [NODE, str(HERE / "conversations.mjs"), str(engine), str(tls_engine.port), str(question_file)]
    environment = {**os.environ, "NODE_EXTRA_CA_CERTS": str(tls_engine.authority)}
    done = subprocess.run(program, capture_output=True, text=True, check=False, timeout=170, env=environment)
    assert done.returncode == 0, done.stderr
    return {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("name", ["agents text", "agents tool", "agents audio", "agents barge-in"])
def test_nothing_goes_wrong(lines: dict[str, Line], name: str) -> None:
    line = lines[name]
    assert line["errors"] == []
    assert [told for told in line["told"] if told.startswith(("error", "failed"))] == []


def test_typed_turns_are_answered_aloud(lines: dict[str, Line]) -> None:
    line = lines["agents text"]
    assert len(line["answers"]) == 2
    assert line["heardBytes"] > 24_000, "half a second of speech"


@pytest.mark.parametrize("name", ["agents tool", "agents audio"])
def test_a_function_tool_is_called_and_its_result_told(lines: dict[str, Line], name: str) -> None:
    line = lines[name]
    assert line["told"] == ["tool_start lookup_order", "tool_end lookup_order"]
    assert "on its way" in line["answers"][0]


def test_a_barge_in_cancels_and_truncates(lines: dict[str, Line]) -> None:
    line = lines["agents barge-in"]
    assert line["told"][0] == "audio_interrupted"
    assert line["statuses"][0] == "turn_detected"
    assert line["truncated"] == 1
    assert line["answers"]


def test_a_refusal_is_told_and_the_session_goes_on(lines: dict[str, Line]) -> None:
    line = lines["agents error"]
    assert line["errors"] == ["item_delete_invalid_item_id"]
    assert line["told"] == ["error: item_delete_invalid_item_id"]
    assert len(line["answers"]) == 1


def test_the_plain_client_talks_over_tls(lines: dict[str, Line]) -> None:
    line = lines["openai"]
    assert line["told"] == []
    assert line["errors"] == ["response_cancel_not_active"]
    assert len(line["answers"]) == 2
