"""The whole house: `agentrun serve` with the example agents on the embedded engine, in a real browser."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from agentrun.cli import main; main()"]


@pytest.fixture(scope="module")
def served(chromium: Browser) -> Iterator[Browser]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
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
