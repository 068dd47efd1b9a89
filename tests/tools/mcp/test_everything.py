"""A server that others wrote, in another language, of an older protocol: over its standard streams."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agentrun.plan import McpAddress
from tests.tools.mcp.kit import ROOT, joined, make_server

HERE = Path(__file__).parent / "js"
PROGRAM = HERE / "node_modules/@modelcontextprotocol/server-everything/dist/index.js"
NODE = shutil.which("node")
HOW = f"npm install --no-package-lock --prefix {HERE.relative_to(ROOT).as_posix()}"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(NODE is None, reason="node is not installed"),
    pytest.mark.skipif(not PROGRAM.exists(), reason=f"there are no node_modules; make them with `{HOW}`"),
]


async def test_everything() -> None:
    assert NODE
    async with joined(make_server(McpAddress(command=(NODE, str(PROGRAM)), cwd=str(ROOT)))) as desk:
        assert (await desk.call("echo", '{"message": "hi"}')).result == "Echo: hi"
        assert (await desk.call("get-sum", '{"a": 1, "b": 2}')).result == "The sum of 1 and 2 is 3."
        weather = await desk.call("get-structured-content", '{"location": "Chicago"}')
        assert isinstance(weather.result, dict)
        assert set(weather.result) == {"temperature", "conditions", "humidity"}
        assert "[image, image/png, " in (await desk.call("get-tiny-image")).result
        assert "[file " in (await desk.call("get-resource-links")).result
        wrong = await desk.call("get-sum", '{"a": "one"}')
        assert (wrong.outcome, wrong.code) == ("failed", "invalid_arguments")
