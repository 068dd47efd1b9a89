"""What a caller notices of a change, in plain words."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import fields, replace

from agentrun.plan import CallPlan, Greeting, McpServer, Placeholder, PythonTarget, ToolBinding, ToolTarget
from agentrun.wire.json import JsonObject, JsonValue

# Settings of the session that can be said in one phrase: where they stand, and what they are.
_SETTINGS = (
    ("output_modalities", "the agent answers with"),
    ("audio.output.voice", "the agent speaks with the voice"),
    ("audio.output.speed", "the agent speaks at the speed"),
    ("audio.input.turn_detection", "the end of the caller's turn is found by"),
    ("audio.input.noise_reduction", "noise is reduced by"),
    ("audio.input.transcription", "what the caller says is written down by"),
    ("model", "the model that answers is"),
    ("reasoning", "before it speaks the model thinks with"),
    ("max_output_tokens", "one answer is bounded to this many tokens:"),
    ("tool_choice", "the choice of tools is"),
)
_RULES = (
    ("deliver", "its result is told"),
    ("on_interrupt", "when the caller interrupts it will"),
    ("on_hangup", "when the caller hangs up it will"),
    ("effect", "it counts as"),
    ("confirm", "before it runs it needs the consent of"),
    ("max_per_call", "one call may run it at most this often:"),
)


def tell_caller(before: CallPlan, after: CallPlan) -> Iterator[str]:
    """Yield one sentence for each thing that a caller can notice, from `before` to `after`."""
    yield from _tell_greeting(before.greeting, after.greeting)
    yield from _tell_instructions(before.session, after.session)
    if before.language != after.language:
        yield f"the agent's own phrases are in {_name(after.language)} instead of {_name(before.language)}"
    for place, words in _SETTINGS:
        old, new = _find(before.session, place), _find(after.session, place)
        if old != new:
            yield f"{words} {_name(new)} instead of {_name(old)}"
    yield from _tell_tools(before, after)
    yield from _tell_servers(before, after)
    old_ms, new_ms = before.limits.max_duration_ms, after.limits.max_duration_ms
    if old_ms != new_ms:
        yield f"a call ends after {_seconds(new_ms)} instead of {_seconds(old_ms)}"


def _tell_greeting(before: Greeting | None, after: Greeting | None) -> Iterator[str]:
    if before == after:
        return
    if before is None:
        assert after is not None
        yield f"the agent speaks first: {_quote_greeting(after)}"
        return
    if after is None:
        yield "the agent no longer speaks first: it waits for the caller"
        return
    if (before.say, before.instructions) != (after.say, after.instructions):
        yield f"the first words are {_quote_greeting(after)} instead of {_quote_greeting(before)}"
    if before.interruptible != after.interruptible:
        yield f"the caller can{'' if after.interruptible else 'not'} interrupt the greeting"


def _quote_greeting(greeting: Greeting) -> str:
    return f"“{greeting.say}”" if greeting.say else f"found by the model (“{greeting.instructions}”)"


def _tell_instructions(before: JsonObject, after: JsonObject) -> Iterator[str]:
    old, new = str(before.get("instructions", "")), str(after.get("instructions", ""))
    if old != new:
        lines = list(difflib.ndiff(old.splitlines(), new.splitlines()))
        added, removed = (sum(line.startswith(sign) for line in lines) for sign in ("+ ", "- "))
        yield f"the agent follows other instructions ({_count(added)} added, {_count(removed)} removed)"


def _count(lines: int) -> str:
    return f"{lines} line" + ("" if lines == 1 else "s")


def _tell_tools(before: CallPlan, after: CallPlan) -> Iterator[str]:
    for tool in after.tools:
        if before.tool(tool.name) is None:
            yield f"the agent can use the tool `{tool.name}`: {tool.description.partition(chr(10))[0]}"
    for old in before.tools:
        new = after.tool(old.name)
        if new is None:
            yield f"the agent can no longer use the tool `{old.name}`"
        else:
            yield from (f"`{old.name}`: {words}" for words in _tell_tool(old, new))


def _tell_servers(before: CallPlan, after: CallPlan) -> Iterator[str]:
    old, new = _find_servers(before), _find_servers(after)
    for label in dict.fromkeys([*new, *old]):
        if label not in old:
            yield f"the agent can use the tools of the MCP server `{label}`"
        elif label not in new:
            yield f"the agent can no longer use the tools of the MCP server `{label}`"
        elif old[label] != new[label]:
            yield f"the tools of the MCP server `{label}`, or the rules for them, may be others"


def _find_servers(plan: CallPlan) -> dict[str, object]:
    """Return what is known of each MCP server by its label, whoever calls it."""
    hosted = {tool["server_label"]: tool for tool in plan.session.get("tools", ()) if "server_label" in tool}
    return {**hosted, **{server.label: _describe_server(server) for server in plan.mcp_servers}}


def _describe_server(server: McpServer) -> tuple[object, ...]:
    """Return what decides about a server's tools; where the project lies on this machine does not."""
    bindings = {"": server.rules, **server.tool_rules}
    rules = {name: _list_rules(binding) for name, binding in bindings.items()}
    return replace(server.address, cwd=""), server.allowed, server.read_only, rules


def _list_rules(binding: ToolBinding) -> tuple[object, ...]:
    return tuple(getattr(binding, field.name) for field in fields(binding) if field.name != "target")


def _tell_tool(before: ToolBinding, after: ToolBinding) -> Iterator[str]:
    if before.description != after.description:
        yield "the model reads another description of when to use it"
    if before.parameters != after.parameters:
        yield "it takes other arguments"
    if _identify(before.target) != _identify(after.target):
        yield "it is carried out in another way"
    if before.placeholder != after.placeholder:
        yield _tell_placeholder(after.placeholder)
    if before.timeout_ms != after.timeout_ms:
        yield f"the wait ends after {_seconds(after.timeout_ms)} instead of {_seconds(before.timeout_ms)}"
    for name, words in _RULES:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield f"{words} {_name(new)} instead of {_name(old)}"


def _identify(target: ToolTarget) -> object:
    return (target.module, target.function) if isinstance(target, PythonTarget) else target


def _tell_placeholder(placeholder: Placeholder | None) -> str:
    if placeholder is None:
        return "while it runs the caller hears nothing"
    words = f"“{placeholder.say}”" if placeholder.say else "words found by the model"
    again = f", then every {_seconds(placeholder.every_ms)}" if placeholder.most > 1 else ""
    return f"while it runs the caller hears {words} after {_seconds(placeholder.after_ms)}{again}"


def _find(session: JsonObject, place: str) -> JsonValue:
    node: JsonValue = session
    for part in place.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    return node


def _name(value: JsonValue) -> str:
    """Return a setting in words: `cedar`, `server_vad` (threshold 0.6), the server's default."""
    match value:
        case None:
            return "the default"
        case {"type": str(kind), **rest} if rest:
            return f"`{kind}` ({', '.join(f'{key} {_plain(inner)}' for key, inner in rest.items())})"
        case {"type": str(kind)}:
            return f"`{kind}`"
        case dict():
            return ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items())
        case list():
            return ", ".join(_plain(inner) for inner in value)
    return _plain(value)


def _plain(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"`{value}`" if isinstance(value, str) else str(value)


def _seconds(ms: int) -> str:
    if ms >= 60_000 and ms % 60_000 == 0:
        return f"{ms // 60_000} min"
    return f"{ms / 1000:g} s"
