"""The application of the guide, run as it stands there, takes a call."""

from __future__ import annotations

import asyncio
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import httpx
import pytest

from agentrun.asgi import open_listener
from agentrun.engine.calls.simulations import Simulations
from agentrun.engine.calls.webhook import Messenger, parse_endpoint
from agentrun.engine.driver import EngineParts
from agentrun.engine.http.switchboard import Switchboard
from agentrun.engine.responders.script import ScriptedResponder
from agentrun.engine.seams import Say
from agentrun.engine.server import serve_board
from tests.engine.calls.test_dial import follow
from tests.engine.test_server import Ears

PAGE = (Path(__file__).parents[3] / "docs/guides/engine-telephone.md").read_text("utf-8")


@pytest.mark.slow
async def test_the_application_answers() -> None:
    program = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)[0]
    secret = re.findall(r"--webhook-secret (\S+)", PAGE)[0]
    with open_listener("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]  # free, and given to the program
    board = Switchboard(EngineParts(ScriptedResponder([[Say("Hello.")], [Say("You too.")]]), Ears(), 1_000))
    messenger = Messenger(parse_endpoint(f"http://127.0.0.1:{port}/webhook", secret))
    board.simulations = Simulations(board.calls, board.parts.speech, messenger, pace=10)
    async with serve_board(board, "127.0.0.1", 0) as engine:
        program = program.replace("127.0.0.1:8765", f"127.0.0.1:{engine}").replace(
            "port=8000", f"port={port}"
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-u", "-c", program, stdout=PIPE, stderr=DEVNULL
        )
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{engine}") as caller:
                body = {"say": ["Good day."], "patience": {"greeting_ms": 30_000}}
                path = (await caller.post("/simulate/calls", json=body)).headers["location"]
                seen = await follow(caller, path)
        finally:
            process.terminate()
            printed, _ = await process.communicate()
    assert [line["text"] for line in seen["transcript"]] == ["Hello.", "Good day.", "You too."]
    assert seen["webhook"]["state"] == "delivered"
    assert b"output_audio_buffer.stopped" in printed
