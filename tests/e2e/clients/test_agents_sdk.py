"""The runner of `openai-agents` holds its conversations with `agentrun engine`, unchanged.

It validates every event strictly by type, counts what was played for the truncation, serialises its
`response.create`, and fetches items again. What it cannot read, it tells as an error.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PYTHON = ROOT / ".venv-agents" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
HOW = (
    "there is no .venv-agents; make it with `python3 -m venv .venv-agents && "
    f".venv-agents/bin/pip install -r {HERE.relative_to(ROOT).as_posix()}/agents-requirements.txt`"
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.speech,
    pytest.mark.skipif(not PYTHON.exists(), reason=HOW),
    pytest.mark.timeout(180),
]
Line = dict[str, Any]


@pytest.fixture(scope="module")
def lines(engine: int, question_file: Path) -> dict[str, Line]:
    """Hold all conversations; return what each one told, by its name."""
    url = f"ws://127.0.0.1:{engine}/v1/realtime?model=gpt-realtime-2.1"
    command = [str(PYTHON), str(HERE / "agents_conversations.py"), url, str(question_file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=170)
    assert done.returncode == 0, done.stderr
    return {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("name", ["text", "tool", "audio", "barge-in"])
def test_nothing_is_refused_or_unreadable(lines: dict[str, Line], name: str) -> None:
    line = lines[name]
    assert line["errors"] == []
    assert [it for it in line["told"] if it["type"] in {"error", "exception", "timeout"}] == []
    assert line["events"].count("session.updated") == 2, "one for its settings, one for its tracing"


def test_typed_turns_are_answered_aloud(lines: dict[str, Line]) -> None:
    line = lines["text"]
    assert len(line["answers"]) == 2
    assert all(line["answers"])
    assert line["heard_bytes"] > 24_000, "half a second of speech"
    assert line["done"] == [None, None]


def test_a_function_tool_is_called_and_its_result_told(lines: dict[str, Line]) -> None:
    line = lines["tool"]
    assert [it["type"] for it in line["told"]] == ["tool_start", "tool_end"]
    assert json.loads(line["told"][0]["arguments"]) == {"order_id": "A1001"}
    (answer,) = line["answers"]
    assert "on its way" in answer
    assert "Monday" in answer


def test_a_spoken_question_reaches_the_tool(lines: dict[str, Line]) -> None:
    line = lines["audio"]
    assert line["transcripts"] == ["Where is my order A1001?"]
    assert "tool_end" in [it["type"] for it in line["told"]]
    assert "on its way" in line["answers"][0]
    for first, then in [
        ("input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"),
        ("input_audio_buffer.speech_stopped", "input_audio_buffer.committed"),
        ("input_audio_buffer.committed", "response.created"),
    ]:
        assert line["events"].index(first) < line["events"].index(then)


def test_a_barge_in_cancels_and_truncates(lines: dict[str, Line]) -> None:
    line = lines["barge-in"]
    assert {"type": "cancelled", "reason": "turn_detected"} in line["done"]
    (interrupted,) = [it for it in line["told"] if it["type"] == "audio_interrupted"]
    (truncated,) = line["truncated"]
    assert truncated["item_id"] == interrupted["item_id"]
    assert 0 <= truncated["audio_end_ms"] * 48 <= line["heard_bytes"]
    assert "conversation.item.retrieved" in line["events"]
    assert line["answers"], "the new question is answered"


def test_a_refusal_is_told_and_the_session_goes_on(lines: dict[str, Line]) -> None:
    line = lines["error"]
    assert [(error["code"], error["event_id"]) for error in line["errors"]] == [
        ("item_delete_invalid_item_id", "mine")
    ]
    assert [it["type"] for it in line["told"]] == ["error"]
    assert len(line["answers"]) == 1
