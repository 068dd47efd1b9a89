"""Checks of tools that need no look at Python code."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from agentrun.config.checks.case import AgentCase, handoff_name, read_tool_name, tool_name
from agentrun.config.nodes import Path, YamlMap, YamlScalar, find_key, find_list, find_node, find_text
from agentrun.config.quantities import parse_duration_ms
from agentrun.config.suggest import suggest
from agentrun.diagnostics import Diagnostic, Remark, Span, diagnose
from agentrun.secret import Secret, reveal

if TYPE_CHECKING:
    from agentrun.config.openapi.operation import Operation

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_READING_METHODS = ("GET", "HEAD")
_KINDS = {"tool": "a tool", "MCP server": "an MCP server", "handoff": "a handoff"}
_ADDRESSES: tuple[Path, ...] = (("http", "url"), ("http", "auth", "oauth2", "token_url"))
_SLOW_MS = 5_000  # silence after which many callers ask whether anybody is there


def check_tool_names(case: AgentCase) -> Iterator[Diagnostic]:
    """Names are legal, and no two of tools, MCP servers and handoffs share one."""
    seen: dict[str, tuple[str, Span]] = {}
    for kind, name, place, path in _find_names(case):
        if not _NAME.fullmatch(name):
            hint = "1 to 64 of the letters a to z, digits, `_` and `-`"
            message = f"{_KINDS[kind]} cannot be called `{name}`"
            yield diagnose("AR401", message, place, hint=hint, path=path)
        elif name in seen:
            first_kind, first = seen[name]
            same = f"a second {kind}" if first_kind == kind else f"{_KINDS[first_kind]} and {_KINDS[kind]}"
            message = f"there is {same} called `{name}`"
            notes = [Remark("the first is here", first)]
            hint = "give one of them another name"
            yield diagnose("AR402", message, place, hint=hint, path=path, notes=notes)
        seen.setdefault(name, (kind, place))


def _find_names(case: AgentCase) -> Iterator[tuple[str, str, Span, Path]]:
    """Yield the names that the model sees: kind, name, place and path."""
    for path, tool in case.tools():
        place, name = tool_name(tool), read_tool_name(tool)
        if place is not None and name is not None:
            yield "tool", name, place.span, path
    servers = find_list(case.tree, "mcp_servers")
    for index, server in enumerate(servers.items if servers else ()):
        if (label := find_text(server, "label")) is not None:
            yield "MCP server", str(label.value), label.span, ("mcp_servers", index, "label")
    for handoff in case.net.handoffs.get(case.file, ()):
        agent = case.net.agents.get(handoff.target)
        if agent is not None:
            name = handoff_name(agent, handoff.target)
            yield "handoff", name, handoff.to.span, ("handoffs", handoff.index, "to")


def check_tool_descriptions(case: AgentCase) -> Iterator[Diagnostic]:
    """The model is told what an HTTP tool is for."""
    for path, tool in case.tools():
        says_nothing = "http" in tool.entries and "description" not in tool.entries
        if says_nothing and find_node(tool, ("http", "openapi")) is None:
            message = "this tool has no `description`"
            hint = "the model chooses tools by it: say when to use the tool and what comes back"
            yield diagnose("AR411", message, tool.entries["http"].key, hint=hint, path=path)


def check_http_addresses(case: AgentCase) -> Iterator[Diagnostic]:
    """Scheme and host of every address stand in the file."""
    for path, tool in case.rules():
        for place in _ADDRESSES if "http" in tool.entries else (("url",),):
            url = find_node(tool, place)
            if isinstance(url, YamlScalar) and isinstance(url.value, str | Secret) and not url.unset:
                problem = _find_url_problem(reveal(url.value))
                if problem:
                    hint = "for example https://api.example.com/orders/{{order_id}}"
                    yield diagnose("AR407", problem, url.span, hint=hint, path=(*path, *place))


def _find_url_problem(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return "this is not an address"
    # A template may hold `/` or `?`, which would end the host for the parser: look at the text as well.
    before_path = re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]
    if "{{" in before_path or "{{" in url.partition("://")[0]:
        return "scheme, host and port of an address must not come from a template"
    if parts.scheme not in ("http", "https"):
        return "the address must start with `https://` or `http://`"
    return "" if host else "the address has no host"


def check_placeholders(case: AgentCase) -> Iterator[Diagnostic]:
    """A placeholder comes before its tool is given up."""
    for path, tool in case.rules():
        after, timeout = find_text(tool, "placeholder", "after"), find_text(tool, "timeout")
        after_ms, timeout_ms = _read_ms(after, 800), _read_ms(timeout, 10_000)
        if "placeholder" in tool.entries and after_ms >= timeout_ms:
            span = after.span if after else tool.entries["placeholder"].key
            message = f"this placeholder is never heard: it comes after {after_ms} ms"
            hint = (
                f"the tool is given up after {timeout_ms} ms; choose a shorter `after` or a longer `timeout`"
            )
            notes = [Remark("the timeout is here", timeout.span)] if timeout else []
            yield diagnose("AR408", message, span, hint=hint, path=(*path, "placeholder"), notes=notes)


def check_dead_air(case: AgentCase) -> Iterator[Diagnostic]:
    """A tool that is given much time says something meanwhile."""
    for path, tool in case.rules():
        timeout, deliver = find_text(tool, "timeout"), find_text(tool, "deliver")
        silent = deliver is not None and deliver.value in ("silent", "next_turn")
        covered = "placeholder" in tool.entries or (len(path) > 2 and _server_has_placeholder(case, path))
        if timeout is None or covered or silent or "builtin" in tool.entries:
            continue
        timeout_ms = _read_ms(timeout, 0)
        if timeout_ms >= _SLOW_MS:
            message = (
                f"the caller may hear nothing for {timeout_ms / 1000:g} s: this tool has no `placeholder`"
            )
            hint = "add `placeholder: One moment, please.` or choose a timeout below 5s"
            yield diagnose("AR414", message, timeout.span, hint=hint, path=(*path, "timeout"))


def _server_has_placeholder(case: AgentCase, path: Path) -> bool:
    return find_node(case.tree, (*path[:2], "placeholder")) is not None


def check_idempotency_keys(case: AgentCase) -> Iterator[Diagnostic]:
    """`idempotency: key` says of which arguments, and they are arguments of the tool."""
    for path, tool in case.rules():
        kind, names = find_text(tool, "idempotency"), find_list(tool, "key")
        if kind is not None and kind.value == "key" and names is None:
            message, hint = "`idempotency: key` needs the `key`", "name the arguments: `key: [order_id]`"
            yield diagnose("AR415", message, kind.span, hint=hint, path=(*path, "idempotency"))
        operation = case.operation(path)
        declared: Collection[str] = parameter_names(tool)
        if operation is not None and "parameters" not in tool.entries:
            declared = [argument.name for argument in operation.arguments]
        readable = "parameters" in tool.entries or operation is not None
        for index, item in enumerate(names.items if names and readable else ()):
            if isinstance(item, YamlScalar) and item.value not in declared:
                message = f"`key` names `{item.value}`, which is no argument of the tool"
                hint = suggest(str(item.value), declared)
                yield diagnose("AR415", message, item.span, hint=hint, path=(*path, "key", index))


def _read_ms(scalar: YamlScalar | None, default: int) -> int:
    try:
        return default if scalar is None else parse_duration_ms(str(scalar.value))
    except ValueError:
        return default


def check_retries(case: AgentCase) -> Iterator[Diagnostic]:
    """Nothing that writes is repeated unless that is safe."""
    for path, tool in case.rules():
        safe = find_text(tool, "idempotency")
        if (
            "retry" in tool.entries
            and _writes(tool, case.operation(path))
            and (safe is None or safe.value == "none")
        ):
            message = "`retry` may do the work of this tool twice"
            hint = "say `idempotency: natural` or `key`, declare `effect: read`, or remove `retry`"
            span = find_key(case.tree, (*path, "retry"))
            reason = find_text(tool, "effect") or find_text(tool, "http", "method")
            notes = [Remark(f"`{reason.value}` writes", reason.span)] if reason else []
            yield diagnose("AR409", message, span, hint=hint, path=(*path, "retry"), notes=notes)


def _writes(tool: YamlMap, operation: Operation | None) -> bool:
    effect = find_text(tool, "effect")
    if effect is not None:
        return effect.value == "write"
    method = find_text(tool, "http", "method")
    if method is None and operation is not None:
        return operation.method not in _READING_METHODS
    if method is None and "http" in tool.entries:
        return any(find_node(tool, ("http", body)) is not None for body in ("json", "form", "body"))
    return method is None or method.value not in _READING_METHODS


def parameter_names(tool: YamlMap, path: Path = ("parameters", "properties")) -> dict[str, Span]:
    """Return the declared arguments of a tool with the places of their keys."""
    properties = find_node(tool, path)
    return {k: e.key for k, e in properties.entries.items()} if isinstance(properties, YamlMap) else {}
