from __future__ import annotations

import pytest

from agentrun.conversation.echo import find_dropped_fields
from agentrun.wire.json import JsonObject

TOOL = {"type": "function", "name": "lookup", "parameters": {}}


@pytest.mark.parametrize(
    ("sent", "echoed", "dropped"),
    [
        ({"type": "realtime"}, {"type": "realtime", "id": "sess_1"}, []),
        ({"instructions": "Be brief."}, {}, []),
        ({"audio": {"output": {"voice": "cedar"}}}, {"audio": {"output": {"voice": "marin"}}}, ["voice"]),
        ({"audio": {"output": {"voice": "cedar"}}}, {"audio": {"output": {}}}, ["voice"]),
        ({"audio": {"output": {"voice": "cedar"}}}, {"audio": None}, [""]),
        ({"audio": {"input": {"turn_detection": None}}}, {"audio": {"input": {}}}, []),
        ({"tools": [TOOL]}, {"tools": [TOOL | {"description": ""}]}, []),
        ({"tools": [TOOL]}, {"tools": []}, ["[0]"]),
        ({"tools": [TOOL]}, {"tools": None}, ["[0]"]),
        ({"tools": [{"type": "mcp", "server_label": "docs"}, "?"]}, {"tools": [TOOL]}, ["[0]", "[1]"]),
    ],
)
def test_dropped_fields(sent: JsonObject, echoed: JsonObject, dropped: list[str]) -> None:
    prefix = {"voice": "audio.output.", "": "audio", "[0]": "tools", "[1]": "tools"}
    assert find_dropped_fields(sent, echoed) == [prefix[end] + end for end in dropped]
