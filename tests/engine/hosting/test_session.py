"""Hosted servers through the official client: a real engine on one side, a real MCP server on the other."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from agentrun.engine.connection import Connection
from agentrun.engine.core import Core
from agentrun.engine.driver import EngineParts
from agentrun.engine.hosting.values import HostedServer, HostedTool, HostingLimits
from agentrun.engine.http.realtime import serve_session
from agentrun.engine.ids import Ids
from agentrun.engine.responders.rehearsal import RehearsalResponder
from agentrun.engine.responders.script import ScriptedResponder
from agentrun.engine.seams import Call, Move, Say
from agentrun.wire.json import JsonObject
from tests.engine.hosting.servers import make_lab
from tests.engine.kit import EPOCH
from tests.engine.test_server import Ears, open_door, read_until

SCRIPT: list[list[Move]] = [
    [Call("lookup", {"order": "A1"})],
    [Call("refund", {"order": "A1"})],
    [Say("I cannot refund it.")],
]


async def test_list_approve_call_and_fail() -> None:
    mind, lab = ScriptedResponder(SCRIPT), make_lab()
    async with lab.serve() as url, open_door(mind) as door, door.call() as connection:
        server: Any = {
            "type": "mcp",
            "server_label": "desk",
            "server_url": url,
            "authorization": "t0ken",
            "require_approval": {"never": {"read_only": True}},
        }
        session: Any = {"type": "realtime", "output_modalities": ["text"], "tools": [server]}
        await connection.session.update(session=session)
        events = await read_until(connection, "mcp_list_tools.completed")
        assert [event.type for event in events] == [
            "session.created",
            "session.updated",
            "mcp_list_tools.in_progress",
            "conversation.item.added",
            "conversation.item.done",
            "mcp_list_tools.completed",
        ]
        assert [tool.name for tool in events[-2].item.tools] == ["lookup", "refund", "stall"]
        assert events[1].session.tools[0].authorization is None
        assert lab.seen == {("Bearer t0ken", None)}

        await connection.response.create()
        events = await read_until(connection, "response.mcp_call.completed")
        assert "response.mcp_call.in_progress" in [event.type for event in events]
        found = (await read_until(connection, "response.output_item.done"))[-1].item
        assert (found.output, found.error) == ("Order A1 has shipped.", None)

        await connection.response.create()
        request = (await read_until(connection, "response.done"))[-1].response.output[0]
        assert (request.type, request.name) == ("mcp_approval_request", "refund")
        assert [name for name, _ in lab.calls] == ["lookup"]
        approval: Any = {"type": "mcp_approval_response", "approval_request_id": request.id, "approve": True}
        await connection.conversation.item.create(item=approval)
        events = await read_until(connection, "response.mcp_call.failed")
        failed = (await read_until(connection, "response.output_item.done"))[-1].item
        assert failed.approval_request_id == request.id
        assert (failed.output, failed.error.type, failed.error.message) == (
            None,
            "tool_execution_error",
            "Refunds are closed.",
        )

        await connection.response.create()
        await read_until(connection, "response.done")
    read = mind.prompts[-1].items
    assert [item["type"] for item in read] == ["function_call", "function_call_output"] * 2
    assert "Refunds are closed." in read[-1]["output"]


async def test_a_session_that_ends_cancels_its_call() -> None:
    lab = make_lab()
    async with lab.serve() as url, open_door([[Call("stall", {})]]) as door:
        async with door.call() as connection:
            server: Any = {"type": "mcp", "server_label": "desk", "server_url": url}
            session: Any = {"type": "realtime", "tools": [{**server, "require_approval": "never"}]}
            await connection.session.update(session=session)
            await read_until(connection, "mcp_list_tools.completed")
            await connection.response.create()
            await read_until(connection, "response.done")
            await lab.entered.wait()
        async with asyncio.timeout(20):
            await lab.cancelled.wait()


class StallingHost:
    """A host whose one tool never answers; `give_up` is called when the call is cancelled."""

    def __init__(self, give_up: Callable[[], None]) -> None:
        self._give_up = give_up
        self.closed = False

    async def list_tools(self, server: HostedServer) -> Sequence[HostedTool]:
        return [HostedTool("stall", "", {"type": "object"}, {})]

    async def run_tool(self, server: HostedServer, tool: str, arguments: JsonObject) -> str:
        try:
            await asyncio.Event().wait()
        finally:
            self._give_up()
        raise AssertionError

    async def close(self) -> None:
        self.closed = True


async def test_a_call_that_takes_too_long_is_given_up() -> None:
    frames, sent = asyncio.Queue[str | None](), list[str]()
    host = StallingHost(lambda: frames.put_nowait(None))  # the client leaves when the call is given up
    tool = {"type": "mcp", "server_label": "x", "server_url": "https://x/mcp", "require_approval": "never"}
    update = {"type": "session.update", "session": {"type": "realtime", "tools": [tool]}}

    async def send(frame: str) -> None:
        kind = json.loads(frame)["type"]
        sent.append(kind)
        if kind == "mcp_list_tools.completed":
            frames.put_nowait('{"type": "response.create"}')

    async def close(code: int, reason: str) -> None:
        raise AssertionError(reason)

    frames.put_nowait(json.dumps(update))
    core = Core("m", Ids(1), EPOCH, hosting=HostingLimits(call_ms=1))
    parts = EngineParts(ScriptedResponder([[Call("stall", {})]]), Ears(), make_host=lambda: host)
    async with asyncio.timeout(20):
        await serve_session(core, parts, Connection(frames.get, send, close))
    assert "response.mcp_call.failed" in sent
    assert host.closed


async def test_the_rehearsal_uses_a_hosted_tool_and_tells_what_it_said() -> None:
    lab = make_lab()
    async with lab.serve() as url, open_door(RehearsalResponder()) as door, door.call() as connection:
        server: Any = {"type": "mcp", "server_label": "desk", "server_url": url, "require_approval": "never"}
        server["allowed_tools"] = ["lookup"]
        session: Any = {"type": "realtime", "output_modalities": ["text"], "tools": [server]}
        await connection.session.update(session=session)
        await read_until(connection, "mcp_list_tools.completed")
        part: Any = {"type": "input_text", "text": "Please look up order A1001."}
        await connection.conversation.item.create(item={"type": "message", "role": "user", "content": [part]})
        await connection.response.create()
        await read_until(connection, "response.mcp_call.completed")
        await connection.response.create()
        await read_until(connection, "response.created")
        answer = (await read_until(connection, "response.done"))[-1].response
    assert lab.calls == [("lookup", {"order": "A1001"})]
    assert answer.output[0].content[0].text == "Order A1001 has shipped."


async def test_the_client_of_the_guide() -> None:
    page = Path(__file__).parents[3] / "docs/guides/engine-mcp.md"
    [source] = re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.S)
    names: dict[str, Any] = {"__name__": "guide"}
    exec(compile(source, str(page), "exec"), names)
    lab = make_lab()
    async with lab.serve() as url, open_door(RehearsalResponder()) as door, asyncio.timeout(20):
        base = f"http://127.0.0.1:{door.port}/v1"
        answer = await names["ask"](base, url, "Please look up order A1001.")
    assert answer == "Order A1001 has shipped."
    assert [name for name, _ in lab.calls] == ["lookup"]
