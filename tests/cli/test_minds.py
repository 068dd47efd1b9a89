"""The options of `agentrun engine` that say what thinks, listens and speaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from agentrun.cli import app
from agentrun.cli.minds import MindOptions
from agentrun.engine.opening import EngineChoice
from agentrun.engine.responders.chat import ChatOptions
from agentrun.engine.responders.script import ScriptError
from agentrun.engine.speech.remote import RemotePart
from agentrun.secret import Secret

NONE: dict[str, Any] = {
    "responder": "",
    "chat_url": None,
    "chat_model": None,
    "script": None,
    "stt_url": None,
    "stt_model": "whisper-1",
    "tts_url": None,
    "tts_model": "tts-1",
    "tts_voice": None,
}
CHAT = {"chat_url": "http://127.0.0.1:11434/v1", "chat_model": "qwen3"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, EngineChoice()),
        ({"responder": "gullible"}, EngineChoice("gullible")),
        (CHAT, EngineChoice("chat", ChatOptions(CHAT["chat_url"], CHAT["chat_model"], Secret("sk-chat")))),
        ({"script": Path("s.yaml")}, EngineChoice("script", script=Path("s.yaml"))),
        (
            {"stt_url": "http://host", "tts_url": "https://host/v1", "tts_voice": "af_heart"},
            EngineChoice(
                ears=RemotePart("http://host", "whisper-1"),
                mouth=RemotePart("https://host/v1", "tts-1", voice="af_heart"),
            ),
        ),
    ],
)
def test_options_say_what_an_engine_is_made_of(
    given: dict[str, Any], expected: EngineChoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENTRUN_CHAT_API_KEY", "sk-chat")
    assert MindOptions(**(NONE | given)).choose() == expected


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"responder": "oracle"}, "--responder"),
        ({"responder": "rehearsal", **CHAT}, "--chat-url"),
        ({"responder": "chat", "script": Path("s.yaml"), **CHAT}, "--script"),
        ({"chat_url": "http://host"}, "--chat-model"),
        ({"responder": "chat"}, "--chat-url"),
        ({"responder": "script"}, "--script"),
        ({"chat_url": "localhost:11434", "chat_model": "m"}, "--chat-url"),
        ({"stt_url": "nowhere"}, "--stt-url"),
        ({"tts_url": "nowhere"}, "--tts-url"),
    ],
)
def test_options_that_do_not_fit_are_named(given: dict[str, Any], option: str) -> None:
    with pytest.raises(typer.BadParameter) as wrong:
        MindOptions(**(NONE | given)).choose()
    assert wrong.value.param_hint == option


def test_a_wrong_script_ends_the_command_before_it_listens(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("[{say: 1}]")
    done = CliRunner().invoke(app, ["engine", "--port", "0", "--script", str(file)])
    assert isinstance(done.exception, ScriptError)  # which leaves the process with status 2
    assert "steps[0].say" in str(done.exception)
