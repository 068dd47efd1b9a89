"""The shell, held against real MCP servers on real sockets, and against what is none."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

import mcp_types as types
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from agentrun.engine.effects import HostedToolReturned, HostedToolsListed, ListHostedTools, RunHostedTool
from agentrun.engine.hosting.client import McpHost
from agentrun.engine.hosting.failures import HostedFailure
from agentrun.engine.hosting.host import obey
from agentrun.engine.hosting.listing import MAX_TOOLS
from agentrun.engine.hosting.values import HostedError, HostedServer
from agentrun.mcp.bounded import MAX_ANSWER_BYTES
from agentrun.secret import Secret
from tests.engine.hosting.servers import (
    ORDER,
    Cable,
    Lab,
    answer_order,
    make_lab,
    make_text,
    make_tool,
    serve_answer,
    serve_app,
)


@contextlib.asynccontextmanager
async def open_host() -> AsyncIterator[McpHost]:
    host = McpHost()
    try:
        async with asyncio.timeout(20):
            yield host
    finally:
        await host.close()


def name_server(url: str, **members: Any) -> HostedServer:
    return HostedServer("lab", url, **members)


async def fail_listing(host: McpHost, server: HostedServer) -> HostedError:
    with pytest.raises(HostedFailure) as caught:
        await host.list_tools(server)
    return caught.value.error


async def fail_call(host: McpHost, server: HostedServer, tool: str, **arguments: str) -> HostedError:
    with pytest.raises(HostedFailure) as caught:
        await host.run_tool(server, tool, arguments)
    return caught.value.error


async def test_listing_and_calling() -> None:
    lab = make_lab()
    async with lab.serve() as url, open_host() as host:
        server = name_server(url, authorization=Secret("t0ken"), headers=(("X-Tenant", Secret("acme")),))
        lookup, refund, _ = await host.list_tools(server)
        assert (lookup.name, lookup.description, lookup.read_only) == ("lookup", "Do lookup", True)
        assert (lookup.input_schema, refund.read_only) == (ORDER, False)
        assert await host.run_tool(server, "lookup", {"order": "A1"}) == "Order A1 has shipped."
        assert lab.calls == [("lookup", {"order": "A1"})]
        assert lab.seen == {("Bearer t0ken", "acme")}
        error = await fail_call(host, server, "refund", order="A1")
        assert error == HostedError("tool_execution_error", "Refunds are closed.")


async def test_orders_are_answered() -> None:
    async with make_lab().serve() as url, open_host() as host:
        server = name_server(url)
        listed = await obey(host, ListHostedTools("mcpl_1", server))
        assert isinstance(listed, HostedToolsListed)
        assert (listed.item_id, len(listed.tools), listed.error) == ("mcpl_1", 3, None)
        called = await obey(host, RunHostedTool("mcp_1", server, "lookup", {"order": "B2"}))
        assert called == HostedToolReturned("mcp_1", "Order B2 has shipped.")
        failed = await obey(host, RunHostedTool("mcp_2", server, "refund", {}))
        assert failed == HostedToolReturned(
            "mcp_2", "", HostedError("tool_execution_error", "Refunds are closed.")
        )


async def test_the_operator_is_told_what_cannot_be_listed(caplog: pytest.LogCaptureFixture) -> None:
    async with serve_answer(lambda _: PlainTextResponse("no", 403)) as url, open_host() as host:
        answer = await obey(host, ListHostedTools("mcpl_1", name_server(url)))
    assert answer.error == HostedError("http_error", "The server answered with status 403.", 403)
    assert "the MCP server `lab` could not be listed: The server answered with status 403." in caplog.messages


async def test_all_pages_are_read() -> None:
    lab = Lab([[make_tool("a")], [make_tool("b"), make_tool("a", title="again")]], answer_order)
    async with lab.serve() as url, open_host() as host:
        assert [tool.name for tool in await host.list_tools(name_server(url))] == ["a", "b"]


@pytest.mark.parametrize("page", [[], [make_tool(f"t{number}") for number in range(MAX_TOOLS // 2)]])
async def test_a_list_without_end(page: list[types.Tool]) -> None:
    async with Lab([page], answer_order, endless=True).serve() as url, open_host() as host:
        error = await fail_listing(host, name_server(url))
    assert error.kind == "protocol_error"


async def test_ten_thousand_tools() -> None:
    lab = Lab([[make_tool(f"t{number}") for number in range(5000)]] * 2, answer_order)
    async with lab.serve() as url, open_host() as host:
        error = await fail_listing(host, name_server(url))
    assert (error.kind, error.message) == ("protocol_error", f"The server lists more than {MAX_TOOLS} tools.")


async def test_a_schema_that_is_too_large() -> None:
    huge = types.Tool(name="huge", input_schema={"type": "object", "title": "x" * (MAX_ANSWER_BYTES // 2)})
    async with Lab([[huge]], answer_order).serve() as url, open_host() as host:
        error = await fail_listing(host, name_server(url))
    assert error.kind == "protocol_error"


async def test_a_result_that_breaks_its_own_schema() -> None:
    async def lie(name: str, arguments: dict[str, Any]) -> types.CallToolResult:
        return types.CallToolResult(content=[], structured_content={"total": "many"})

    schema = {"type": "object", "properties": {"total": {"type": "integer"}}, "required": ["total"]}
    lab = Lab([[make_tool("count", output_schema=schema)]], lie)
    async with lab.serve() as url, open_host() as host:
        await host.list_tools(name_server(url))
        error = await fail_call(host, name_server(url), "count")
    assert error.kind == "protocol_error"
    assert "The answer breaks the protocol" in error.message


async def test_a_call_that_is_cancelled_reaches_the_server() -> None:
    lab = make_lab()
    async with lab.serve() as url, open_host() as host:
        server = name_server(url)
        call = asyncio.create_task(host.run_tool(server, "stall", {}))
        await lab.entered.wait()
        call.cancel()
        await lab.cancelled.wait()
        assert await host.run_tool(server, "lookup", {"order": "A1"}) == "Order A1 has shipped."


async def test_closing_ends_a_running_call() -> None:
    lab = make_lab()
    async with lab.serve() as url, open_host() as host:
        call = asyncio.create_task(host.run_tool(name_server(url), "stall", {}))
        await lab.entered.wait()
        call.cancel()
        await host.close()
        await lab.cancelled.wait()


async def test_a_connection_that_is_cut_in_mid_call() -> None:
    lab, cable = make_lab(), Cable()
    async with lab.serve() as url, cable.lay(url) as detour, open_host() as host:
        server = name_server(detour)
        call = asyncio.create_task(fail_call(host, server, "stall"))
        await lab.entered.wait()
        cable.cut()
        error = await call
        assert (error.kind, error.code) == ("protocol_error", -32000)
        assert await host.run_tool(server, "lookup", {"order": "A1"}) == "Order A1 has shipped."
        assert [name for name, _ in lab.calls] == ["stall", "lookup"]  # what may have run is never repeated


async def test_a_server_of_the_older_protocol_that_forgot_the_session() -> None:
    lab = make_lab()
    lab.elderly = True
    async with contextlib.AsyncExitStack() as stack:
        apps = [await stack.enter_async_context(lab.start()) for _ in range(2)]

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            await apps[0](scope, receive, send)

        url = await stack.enter_async_context(serve_app(serve))
        host = await stack.enter_async_context(open_host())
        server = name_server(f"{url}/mcp")
        assert len(await host.list_tools(server)) == 3
        assert await host.run_tool(server, "lookup", {"order": "A1"}) == "Order A1 has shipped."
        apps.reverse()  # as after a restart
        error = await fail_call(host, server, "lookup", order="A1")
        assert (error.kind, error.code) == ("protocol_error", -32600)
        assert await host.run_tool(server, "lookup", {"order": "A1"}) == "Order A1 has shipped."


async def test_a_label_that_means_another_server() -> None:
    lab, other = make_lab(), Lab([[make_tool("other")]], answer_order)
    async with lab.serve() as url, other.serve() as other_url, open_host() as host:
        call = asyncio.create_task(host.run_tool(name_server(url), "stall", {}))
        await lab.entered.wait()
        assert [tool.name for tool in await host.list_tools(name_server(other_url))] == ["other"]
        assert not call.done()  # the old connection serves what runs on it
        call.cancel()


async def test_a_connection_of_a_label_that_means_another_server_ends() -> None:
    lab, other, cable = make_lab(), make_lab(), Cable()
    async with lab.serve() as url, cable.lay(url) as detour, other.serve() as other_url, open_host() as host:
        await host.run_tool(name_server(detour), "lookup", {"order": "A1"})
        assert not cable.left.is_set()
        await host.run_tool(name_server(other_url), "lookup", {"order": "A1"})
        await cable.left.wait()


async def test_nobody_there() -> None:
    async with make_lab().serve() as url:
        pass
    async with open_host() as host:
        error = await fail_listing(host, name_server(url))
    assert (error.kind, error.code) == ("protocol_error", -32000)
    assert url in error.message


async def test_a_server_that_never_answers() -> None:
    arrived, over = asyncio.Event(), asyncio.Event()

    async def stay_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        arrived.set()
        while await reader.read(65536):
            pass
        over.set()
        writer.close()

    silent = await asyncio.start_server(stay_silent, "127.0.0.1", 0)
    async with silent, open_host() as host:
        server = name_server(f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}/mcp")
        listing = asyncio.create_task(host.list_tools(server))
        await arrived.wait()
        listing.cancel()
        await over.wait()  # the connection is given up with the listing


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
async def test_refusals_keep_their_status(status: int) -> None:
    async with serve_answer(lambda _: PlainTextResponse("no", status)) as url, open_host() as host:
        error = await fail_listing(host, name_server(url))
    assert error == HostedError("http_error", f"The server answered with status {status}.", status)


def _redirect(request: Request) -> Response:
    return RedirectResponse("http://127.0.0.2:9/mcp")


def _compress(request: Request) -> Response:
    return Response(b"\x1f\x8b", headers={"content-encoding": "gzip"}, media_type="application/json")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_redirect, "Redirect to http://127.0.0.2:9/mcp not followed"),
        (lambda _: PlainTextResponse("hello"), "Unexpected content type"),
        (lambda _: Response(b'{"x":', media_type="application/json"), "Failed to parse"),
        (
            lambda _: Response(b" " * (MAX_ANSWER_BYTES + 1), media_type="application/json"),
            f"the answer is longer than {MAX_ANSWER_BYTES} bytes",
        ),
        (_compress, "compresses its answers"),
    ],
)
async def test_what_is_no_mcp_server(make: Any, words: str, caplog: pytest.LogCaptureFixture) -> None:
    async with serve_answer(make) as url, open_host() as host:
        error = await fail_listing(host, name_server(url))
    assert error.kind == "protocol_error"
    assert words in error.message
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_answers_are_asked_for_uncompressed() -> None:
    asked: set[str | None] = set()

    def note(request: Request) -> Response:
        asked.add(request.headers.get("accept-encoding"))
        return PlainTextResponse("no", 404)

    async with serve_answer(note) as url, open_host() as host:
        await fail_listing(host, name_server(url))
    assert asked == {"identity"}


async def test_credentials_are_not_told_back() -> None:
    def echo(request: Request) -> Response:
        error = {"code": -32602, "message": f"bad token {request.headers['authorization']}"}
        return JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, 400)

    async with serve_answer(echo) as url, open_host() as host:
        error = await fail_listing(host, name_server(url, authorization=Secret("hidden-token")))
    assert "hidden-token" not in error.message
    assert "***" in error.message


async def test_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with make_lab().serve() as url, open_host() as host:
        assert len(await host.list_tools(name_server(url))) == 3


async def test_a_long_complaint_is_cut() -> None:
    async def complain(name: str, arguments: dict[str, Any]) -> types.CallToolResult:
        return make_text("no " * 5000, failed=True)

    async with Lab([[make_tool("t")]], complain).serve() as url, open_host() as host:
        error = await fail_call(host, name_server(url), "t")
    assert len(error.message) < 2100
