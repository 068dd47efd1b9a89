"""What we asked of the session, compared with what the server says it does.

The service drops some fields without an error; a dropped field is a caller who hears the wrong voice.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentrun.wire.json import JsonObject, JsonValue

_NEVER_ECHOED = frozenset({"reasoning", "parallel_tool_calls", "instructions", "prompt", "include"})
"""Fields that the service accepts and leaves out of the echo, or fills with texts of its own."""


def find_dropped_fields(sent: JsonObject, echoed: JsonObject) -> list[str]:
    """Return the dotted paths of the session whose value in the echo is not the one that was sent."""
    return list(_compare("", {key: value for key, value in sent.items() if key not in _NEVER_ECHOED}, echoed))


def _compare(path: str, sent: JsonValue, echoed: JsonValue) -> Iterator[str]:
    if isinstance(sent, dict) and isinstance(echoed, dict):
        for key, value in sent.items():
            inner = f"{path}.{key}" if path else key
            if key in echoed:
                yield from _compare(inner, value, echoed[key])
            elif value is not None:
                yield inner
    elif path == "tools" and isinstance(sent, list):
        yield from _compare_tools(sent, echoed)
    elif sent != echoed:
        yield path


def _compare_tools(sent: list[JsonValue], echoed: JsonValue) -> Iterator[str]:
    names = [_tool_name(tool) for tool in echoed] if isinstance(echoed, list) else []
    for index, tool in enumerate(sent):
        if _tool_name(tool) not in names:
            yield f"tools[{index}]"


def _tool_name(tool: JsonValue) -> JsonValue:
    return (tool.get("name") or tool.get("server_label")) if isinstance(tool, dict) else None
