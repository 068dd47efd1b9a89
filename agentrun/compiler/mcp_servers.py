"""From `mcp_servers` in the file: those the provider calls go into the session, the others to agentrun."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from agentrun.compiler.tools import Fill, compile_rules
from agentrun.config.model import AgentSpec, McpServerSpec, OAuthSpec, ToolRules
from agentrun.plan import McpAddress, McpServer, McpTarget, OAuthClient, Text, ToolBinding
from agentrun.secret import Secret, reveal
from agentrun.wire.json import JsonObject, JsonValue


def is_hosted(server: McpServerSpec) -> bool:
    """Whether the provider calls the server; the default for one with a URL."""
    return (server.run or ("hosted" if server.url is not None else "client")) == "hosted"


def compile_hosted_servers(spec: AgentSpec) -> list[JsonObject]:
    """Return the entries of `session.tools` for servers that the provider calls.

    Source: https://platform.openai.com/docs/guides/realtime-mcp.
    """
    return [_compile_hosted(server) for server in spec.mcp_servers if is_hosted(server)]


def _compile_hosted(server: McpServerSpec) -> JsonObject:
    entry: JsonObject = {"type": "mcp", "server_label": server.label, "server_url": server.url}
    if server.headers:
        entry["headers"] = {name: _to_text(value) for name, value in server.headers.items()}
    if isinstance(server.authorization, str | Secret):
        entry["authorization"] = server.authorization
    if server.allowed_tools is not None:
        entry["allowed_tools"] = server.allowed_tools
    if server.require_approval is not None:
        entry["require_approval"] = server.require_approval
    return entry


def compile_client_servers(spec: AgentSpec, fill: Fill) -> tuple[McpServer, ...]:
    """Return the servers that agentrun calls, in the order of the file."""
    return tuple(_compile_client(server, spec, fill) for server in spec.mcp_servers if not is_hosted(server))


def _compile_client(server: McpServerSpec, spec: AgentSpec, fill: Fill) -> McpServer:
    address = compile_address(server, spec)
    names, read_only = _read_tool_set(server.allowed_tools)
    return McpServer(
        server.label,
        address,
        rules=_compile_tool_rules(server, address, "", fill),
        tool_rules={
            name: _compile_tool_rules(rules, address, name, fill) for name, rules in server.tools.items()
        },
        allowed=names,
        read_only=read_only,
    )


def _compile_tool_rules(rules: ToolRules, address: McpAddress, name: str, fill: Fill) -> ToolBinding:
    target = McpTarget(address, name)
    return compile_rules(ToolBinding(name, "", {"type": "object", "properties": {}}, target), rules, fill)


def compile_address(server: McpServerSpec, spec: AgentSpec) -> McpAddress:
    """Return how a server is reached; a program runs in the project's folder or below it."""
    folder = spec.root if server.cwd is None else str(Path(spec.path).parent.joinpath(server.cwd).resolve())
    first = server.command if isinstance(server.command, tuple) else (server.command,)
    return McpAddress(
        url=server.url,
        command=tuple(word for word in (*first, *server.args) if word is not None),
        env=_to_pairs(server.env),
        cwd=folder if server.command is not None else "",
        headers=_to_pairs(server.headers),
        authorization=_compile_authorization(server.authorization),
    )


def _compile_authorization(given: Text | OAuthSpec | None) -> Text | OAuthClient | None:
    if not isinstance(given, OAuthSpec):
        return given
    return OAuthClient(given.client_id, given.client_secret, given.issuer)


def _to_pairs(texts: Mapping[str, JsonValue]) -> tuple[tuple[str, Text], ...]:
    return tuple((name, _to_text(value)) for name, value in texts.items())


def _to_text(value: JsonValue) -> Text:
    if isinstance(value, str | Secret):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read_tool_set(allowed: JsonValue) -> tuple[frozenset[str] | None, bool]:
    """Return the names of a set of tools (None for all), and whether only reading ones belong to it."""
    if isinstance(allowed, dict):
        names, read_only = allowed.get("tool_names"), allowed.get("read_only") is True
    else:
        names, read_only = allowed, False
    return (None if names is None else frozenset(map(reveal, names))), read_only
