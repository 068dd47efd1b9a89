"""The programs of the guide, run as they stand there."""

from __future__ import annotations

import asyncio
import re
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from agentrun.engine.app import build_app
from agentrun.engine.driver import EngineParts
from agentrun.engine.http.switchboard import Switchboard
from agentrun.engine.responders.script import ScriptedResponder
from agentrun.engine.seams import Say
from tests.engine.test_app import serve
from tests.engine.test_server import Ears

pytestmark = pytest.mark.slow
PAGE = (Path(__file__).parents[3] / "docs/guides/engine.md").read_text("utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)


async def run_program(*arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=PIPE)
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_the_client_gets_its_answer() -> None:
    board = Switchboard(EngineParts(ScriptedResponder([[Say("Good morning.")]]), Ears(), 1000.0))
    async with serve(build_app(board)) as place:
        code, output = await run_program("-c", PROGRAMS[0].replace("127.0.0.1:8765", place))
    assert (code, output) == (0, "Good morning.")


async def test_the_fixture_starts_an_engine(tmp_path: Path) -> None:
    use = """
def test_use(realtime_url):
    import urllib.request
    with urllib.request.urlopen(realtime_url.removesuffix("/v1") + "/healthz") as answer:
        assert answer.status == 200
"""
    file = tmp_path / "test_fixture.py"
    file.write_text(PROGRAMS[1] + use)
    code, output = await run_program("-m", "pytest", "-q", "-p", "no:cacheprovider", str(file))
    assert code == 0, output
