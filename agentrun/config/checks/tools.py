"""Checks of tools that need no look at Python code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from agentrun.config.checks.case import AgentCase, read_tool_name, tool_name
from agentrun.config.nodes import Path, YamlMap, YamlScalar, find_key, find_node, find_text
from agentrun.config.quantities import parse_duration_ms
from agentrun.diagnostics import Diagnostic, Remark, Span, diagnose
from agentrun.secret import Secret, reveal

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_READING_METHODS = ("GET", "HEAD")


def check_tool_names(case: AgentCase) -> Iterator[Diagnostic]:
    """Names are legal, and no two tools share one."""
    seen: dict[str, Span] = {}
    for path, tool in case.tools():
        place, name = tool_name(tool), read_tool_name(tool)
        if place is None or name is None:
            continue
        if not _NAME.fullmatch(name):
            hint = "1 to 64 of the letters a to z, digits, `_` and `-`"
            yield diagnose("AR401", f"a tool cannot be called `{name}`", place.span, hint=hint, path=path)
        elif name in seen:
            message = f"there is a second tool called `{name}`"
            notes = [Remark("the first is here", seen[name])]
            hint = "give one of them another `name`"
            yield diagnose("AR402", message, place.span, hint=hint, path=path, notes=notes)
        seen.setdefault(name, place.span)


def check_tool_descriptions(case: AgentCase) -> Iterator[Diagnostic]:
    """The model is told what an HTTP tool is for."""
    for path, tool in case.tools():
        if "http" in tool.entries and "description" not in tool.entries:
            message = "this tool has no `description`"
            hint = "the model chooses tools by it: say when to use the tool and what comes back"
            yield diagnose("AR411", message, tool.entries["http"].key, hint=hint, path=path)


def check_http_addresses(case: AgentCase) -> Iterator[Diagnostic]:
    """Scheme and host of every address stand in the file."""
    for path, tool in case.tools():
        url = find_node(tool, ("http", "url"))
        if isinstance(url, YamlScalar) and isinstance(url.value, str | Secret) and not url.unset:
            problem = _find_url_problem(reveal(url.value))
            if problem:
                hint = "for example https://api.example.com/orders/{{order_id}}"
                yield diagnose("AR407", problem, url.span, hint=hint, path=(*path, "http", "url"))


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
    for path, tool in case.tools():
        after = find_text(tool, "placeholder", "after")
        after_ms, timeout_ms = _read_ms(after, 800), _read_ms(find_text(tool, "timeout"), 10_000)
        if "placeholder" in tool.entries and after_ms >= timeout_ms:
            span = after.span if after else tool.entries["placeholder"].key
            message = f"this placeholder is never heard: it comes after {after_ms} ms"
            hint = (
                f"the tool is given up after {timeout_ms} ms; choose a shorter `after` or a longer `timeout`"
            )
            yield diagnose("AR408", message, span, hint=hint, path=(*path, "placeholder"))


def _read_ms(scalar: YamlScalar | None, default: int) -> int:
    try:
        return default if scalar is None else parse_duration_ms(str(scalar.value))
    except ValueError:
        return default


def check_retries(case: AgentCase) -> Iterator[Diagnostic]:
    """Nothing that writes is repeated unless that is safe."""
    for path, tool in case.tools():
        safe = find_text(tool, "idempotency")
        if "retry" in tool.entries and _writes(tool) and (safe is None or safe.value == "none"):
            message = "`retry` may do the work of this tool twice"
            hint = "say `idempotency: natural` or `key`, declare `effect: read`, or remove `retry`"
            span = find_key(case.tree, (*path, "retry"))
            yield diagnose("AR409", message, span, hint=hint, path=(*path, "retry"))


def _writes(tool: YamlMap) -> bool:
    effect = find_text(tool, "effect")
    if effect is not None:
        return effect.value == "write"
    method = find_text(tool, "http", "method")
    if method is None and "http" in tool.entries:
        return any(find_node(tool, ("http", body)) is not None for body in ("json", "form", "body"))
    return method is None or method.value not in _READING_METHODS


def parameter_names(tool: YamlMap, path: Path = ("parameters", "properties")) -> dict[str, Span]:
    """Return the declared arguments of a tool with the places of their keys."""
    properties = find_node(tool, path)
    return {k: e.key for k, e in properties.entries.items()} if isinstance(properties, YamlMap) else {}
