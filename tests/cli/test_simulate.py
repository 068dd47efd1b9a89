"""`agentrun simulate` as a process: pipes, formats, exit codes, clear words for what is wrong."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """No key, and order books of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    return kept | {
        "HARBOUR_BOOKS_DB": str(tmp_path / "orders.db"),
        "BADA_CLINIC_DB": str(tmp_path / "clinic.db"),
    }


def simulate(
    environment: dict[str, str], *arguments: str, said: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "agentrun", "simulate", *arguments],
        input=said,
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=50,
        check=False,
    )


def test_the_order_desk_holds_a_conversation(environment: dict[str, str]) -> None:
    done = simulate(environment, "agents/support.yaml", said="Where is my order A1001?\n")
    assert done.returncode == 0
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == " agent  Hello, this is Harbour Books. How can I help?"
    assert lines[1] == "   you  Where is my order A1001?"
    assert lines[2] == '  tool  lookup_order(order_id="A1001")'
    assert lines[3].startswith('  tool  lookup_order → ok {"order_id": "A1001"')
    assert "A1001" in lines[4]
    assert "on its way" in lines[4]
    assert lines[-1] == "  note  the call ended: caller hung up"


def test_jsonl_is_one_event_a_line_in_order_of_time_and_the_same_in_every_run(
    environment: dict[str, str],
) -> None:
    runs = [
        simulate(
            environment, "agents/support.yaml", "--format", "jsonl", said="Where is my order A1001?\n"
        ).stdout
        for _ in range(2)
    ]
    assert runs[0] == runs[1]
    events = [json.loads(line) for line in runs[0].splitlines()]
    assert [event["event"] for event in events] == [
        "call.started",
        "agent.said",
        "caller.said",
        "tool.called",
        "tool.returned",
        "agent.said",
        "call.ended",
    ]
    times = [event["t_ms"] for event in events]
    assert times == sorted(times)
    assert times[0] == 0
    assert events[0]["agent"] == "support"
    called, returned, ended = events[3], events[4], events[-1]
    assert (called["tool"], called["arguments"]) == ("lookup_order", {"order_id": "A1001"})
    assert (returned["outcome"], returned["call_id"]) == ("ok", called["call_id"])
    assert ended["reason"] == "caller_hung_up"
    assert ended["usage"]["total_tokens"] > 0
    assert ended["cost_usd"] > 0


def test_a_slow_tool_is_covered_by_its_placeholder(environment: dict[str, str]) -> None:
    slow = environment | {"HARBOUR_BOOKS_DELAY_MS": "1500"}
    done = simulate(slow, "agents/support.yaml", "--format", "jsonl", said="Where is my order A1001?\n")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    names = [event["event"] for event in events]
    assert names.index("tool.called") < names.index("placeholder.said") < names.index("tool.returned")
    placeholder = events[names.index("placeholder.said")]
    assert placeholder["text"] == "One moment, I am looking that up."


def test_the_clinic_books_an_appointment_in_korean(environment: dict[str, str]) -> None:
    said = "예약하고 싶어요\n홍길동이요\n다음 주 수요일이요\n오전 열 시요\n네\n감사합니다, 끊을게요\n"
    done = simulate(environment, "agents/clinic.yaml", "--format", "jsonl", said=said)
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    booked = [event for event in events if event["event"] == "tool.called" and "book" in event["tool"]]
    assert len(booked) == 1
    assert booked[0]["arguments"]["name"] == "홍길동"
    assert booked[0]["arguments"]["time"] == "10:00"
    returned = [event for event in events if event["event"] == "tool.returned"]
    assert returned[0]["outcome"] == "ok"
    assert events[-1]["reason"] == "agent_hung_up"
    spoken = "".join(event["text"] for event in events if event["event"] == "agent.said")
    assert not any(char.isascii() and char.isalpha() for char in spoken), "an English word in a Korean call"


def test_output_goes_to_a_file(environment: dict[str, str], tmp_path: Path) -> None:
    target = tmp_path / "events.jsonl"
    done = simulate(
        environment, "agents/support.yaml", "--format", "jsonl", "--output", str(target), said="Hi\n"
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert json.loads(target.read_text(encoding="utf-8").splitlines()[-1])["event"] == "call.ended"


def test_a_broken_file_is_shown_with_its_place(environment: dict[str, str], tmp_path: Path) -> None:
    agent = tmp_path / "desk.yaml"
    agent.write_text("version: 1\ninstructions: Be brief.\nvoise: marin\n", encoding="utf-8")
    done = simulate(environment, str(agent))
    assert done.returncode == 1
    assert "desk.yaml:3:1: error[" in done.stderr
    assert "`voice`" in done.stderr


@pytest.mark.parametrize("missing", ["no/such/agent.yaml", "no/such/project/agent.yaml"])
def test_a_file_that_is_not_there(environment: dict[str, str], missing: str) -> None:
    done = simulate(environment, missing)
    assert done.returncode == 2
    assert missing in done.stderr
    assert "Traceback" not in done.stderr


def test_a_tool_that_does_not_import_is_one_clear_message(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "tools.py").write_text("import no_such_package\n\ndef look(a: str) -> str:\n    return a\n")
    agent = tmp_path / "desk.yaml"
    agent.write_text(
        "version: 1\ninstructions: Be brief.\ntools:\n  - python: tools:look\n", encoding="utf-8"
    )
    done = simulate(environment, str(agent))
    assert done.returncode == 1
    assert f"{agent}:4:13: error[AR410]" in done.stderr
    assert "no_such_package" in done.stderr
    assert "tools.py" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_engine_where_nobody_listens(environment: dict[str, str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = simulate(
        environment, "agents/support.yaml", "--engine", f"http://127.0.0.1:{port}/v1", said="Hi\n"
    )
    assert done.returncode == 4
    assert done.stderr == ""
    assert done.stdout.count(f"nobody answers at 127.0.0.1:{port}") == 1
    assert "agentrun engine" in done.stdout


def test_the_provider_without_a_key(environment: dict[str, str]) -> None:
    done = simulate(environment, "agents/support.yaml", "--engine", "openai", said="Hi\n")
    assert done.returncode == 4
    assert "OPENAI_API_KEY is not set" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("agents/support.yaml", "--var", "shop"), "NAME=VALUE"),
        (("agents/support.yaml", "--var", "shopp=x"), "shopp"),
        (("agents/support.yaml", "scenarios/a.yaml"), "not supported yet"),
        (("agents/support.yaml", "--engine", "embeded"), "embeded"),
    ],
)
def test_wrong_usage_is_named(environment: dict[str, str], arguments: tuple[str, ...], words: str) -> None:
    done = simulate(environment, *arguments)
    assert done.returncode in (1, 2, 4)
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_an_output_that_cannot_be_written(environment: dict[str, str], tmp_path: Path) -> None:
    target = tmp_path / "no" / "such" / "folder.jsonl"
    done = simulate(environment, "agents/support.yaml", "--output", str(target))
    assert done.returncode == 2
    assert str(target) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_is_not_an_agent(environment: dict[str, str]) -> None:
    done = simulate(environment, "agents")
    assert done.returncode == 2
    assert "it is a folder" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
def test_a_closed_standard_input_is_a_caller_who_says_nothing(environment: dict[str, str]) -> None:
    command = f"{sys.executable} -m agentrun simulate agents/support.yaml <&-"
    done = subprocess.run(
        command, shell=True, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "  note  the call ended: caller hung up"


def test_a_variable_is_filled_in(environment: dict[str, str]) -> None:
    done = simulate(environment, "agents/support.yaml", "--var", "shop=Mill Lane Books")
    assert done.stdout.splitlines()[0] == " agent  Hello, this is Mill Lane Books. How can I help?"
