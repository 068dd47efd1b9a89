from __future__ import annotations

from agentrun.server.agents import AgentDesk
from agentrun.tools.http.connections import HttpConnections
from tests.tools.conftest import RecordingCall, run_one
from tests.tools.http.kit import bind, in_turn, open_wire, reply


async def test_the_calls_of_a_server_share_connections() -> None:
    async with open_wire(in_turn(reply(200, {"fine": True}))) as wire, HttpConnections() as web:
        desk = AgentDesk({}, max_calls=None, web=web)
        for _ in range(3):
            told = await run_one(bind(wire.url), {}, RecordingCall(), runners=desk._runners)
            assert told.outcome == "ok"
    assert [heard.connection for heard in wire.heard] == [1, 1, 1]
