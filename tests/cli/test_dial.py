"""`agentrun engine dial` against a real engine on a real socket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from agentrun.audio import parse_wav, render_wav
from agentrun.cli import make_app
from agentrun.cli.exits import report_failure
from agentrun.engine.calls.order import Order
from agentrun.engine.calls.simulations import Simulation, Simulations
from agentrun.engine.driver import EngineParts
from agentrun.engine.http.switchboard import EngineOptions, Switchboard
from agentrun.engine.responders.script import ScriptedResponder
from agentrun.engine.seams import Move, Say
from agentrun.engine.server import serve_board
from agentrun.secret import Secret
from tests.engine.test_server import Ears

Act = Callable[[Switchboard, str], object]


class Watched(Simulations):
    """Simulated calls that an application reacts to at once."""

    def __init__(self, board: Switchboard, act: Act) -> None:
        super().__init__(board.calls, board.parts.speech, pace=200)
        self.orders: list[Order] = []
        self._board, self._act = board, act

    def begin(self, order: Order) -> Simulation:
        self.orders.append(order)
        simulation = super().begin(order)
        asyncio.get_running_loop().call_soon(self._act, self._board, simulation.id)
        return simulation


def accept(board: Switchboard, call_id: str) -> None:
    board.calls.accept(call_id, {"type": "realtime", "model": "gpt-realtime-2.1"})


def reject(board: Switchboard, call_id: str) -> None:
    board.calls.reject(call_id, 486)


def refer(board: Switchboard, call_id: str) -> None:
    accept(board, call_id)
    board.calls.find(call_id).refer("tel:+4930123")


def ignore(board: Switchboard, call_id: str) -> None:
    return


@contextlib.asynccontextmanager
async def open_engine(
    act: Act, script: Sequence[Sequence[Move]] = (), *, key: str = "", ring_limit_s: float = 60
) -> AsyncIterator[tuple[str, list[Order]]]:
    options = EngineOptions((Secret(key),) if key else (), ring_limit_s=ring_limit_s)
    board = Switchboard(EngineParts(ScriptedResponder(script), Ears(), 1_000), options)
    watched = Watched(board, act)
    board.simulations = watched
    async with serve_board(board, "127.0.0.1", 0) as port:
        yield f"http://127.0.0.1:{port}", watched.orders


async def dial(*options: str) -> Result:
    """Run the command beside the engine, as the program does."""

    def invoke() -> Result:
        return CliRunner().invoke(make_app(("engine",)), ["engine", "dial", *options])

    return await asyncio.to_thread(invoke)


async def test_prints_what_both_sides_say(tmp_path: Path) -> None:
    saved = tmp_path / "agent.wav"
    async with open_engine(accept, [[Say("Good day!")], [Say("Goodbye.")]]) as (url, orders):
        lines = ("--say", "Hello.", "--say", "Bye.", "--dtmf", "5")
        done = await dial("--to", f"{url}/v1", *lines, "--from", "+4930", "--save", str(saved))
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        "caller: Hello.",
        "agent: Good day!",
        "caller: Bye.",
        "agent: Goodbye.",
        "caller: [keys 5]",
    ]
    said = done.stderr.splitlines()
    assert said[0].startswith("agentrun: ringing as rtc_")
    assert said[1:] == [
        "agentrun: the engine has no --webhook-url, so it tells nobody",
        "agentrun: answered",
        "agentrun: the caller hung up",
        f"agentrun: what the caller heard is in {saved}",
    ]
    assert len(parse_wav(saved.read_bytes()).pcm) > 2 * 8 * 1_000
    assert orders[0].sip_headers[0] == ("From", "sip:+4930@sip.example.com")


async def test_sends_all_that_is_asked_for(tmp_path: Path) -> None:
    wav = tmp_path / "caller.wav"
    wav.write_bytes(render_wav(bytes(1_600), 8_000))
    options = ("--wav", str(wav), "--header", "X-Tenant: a", "--header", "Diversion:b: c", "--callee", "42")
    async with open_engine(refer) as (url, orders):
        done = await dial("--to", url, *options)
    assert done.exit_code == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "agentrun: transferred to tel:+4930123"
    headers = dict(orders[0].sip_headers)
    assert (headers["To"], headers["X-Tenant"], headers["Diversion"]) == (
        "sip:42@sip.example.com",
        "a",
        "b: c",
    )


async def test_rejected() -> None:
    async with open_engine(reject) as (url, _):
        done = await dial("--to", url)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == "agentrun: the application rejected the call with 486"


async def test_nobody_answers() -> None:
    async with open_engine(ignore, ring_limit_s=0) as (url, _):
        done = await dial("--to", url)
    assert done.exit_code == 4
    assert done.stderr.splitlines()[-1] == "agentrun: nobody answered"


async def test_keys() -> None:
    async with open_engine(refer, key="sk-test") as (url, _):
        refused = await dial("--to", url)
        done = await dial("--to", url, "--api-key", "sk-test")
    assert done.exit_code == 0
    assert str(refused.exception) == "the engine refuses: You didn't provide an API key."
    assert refused.exception is not None
    assert report_failure(refused.exception) == 4


async def test_ctrl_c_hangs_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    calls: list[tuple[Switchboard, str]] = []
    async with open_engine(lambda board, call_id: calls.append((board, call_id))) as (url, _):
        monkeypatch.setattr("time.sleep", interrupt)
        done = await dial("--to", url)
        [(board, call_id)] = calls
        assert board.simulations.find(call_id).reason == "caller_left"
    assert done.exit_code == 130


async def test_no_engine() -> None:
    done = await dial("--to", "http://127.0.0.1:1")
    assert done.exception is not None
    assert "no engine answers at http://127.0.0.1:1" in str(done.exception)
    assert report_failure(done.exception) == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--wav", "missing.wav"], "No such file"),
        (["--wav", __file__], "not a readable WAV file"),
        (["--header", "X-Tenant"], "not of the form NAME: VALUE"),
        (["--to", "127.0.0.1:8765"], "is not an address"),
    ],
)
async def test_wrong_usage(options: list[str], message: str) -> None:
    done = await dial(*options)
    assert done.exit_code == 2
    assert message in " ".join(done.stderr.split())


async def test_what_the_engine_does_not_take() -> None:
    async with open_engine(ignore) as (url, _):
        done = await dial("--to", url, "--dtmf", "12x")
    assert done.exit_code == 2
    assert "dtmf" in done.stderr
