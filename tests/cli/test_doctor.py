from __future__ import annotations

import http.server
import json
import re
import sys
import threading
import tomllib
from collections.abc import Iterator
from importlib import util
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner

from agentrun import audio
from agentrun.cli import doctor
from agentrun.cli.doctor import WAYS, check_machine, check_network, doctor_command, is_ready

app = typer.Typer()
app.command()(doctor_command)


@pytest.fixture(autouse=True)
def _bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, and a project of its own."""
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AGENTRUN_SPEECH_OFF"):
        monkeypatch.delenv(name, raising=False)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout


def run_json(*arguments: str) -> tuple[int, dict[str, Any], dict[str, dict[str, str]]]:
    code, out = run("--format", "json", *arguments)
    document = json.loads(out)
    assert document["format_version"] == 1
    return code, document["ways"], {check["name"]: check for check in document["checks"]}


def test_every_way_has_its_line_and_every_lack_its_remedy() -> None:
    code, out = run()
    assert code == 0
    heads = [line for line in out.splitlines() if not line.startswith(" ")]
    assert heads[0] == "check and rehearse in writing, offline: ready"
    assert [line.rpartition(": ")[0] for line in heads] == list(WAYS.values())
    _, _, checks = run_json()
    assert all(bool(check["remedy"]) == (check["status"] != "ok") for check in checks.values())


def test_the_key_and_where_it_may_stand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    code, ways, checks = run_json()
    assert (code, ways["provider"]["ready"], checks["key"]["status"]) == (0, False, "missing")
    (tmp_path / ".env").write_text("OPENAI_API_KEY=sk-hidden\n")
    assert run_json()[1]["provider"]["ready"] is True
    assert "sk-hidden" not in run()[1]
    (tmp_path / ".env").unlink()
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:8765/v1")
    assert run_json()[2]["key"]["message"] == "OPENAI_BASE_URL names 127.0.0.1; no key is sent"


def test_speech_parts_that_are_missing_make_it_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTRUN_SPEECH_OFF", "all")
    code, ways, checks = run_json()
    assert (code, ways["voice"]["ready"]) == (0, True)
    assert {checks[name]["status"] for name in ("vad", "stt", "tts")} == {"less"}
    assert checks["soxr"]["status"] in ("ok", "less")
    assert checks["stt"]["remedy"] == "unset AGENTRUN_SPEECH_OFF"
    assert "talk on the page, offline: ready, with less" in run()[1]


def test_a_speech_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == "pocketsphinx" else real(name))
    stt = next(check for check in check_machine({}) if check.name == "stt")
    assert (stt.status, stt.remedy) == ("less", "install agentrun[speech]")
    assert "pocketsphinx" in stt.message


def test_without_soxr_sound_is_resampled_in_plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio, "has_soxr", lambda: False)
    soxr = next(check for check in check_machine({}) if check.name == "soxr")
    assert (soxr.status, soxr.remedy) == ("less", "install agentrun[speech]")


def test_webrtc_is_an_extra_that_other_ways_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    real = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == "av" else real(name))
    code, ways, checks = run_json()
    assert (code, ways["webrtc"]["ready"], ways["text"]["ready"]) == (0, False, True)
    assert checks["aiortc"]["message"].startswith("not installed: av;")
    assert checks["aiortc"]["remedy"] == "install agentrun[webrtc]"


def test_every_package_that_agentrun_needs_is_looked_for() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    names = {re.split(r"[\[<>=;]", line)[0].strip() for line in project["dependencies"]}
    assert {"yaml" if name == "pyyaml" else name for name in names} == set(doctor._PACKAGES)


@pytest.mark.parametrize("lack", ["libyaml", "package", "python"])
def test_without_the_default_way_it_fails(lack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = util.find_spec
    if lack == "libyaml":
        monkeypatch.setattr(yaml, "__with_libyaml__", False)
    elif lack == "package":
        monkeypatch.setattr(util, "find_spec", lambda name: None if name == "jsonschema" else real(name))
    else:
        check = doctor._check_python
        monkeypatch.setattr(doctor, "_check_python", lambda _: check((3, 10, 1)))
    code, ways, checks = run_json()
    assert code == 4
    assert not any(way["ready"] for way in ways.values())
    assert [check["way"] for check in checks.values() if check["status"] == "broken"] == ["text"]


def test_a_microphone_is_looked_for_where_linux_lists_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert doctor._check_microphone(tmp_path / "none").message == "none is found here"
    (tmp_path / "pcm").write_text("00-00: ALC : ALC : playback 1 : capture 1\n")
    assert doctor._check_microphone(tmp_path / "pcm").message.startswith("there is one")
    monkeypatch.setattr(sys, "platform", "win32")
    assert "browser" in doctor._check_microphone(tmp_path / "pcm").remedy


def test_no_request_leaves_without_being_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert run()[0] == 0


class _Provider(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        good = self.path == "/v1/models" and self.headers["Authorization"] == "Bearer good"
        self.send_response(200 if good else 401)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def provider() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Provider) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()
        thread.join()


def test_the_network_is_asked_only_on_request(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    base = {"OPENAI_BASE_URL": provider}
    (good,) = check_network({**base, "OPENAI_API_KEY": "good"})
    assert (good.status, good.message) == ("ok", "127.0.0.1 answers (200)")
    (bad,) = check_network({**base, "OPENAI_API_KEY": "bad"})
    assert (bad.status, bad.remedy) == ("missing", "check OPENAI_API_KEY")
    (none,) = check_network(base)
    assert none.remedy == "set OPENAI_API_KEY"
    (nobody,) = check_network({"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"})
    assert nobody.status == "missing"
    assert "cannot be reached" in nobody.message
    monkeypatch.setenv("OPENAI_BASE_URL", provider)
    monkeypatch.setenv("OPENAI_API_KEY", "bad")
    code, ways, checks = run_json("--network")
    assert (code, ways["provider"]["ready"], checks["network"]["status"]) == (0, False, "missing")
    assert is_ready("text", list(check_machine({})))
