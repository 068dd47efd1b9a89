from __future__ import annotations

import pytest
from mcp import MCPError

from agentrun.plan import McpAddress, OAuthClient
from agentrun.secret import Secret
from agentrun.tools.call import CodedFailure, Unconfirmed
from agentrun.tools.mcp.failures import explain_start, hide_secrets, is_lost, judge_failure

CERTAIN, UNCERTAIN = CodedFailure, Unconfirmed


@pytest.mark.parametrize(
    ("error", "status", "kind", "code"),
    [
        (MCPError(-32000, "Connection closed"), 0, UNCERTAIN, "connection_lost"),
        (MCPError(-32602, "no such argument"), 0, CERTAIN, "refused_by_server"),
        (MCPError(-32601, "no such tool"), 0, CERTAIN, "refused_by_server"),
        (MCPError(-32603, "Server returned an error response"), 401, CERTAIN, "http_401"),
        (MCPError(-32603, "Server returned an error response"), 503, UNCERTAIN, "http_503"),
        (MCPError(-32603, "Server returned an error response"), 429, UNCERTAIN, "http_429"),
        (MCPError(-32603, "broken"), 0, UNCERTAIN, "server_error"),
        (RuntimeError("odd"), 0, UNCERTAIN, "bad_answer"),
    ],
)
def test_what_is_certain_of_a_write(error: Exception, status: int, kind: type, code: str) -> None:
    found = judge_failure(error, "write", status, "desk_buy")
    assert isinstance(found, kind)
    assert isinstance(found, CodedFailure | Unconfirmed)
    assert found.code == code
    assert isinstance(judge_failure(error, "read", status, "desk_look"), CodedFailure)


def test_a_connection_is_lost_when_the_server_forgot_it() -> None:
    assert is_lost(MCPError(-32600, "Session not found"))
    assert is_lost(MCPError(-32000, "Connection closed"))
    assert not is_lost(MCPError(-32600, "Bad request"))


def test_no_credential_is_shown() -> None:
    address = McpAddress(
        url="https://a.example.com",
        env=(("TOKEN", Secret("hush-env")), ("PLAIN", "visible")),
        headers=(("X-Key", Secret("hush-header")),),
        authorization=OAuthClient("me", Secret("hush-client")),
    )
    text = hide_secrets(address, "hush-env hush-header hush-client visible")
    assert text == "*** *** *** visible"
    assert hide_secrets(McpAddress(authorization="plain-token"), "plain-token") == "***"


def test_why_a_server_cannot_be_used_is_one_line() -> None:
    group = BaseExceptionGroup(
        "all", [TimeoutError(), BaseExceptionGroup("more", [ValueError("two\nlines")])]
    )
    program = McpAddress(command=("x",))
    assert (
        explain_start(program, ValueError("two\nlines"), 0, "no disk")
        == "it ended (two lines); its last words: no disk"
    )
    assert explain_start(program, group, 0, "") == "it does not answer in time"
    assert "check `authorization`" in explain_start(McpAddress(url="https://a.b"), None, 401, "")
