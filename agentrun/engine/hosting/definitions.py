"""The `tools` of type `mcp` in a session or a response: what each names, and what it lets a model do.

A server is named in full once; later its label is enough. Credentials are sealed as soon as a definition is
taken in, so that no echo, log or failing test can show them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from agentrun.engine.checks import refuse
from agentrun.engine.hosting.values import HostedServer, HostedTool
from agentrun.secret import Secret
from agentrun.wire.json import JsonObject, JsonValue

MAX_SERVERS = 32
"""How many labels one session may use."""
LOCATIONS = ("server_url", "connector_id", "tunnel_id")
_CREDENTIALS = ("authorization", "headers")


def pick_definitions(tools: Iterable[JsonObject]) -> list[JsonObject]:
    """Return the tools that are MCP servers."""
    return [tool for tool in tools if tool["type"] == "mcp"]


def complete_tools(
    tools: Sequence[JsonObject], known: Mapping[str, JsonObject], path: str
) -> list[JsonObject]:
    """Return tools whose MCP servers are complete and whose credentials are sealed.

    Args:
        tools: as the client sent them, checked one by one; or completed before.
        known: complete definitions of earlier imports of the session, by label.
        path: of the parameter, for errors.

    Raises:
        RemoteProtocolError: a label is used twice, a server is named by its label alone and not known, or
            the session uses too many.

    """
    labels = [tool["server_label"] for tool in pick_definitions(tools)]
    for label in labels:
        if labels.count(label) > 1:
            message = f"Invalid '{path}': server label '{label}' is used more than once."
            refuse(message, "invalid_value", path)
    if len({*labels, *known}) > MAX_SERVERS:
        refuse(f"Invalid '{path}': a session can use {MAX_SERVERS} MCP servers.", "invalid_value", path)
    return [
        _seal(_complete(tool, known.get(tool["server_label"]), f"{path}[{index}]"))
        if tool["type"] == "mcp"
        else tool
        for index, tool in enumerate(tools)
    ]


def hide_credentials(tool: JsonObject) -> JsonObject:
    """Return a definition as it may be echoed."""
    return {key: value for key, value in tool.items() if key not in _CREDENTIALS}


def _complete(tool: JsonObject, earlier: JsonObject | None, path: str) -> JsonObject:
    location = _find_location(tool)
    if location is None and earlier is None:
        message = f"Missing required parameter: '{path}' needs 'server_url', 'connector_id' or 'tunnel_id'."
        refuse(message, "missing_required_parameter", f"{path}.server_url")
    if earlier is None or location not in (None, _find_location(earlier)):
        return tool
    if any(tool.get(key) is not None for key in _CREDENTIALS):
        earlier = hide_credentials(earlier)  # a new token replaces the old header, and the other way round
    if location is None:
        return {**earlier, **tool}
    return {**{key: earlier[key] for key in _CREDENTIALS if key in earlier}, **tool}


def _find_location(tool: JsonObject) -> tuple[str, str] | None:
    return next(((key, tool[key]) for key in LOCATIONS if tool.get(key) is not None), None)


def _seal(tool: JsonObject) -> JsonObject:
    sealed = dict(tool)
    if isinstance(token := tool.get("authorization"), str):
        sealed["authorization"] = Secret(token)
    if headers := tool.get("headers"):
        sealed["headers"] = {
            name: Secret(value) if isinstance(value, str) else value for name, value in headers.items()
        }
    return sealed


def find_server(definition: JsonObject) -> HostedServer:
    """Return the server that a complete definition names."""
    return HostedServer(
        definition["server_label"],
        definition.get("server_url"),
        definition.get("connector_id") or definition.get("tunnel_id") or "",
        definition.get("authorization"),
        tuple(sorted((definition.get("headers") or {}).items(), key=lambda header: header[0])),
    )


def is_allowed(definition: JsonObject, tool: HostedTool) -> bool:
    """Whether a definition lets the model use a tool; all, where it says nothing about it."""
    if "direct" not in definition.get("allowed_callers", ("direct",)):
        return False
    allowed = definition.get("allowed_tools")
    return tool.name in allowed if isinstance(allowed, list) else _matches(allowed or {}, tool)


def needs_approval(definition: JsonObject, tool: HostedTool) -> bool:
    """Whether a call must be approved first: always, unless `require_approval` says never of this tool.

    Where both of its filters name a tool, and where neither does, it must be approved.
    """
    rule = definition.get("require_approval") or "always"
    if isinstance(rule, str):
        return rule == "always"
    always, never = rule.get("always"), rule.get("never")
    return bool(always and _matches(always, tool)) or not (never and _matches(never, tool))


def _matches(tool_filter: Mapping[str, JsonValue], tool: HostedTool) -> bool:
    names, read_only = tool_filter.get("tool_names"), tool_filter.get("read_only")
    return (names is None or tool.name in names) and (read_only is None or read_only == tool.read_only)
