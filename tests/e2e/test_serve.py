"""The whole house: `agentrun serve` with the example agents on the embedded engine, in a real browser."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.common.exceptions import TimeoutException

from tests.e2e.conftest import Browser
from tests.e2e.speaking import ESPEAK, speak

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from agentrun.cli import main; main()"]


@pytest.fixture(scope="module")
def served(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    books = tmp_path_factory.mktemp("books")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    environment |= {"HARBOUR_BOOKS_DB": str(books / "orders.db"), "BADA_CLINIC_DB": str(books / "clinic.db")}
    command = [*COMMAND, "serve", "agents/support.yaml", "agents/clinic.yaml", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            first, second = process.stdout.readline(), process.stdout.readline()
            assert "embedded" in first
            assert "OPENAI_API_KEY" in first
            found = re.search(r"http://127\.0\.0\.1:(\d+)/", second)
            assert found
            chromium.port = int(found[1])
            yield chromium
        finally:
            chromium.driver.get("about:blank")
            process.terminate()
            assert process.wait(20) == 0


def test_an_order_is_looked_up(served: Browser) -> None:
    served.set_microphone("denied")
    served.open()
    served.wait_text("#engine", "embedded")
    served.start("support")
    served.wait_text(".turn.agent .words", "Harbour Books")
    served.say("Where is my order A1001?")
    served.wait_text("li.tool.ok", "lookup_order")
    served.wait_text("li.tool.ok .arguments", "A1001")
    served.wait_text(".turn.agent .note", "first sound after")
    served.wait_text(".turn.agent:last-child .words", "A1001")
    served.find("#hang-up").click()
    served.wait_text("#after-text", "You hung up.")


def test_the_clinic_answers_in_korean(served: Browser) -> None:
    served.set_microphone("denied")
    served.open()
    served.start("clinic")
    served.wait_text(".turn.agent .words", "안녕하세요")
    served.say("월요일에 빈 시간 있나요?")
    served.wait_text("li.tool.ok", "find_free_slots")
    served.wait_text(".turn.agent:last-child .words", "월요일")
    served.find("#hang-up").click()
    served.wait_text("#after-text", "You hung up.")


AFTER_GREETING_S = 6.0
"""When the caller speaks; the greetings are over by then."""


@pytest.mark.speech
@pytest.mark.skipif(ESPEAK is None, reason="needs espeak-ng on the PATH")
@pytest.mark.parametrize(
    ("agent", "voice", "said", "tool", "argument", "answered"),
    [
        ("support", "en-us", "Where is my order A 1 0 0 1?", "lookup_order", "A1001", "A1001"),
        ("clinic", "ko", "금요일에 빈 시간 있나요?", "find_free_slots", "20", "금요일"),
    ],
)
@pytest.mark.timeout(150)
def test_what_is_spoken_reaches_the_tool(
    served: Browser, agent: str, voice: str, said: str, tool: str, argument: str, answered: str
) -> None:
    """From the microphone through page, recogniser and mind to the tool, and back as speech.

    Chromium drops sound when the machine is busy, and what was not heard cannot be understood: three takes.
    """
    pytest.importorskip("pocketsphinx", reason="needs the extra `speech`")
    for further_takes in (2, 1, 0):
        speak(said, served.microphone, voice=voice, after_s=AFTER_GREETING_S)
        served.set_microphone("granted")
        served.open()
        served.find("#headphones").click()
        served.start(agent)
        try:
            served.wait_text("li.tool.ok .arguments", argument, 20)
            served.wait_text(".turn.agent:last-child .words", answered)
        except TimeoutException:
            if not further_takes:
                raise
        else:
            break
    served.wait_text("li.tool.ok", tool)
    served.wait_text(".turn.agent:last-child .note", "first sound after")
    served.find("#hang-up").click()
    served.wait_text("#after-text", "You hung up.")
