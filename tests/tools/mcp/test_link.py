"""Servers that behave and servers that do not, each a real process: one clear answer, nothing left behind."""

from __future__ import annotations

import asyncio
import logging
import os
import select
from dataclasses import replace
from pathlib import Path

import pytest

from agentrun.plan import McpAddress
from agentrun.secret import Secret
from agentrun.tools.mcp import link as link_module
from agentrun.tools.mcp.pool import McpPool
from tests.tools.mcp.kit import changed, joined, make_raw, make_server


def ends(watch: int) -> bool:
    """Return whether a process has ended, or ends within a few seconds: killing takes a moment."""
    return bool(select.select([watch], [], [], 5)[0])


async def test_a_tool_is_called_and_tells_how_far_it_is() -> None:
    async with joined(make_raw()) as desk:
        assert [tool.name for tool in desk.tools] == ["desk_echo"]
        outcome = await desk.call("echo", '{"n": 1}')
        assert (outcome.outcome, outcome.result) == ("ok", {"n": 1})
        assert desk.progress == ["half"]
        refused = await desk.call("echo", '{"n": "one"}')
        assert (refused.outcome, refused.code) == ("failed", "invalid_arguments")


async def test_one_connection_serves_all_who_name_the_same_server(tmp_path: Path) -> None:
    server = make_raw(RAW_PIDS=str(tmp_path / "pids"))
    async with joined(server) as desk:
        outcomes = await asyncio.gather(*(desk.call("echo", f'{{"n": {n}}}') for n in range(20)))
        assert [outcome.result for outcome in outcomes] == [{"n": n} for n in range(20)]
    assert len((tmp_path / "pids").read_text().split()) == 1


@pytest.mark.parametrize(
    ("behaviour", "outcome", "code"),
    [
        ("crash", "unknown", "connection_lost"),
        ("huge", "unknown", "server_error"),
        ("noisy", "ok", ""),
        ("lies", "ok", ""),
        ("double", "ok", ""),
    ],
)
async def test_each_misdeed_has_one_clear_answer(
    behaviour: str, outcome: str, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "agentrun.mcp"):
        async with joined(make_raw(behaviour)) as desk:
            assert [tool.name for tool in desk.tools] == ["desk_echo"]
            found = await desk.call("echo")
            assert (found.outcome, found.code) == (outcome, code)
            assert len(found.message) < 200
    lines = [record.getMessage() for record in caplog.records if "writes" in record.getMessage()]
    assert len(lines) == (100 if behaviour == "noisy" else 0)


async def test_what_a_server_says_of_its_arguments_is_made_fit_for_the_model() -> None:
    async with joined(make_raw("lies")) as desk:
        assert desk.tools[0].parameters == {"type": "object", "properties": {"n": {}}}
        assert (await desk.call("echo", '{"n": 1}')).result == {"odd": 1}


async def test_a_crash_in_a_call_starts_the_server_again_and_repeats_nothing(tmp_path: Path) -> None:
    async with joined(make_raw("crash", RAW_PIDS=str(tmp_path / "pids"))) as desk:
        assert (await desk.call("echo")).outcome == "unknown"
        # the next call waits for the new process, which crashes in its turn
        assert (await desk.call("echo")).code == "connection_lost"
    assert len((tmp_path / "pids").read_text().split()) == 2


async def test_tools_that_change_are_listed_anew() -> None:
    async with joined(make_raw("changes")) as desk:
        waiting = asyncio.create_task(changed(desk.link))
        await asyncio.sleep(0)
        await desk.call("echo")
        await waiting
        desk.offer()
        assert [tool.name for tool in desk.tools] == ["desk_echo", "desk_more"]
        assert (await desk.call("more")).outcome == "ok"


async def test_a_cancelled_call_is_told_to_the_server(tmp_path: Path) -> None:
    notes = tmp_path / "pids"
    async with joined(make_raw("hangs", RAW_PIDS=str(notes))) as desk:
        call_id, done = desk.start("echo")
        for _ in range(20):  # the request is on its way
            await asyncio.sleep(0)
        assert desk.dispatcher.cancel(call_id)
        assert (await done).outcome == "unknown"
    # the server has ended, so everything that it was sent has been read
    assert "cancelled" in notes.read_text()


async def test_a_server_that_dies_at_its_start_says_why_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "agentrun.mcp"):
        async with joined(make_raw("dies", PASSWORD=Secret("hush-hush"))) as desk:
            assert desk.link.tools is None
            assert not desk.tools
    (line,) = [record.getMessage() for record in caplog.records]
    assert "no database at db.example.com, password is ***" in line


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (McpAddress(command=("no-such-program",), cwd="."), "there is no program `no-such-program`"),
        (McpAddress(command=("npx -y thing",), cwd="."), "write the words of `command` as a list"),
        (McpAddress(url="http://127.0.0.1:9/mcp"), "http://127.0.0.1:9/mcp: "),
    ],
)
async def test_a_server_that_cannot_be_started_is_explained(address: McpAddress, words: str) -> None:
    async with joined(make_server(address)) as desk:
        assert words in desk.link.problem


async def test_a_call_for_a_server_that_is_down_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "WAIT_S", 0.01)
    async with joined(make_raw()) as desk:
        desk.link._lose()
        outcome = await desk.call("echo")
        assert (outcome.outcome, outcome.code) == ("failed", "server_down")


async def test_a_mute_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "START_LIMIT_S", 0.2)
    async with joined(make_raw("mute")) as desk:
        assert desk.link.problem == "it does not answer in time"


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux can watch the processes of others")
async def test_a_server_that_will_not_end_is_killed_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agentrun.tools.mcp.program._GRACE_S", 0.1)
    before = asyncio.all_tasks()
    async with joined(make_raw("stubborn", RAW_PIDS=str(tmp_path / "pids"))) as desk:
        assert desk.link.is_up
        pids = [int(line) for line in (tmp_path / "pids").read_text().split()]
        watches = [os.pidfd_open(pid) for pid in pids]
        assert len(watches) == 2
        assert not select.select(watches, [], [], 0)[0]
    assert all(map(ends, watches))
    for watch in watches:
        os.close(watch)
    assert asyncio.all_tasks() == before


async def test_waiting_for_servers_has_a_bound() -> None:
    async with McpPool() as pool:
        await pool.wait([make_raw("mute")], 0.01)


async def test_a_server_that_lets_every_call_run_out_of_time_is_started_anew(tmp_path: Path) -> None:
    server = make_raw("hangs", RAW_PIDS=str(tmp_path / "pids"))
    server = replace(server, rules=replace(server.rules, timeout_ms=20))
    async with joined(server) as desk:
        for _ in range(3):
            outcome = await desk.call("echo")
            assert (outcome.outcome, outcome.code) == ("unknown", "timeout")
        assert not desk.link.is_up


async def test_calls_share_one_process_and_each_has_its_own_answer(tmp_path: Path) -> None:
    server = make_raw(RAW_PIDS=str(tmp_path / "pids"))
    async with McpPool() as pool:
        pool.open([server, replace(server, label="same")])
        assert pool.find(server.address, "desk") is pool.find(server.address, "same")
        await pool.wait([server], 20)
    assert len((tmp_path / "pids").read_text().split()) == 1
