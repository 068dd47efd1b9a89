"""Servers on the network: streamable HTTP on real loopback sockets."""

from __future__ import annotations

import asyncio
import base64
import contextlib

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from agentrun.plan import McpAddress, OAuthClient
from agentrun.secret import Secret
from tests.engine.hosting.servers import Cable, make_lab, serve_answer, serve_app
from tests.tools.mcp.kit import joined, make_server

ORDER = '{"order": "A1"}'


@pytest.mark.parametrize("elderly", [False, True], ids=["2026", "2025"])
async def test_tools_are_called_with_the_credentials_of_the_file(elderly: bool) -> None:
    lab = make_lab()
    lab.elderly = elderly
    async with lab.serve() as url:
        address = McpAddress(url, headers=(("X-Tenant", "north"),), authorization=Secret("hush-hush"))
        async with joined(make_server(address)) as desk:
            assert (await desk.call("lookup", ORDER)).result == "Order A1 has shipped."
            assert (await desk.call("refund", ORDER)).code == "tool_failed"
            call_id, done = desk.start("stall", ORDER)
            await asyncio.wait_for(lab.entered.wait(), 10)
            while lab.calls[-1][0] != "stall":
                await asyncio.wait([done], timeout=0.01)
            desk.dispatcher.cancel(call_id)
            assert (await done).outcome == "unknown"
            await asyncio.wait_for(lab.cancelled.wait(), 10)
    assert lab.seen == {("Bearer hush-hush", "north")}


async def test_a_connection_that_breaks_in_a_call_is_made_anew_and_nothing_is_repeated() -> None:
    lab, cable = make_lab(), Cable()
    async with (
        lab.serve() as url,
        cable.lay(url) as cut_url,
        joined(make_server(McpAddress(cut_url))) as desk,
    ):
        _, done = desk.start("stall", ORDER)
        while not lab.calls:
            await asyncio.wait([done], timeout=0.01)
        cable.cut()
        outcome = await asyncio.wait_for(done, 10)
        assert (outcome.outcome, outcome.code) == ("unknown", "connection_lost")
        assert (await desk.call("lookup", ORDER)).outcome == "ok"
    assert [name for name, _ in lab.calls] == ["stall", "lookup"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (PlainTextResponse("who are you?", 401), "HTTP status 401; check `authorization`"),
        (PlainTextResponse("broken", 503), "HTTP status 503"),
        (PlainTextResponse("<html>hello</html>"), ""),
        (JSONResponse({"hello": 1}), ""),
        (RedirectResponse("http://127.0.0.1:9/mcp"), ""),
    ],
)
async def test_what_is_no_server_is_explained_in_one_line(answer: Response, words: str) -> None:
    def give(_: Request) -> Response:
        return answer

    async with serve_answer(give) as url, joined(make_server(McpAddress(url))) as desk:
        assert desk.link.tools is None
        assert words in desk.link.problem
        assert "\n" not in desk.link.problem


async def test_a_token_is_fetched_as_the_server_asks_for_it() -> None:
    """OAuth 2: the server names its authorization server, which gives a token for credentials."""
    lab = make_lab()
    asked: list[tuple[str | None, str]] = []

    async with contextlib.AsyncExitStack() as stack:
        inner = await stack.enter_async_context(lab.start())

        async def guard(scope: Scope, receive: Receive, send: Send) -> None:
            request = Request(scope, receive)
            root = f"http://{request.headers['host']}"
            answer: Response | None = None
            match scope["path"]:
                case "/.well-known/oauth-protected-resource" | "/.well-known/oauth-protected-resource/mcp":
                    answer = JSONResponse(
                        {
                            "resource": f"{root}/mcp",
                            "authorization_servers": [root],
                            "scopes_supported": ["orders.read"],
                        }
                    )
                case "/.well-known/oauth-authorization-server":
                    paths = {"authorization_endpoint": f"{root}/no", "token_endpoint": f"{root}/token"}
                    answer = JSONResponse({"issuer": root, "response_types_supported": ["code"], **paths})
                case "/token":
                    asked.append((request.headers.get("authorization"), (await request.body()).decode()))
                    answer = JSONResponse({"access_token": "tok-1", "token_type": "Bearer"})
                case _ if request.headers.get("authorization") != "Bearer tok-1":
                    where = f'Bearer resource_metadata="{root}/.well-known/oauth-protected-resource"'
                    answer = PlainTextResponse("who?", 401, {"WWW-Authenticate": where})
            await (answer or inner)(scope, receive, send)

        root = await stack.enter_async_context(serve_app(guard))
        client = OAuthClient("harbour", Secret("hush-hush"), root)
        address = McpAddress(f"{root}/mcp", authorization=client)
        desk = await stack.enter_async_context(joined(make_server(address)))
        assert desk.link.problem == ""
        assert (await desk.call("lookup", ORDER)).result == "Order A1 has shipped."
    ((credentials, body),) = asked
    assert credentials == f"Basic {base64.b64encode(b'harbour:hush-hush').decode()}"
    assert "grant_type=client_credentials" in body
    assert "scope=orders.read" in body
