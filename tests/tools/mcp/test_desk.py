"""A server made with the official package, as people run them: one process for all checks."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

import pytest

from tests.tools.mcp.kit import ROOT, changed, joined, make_desk


async def test_a_server_over_its_standard_streams(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with joined(make_desk(tmp_path)) as desk:
        names = [tool.name for tool in desk.tools]
        assert {"desk_look_up", "desk_order_history", "desk_refund"} <= set(names)

        found = await desk.call("look_up", '{"order": "A1"}')
        assert (found.outcome, found.result) == ("ok", {"order": "A1", "status": "shipped"})
        assert (await desk.call("order_history", '{"order": "A1"}')).result == "A1 was packed"
        assert (await desk.call("picture")).result == "the cover\n[image, image/png, 40 bytes]"

        refused = await desk.call("refund", '{"order": "A1"}')
        assert (refused.outcome, refused.code) == ("failed", "tool_failed")
        assert "A1 is too old, says ***" in refused.message

        where = (await desk.call("where")).result
        assert where == {"cwd": str(ROOT), "python": sys.executable, "token": "hush-hush"}

        call_id, done = desk.start("slow")
        while not desk.progress:  # it tells how far it is before it stalls
            await asyncio.wait([done], timeout=0.01)
        assert desk.progress == ["one of three"]
        desk.dispatcher.cancel(call_id)
        assert (await done).outcome == "unknown"

        with caplog.at_level(logging.INFO, "agentrun.mcp"):
            assert (await desk.call("chatter", '{"lines": 300}')).outcome == "ok"
        assert (await desk.call("flood", '{"mebibytes": 50}')).code == "server_error"

        waiting = asyncio.create_task(changed(desk.link))
        await asyncio.sleep(0)
        assert (await desk.call("learn")).result == "learnt"
        await waiting
        desk.offer()
        assert (await desk.call("sing")).result == "la"
    # the server has ended, so it has seen the end of the call that nobody waits for
    assert (tmp_path / "cancelled").exists()
    assert "hush-hush" not in caplog.text
