from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agentrun.config import check_paths, load_agent, read_sources
from agentrun.config.discovery import make_name
from agentrun.config.model import (
    AgentSpec,
    GreetingSpec,
    PlaceholderSpec,
    TranscriptionSpec,
    TruncationSpec,
    TurnDetectionSpec,
    VariableSpec,
    VoiceSpec,
)
from agentrun.errors import ConfigError, ToolFailed
from agentrun.plan import PythonTarget
from agentrun.secret import Secret

Write = Callable[[dict[str, str]], Path]
GOOD = "version: 1\ninstructions: Help the caller.\n"

FULL = """\
version: 1
name: desk
description: Order desk
model: {name: gpt-realtime-2.1, api_key: "${KEY}", reasoning: high, max_output_tokens: inf}
voice: marin
language: en
instructions: {file: desk.md}
greeting: Hello
variables: {shop: Harbour, tier: {required: true}, pin: {secret: true}, zero: 0, none: null}
turn_detection: {type: server_vad, threshold: 1, idle_timeout_ms: null}
transcription: {languages: [en, ko], model: gpt-transcribe}
tools:
  - name: ticket
    description: Open a ticket
    http: {url: "https://a.b/{{shop}}", headers: {X: "${KEY}", N: 3}, json: {a: [1, "${KEY}"]}}
    placeholder: {say: Wait, after: 1s, max: 2}
    timeout: 3s
    result: {max_bytes: 2KiB}
  - builtin: hang_up
    placeholder: Bye
session: {max_duration: 15m}
context: {truncation: {retention_ratio: 0.5}}
tracing: auto
overrides: {include: [x]}
public_env: [OTHER]
greeting: Hello {{shop}} {{tier}} {{zero}} {{none}}
""".replace("greeting: Hello\n", "", 1)


@pytest.fixture
def spec(write: Write) -> AgentSpec:
    root = write({"agents/desk.yaml": FULL, "agents/desk.md": "You are the desk.\n"})
    return load_agent(root / "agents" / "desk.yaml", environment={"KEY": "k"})


def test_every_form_becomes_its_class(spec: AgentSpec, tmp_path: Path) -> None:
    assert (spec.name, spec.root, spec.instructions) == ("desk", str(tmp_path), "You are the desk.\n")
    assert spec.voice == VoiceSpec("marin")
    assert spec.greeting == GreetingSpec("Hello {{shop}} {{tier}} {{zero}} {{none}}")
    assert spec.turn_detection == TurnDetectionSpec("server_vad", threshold=1)
    assert spec.transcription == TranscriptionSpec("gpt-transcribe", languages=("en", "ko"))
    assert spec.context.truncation == TruncationSpec(retention_ratio=0.5)
    assert spec.session.max_duration_ms == 900_000
    assert spec.tracing == "auto"
    assert spec.public_env == ("OTHER",)
    assert spec.model.reasoning is not None
    assert (spec.model.api_key, spec.model.reasoning.effort) == (Secret("k"), "high")


def test_variables_keep_unset_null_and_zero_apart(spec: AgentSpec) -> None:
    assert spec.variables == {
        "shop": VariableSpec("Harbour"),
        "tier": VariableSpec(required=True),
        "pin": VariableSpec(secret=True),
        "zero": VariableSpec(0),
        "none": VariableSpec(None),
    }


def test_tools_with_times_sizes_and_secrets(spec: AgentSpec) -> None:
    ticket, bye = spec.tools
    assert ticket.placeholder == PlaceholderSpec("Wait", after_ms=1000, most=2)
    assert (ticket.timeout_ms, ticket.result.max_bytes) == (3000, 2048)
    assert ticket.http is not None
    assert ticket.http.headers == {"X": Secret("k"), "N": 3}
    assert ticket.http.json == {"a": [1, Secret("k")]}
    assert bye.builtin is not None
    assert (bye.builtin.name, bye.placeholder) == ("hang_up", PlaceholderSpec("Bye"))


def test_secrets_do_not_show(write: Write) -> None:
    root = write({"a.yaml": GOOD + "model: {api_key: '${KEY}'}\n"})
    assert "very-secret" not in repr(load_agent(root / "a.yaml", environment={"KEY": "very-secret"}))


def test_errors_carry_all_findings(write: Write) -> None:
    root = write({"a.yaml": GOOD + "voice: bob\nlanguage: xx\n"})
    with pytest.raises(ConfigError) as caught:
        load_agent(root / "a.yaml", environment={})
    assert [f.code for f in caught.value.diagnostics] == ["AR303", "AR307"]
    assert read_sources(caught.value.diagnostics) == {
        str(root / "a.yaml"): GOOD + "voice: bob\nlanguage: xx\n"
    }


def test_missing_variables_stop_a_call_but_not_a_look(write: Write) -> None:
    root = write(
        {"a.yaml": GOOD + "greeting: Hello from ${SHOP}\n", "b.yaml": GOOD + "voice: {speed: '${SPEED}'}\n"}
    )
    with pytest.raises(ConfigError):
        load_agent(root / "a.yaml", environment={})
    spec = load_agent(root / "a.yaml", environment={}, require_environment=False)
    assert spec.greeting == GreetingSpec("Hello from ${SHOP}")
    with pytest.raises(ConfigError, match="SPEED"):
        load_agent(root / "b.yaml", environment={}, require_environment=False)


def test_dotenv_lies_under_the_environment(write: Write) -> None:
    root = write({"a.yaml": GOOD + "model: {api_key: '${KEY}'}\n", ".env": "KEY=file\n"})
    assert load_agent(root / "a.yaml", environment={}).model.api_key == Secret("file")
    assert load_agent(root / "a.yaml", environment={"KEY": "real"}).model.api_key == Secret("real")


@pytest.mark.parametrize(
    ("path", "name"), [("a/Order Desk.yaml", "order-desk"), ("예약.yaml", "agent"), ("x_1.yml", "x_1")]
)
def test_default_names_fit_the_rules(path: str, name: str) -> None:
    assert make_name(path) == name


def test_folders_are_searched_and_files_taken_at_their_word(write: Write) -> None:
    root = write(
        {
            "agents/a.yaml": GOOD,
            "agents/base.yaml": "voice: bob\n",
            "agents/own.yaml": GOOD + "extends: base.yaml\n",
            "agents/tools.yaml": "- builtin: hang_up\n",
            "agents/broken.yaml": "version: 1\ninstructions: [\n",
            "agents/deep/b.yml": GOOD,
            "agents/.hidden/c.yaml": "version: 1\n",
            "agents/compose.yaml": "services: {}\n",
            "agents/notes.md": "x",
            "late.yaml": "version: 1\nagent: agents/a.yaml\nturns: []\n",
        }
    )
    report = check_paths([root / "agents"], environment={})
    names = [str(Path(file).relative_to(root / "agents")) for file in report.files]
    assert names == ["a.yaml", "broken.yaml", "own.yaml", "deep/b.yml"]
    assert [f.code for f in report.findings] == ["AR005", "AR303"]
    late = check_paths([root / "late.yaml"], environment={})
    assert [f.code for f in late.findings] == ["AR901", "AR218"]
    assert check_paths([root / "agents" / "base.yaml"], environment={}).files != ()
    assert check_paths([root / "agents" / ".hidden"], environment={}).files != ()


def test_missing_paths_are_named(tmp_path: Path) -> None:
    report = check_paths([tmp_path / "no", tmp_path], environment={})
    assert report.unreadable == (str(tmp_path / "no"),)
    assert [f.code for f in report.findings] == ["AR001"]
    assert report.files == ()


def test_importing_is_asked_for_and_reported_at_the_tool(write: Write) -> None:
    root = write(
        {
            "a.yaml": GOOD + "tools:\n  - python: t:a\n  - python: t:b\n",
            "t.py": "def a(): ...\ndef b(): ...\n",
        }
    )
    tried: list[PythonTarget] = []

    def refuse_b(target: PythonTarget) -> None:
        tried.append(target)
        if target.function == "b":
            raise ToolFailed("no such table")

    assert check_paths([root / "a.yaml"], environment={}).findings == ()
    (finding,) = check_paths([root / "a.yaml"], environment={}, import_python=refuse_b).findings
    assert (finding.code, finding.span.line, finding.span.column) == ("AR410", 5, 13)
    assert "no such table" in finding.message
    assert tried[0] == PythonTarget("t", "a", str(root))


def test_equal_reports_for_equal_files(write: Write) -> None:
    root = write({"a.yaml": GOOD + "voice: bob\n"})
    assert check_paths([root], environment={}) == check_paths([root], environment={})
