"""What the tests of tools share: a project in a folder, a call that notes, a real HTTP server."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from agentrun.outcome import ToolOutcome
from agentrun.plan import PythonTarget, ToolBinding
from agentrun.tools.call import ToolRequest
from agentrun.tools.dispatcher import Dispatcher


@dataclass
class RecordingCall:
    """A call that writes down what tools ask of it."""

    id: str = "call_1"
    caller: str = "+4912345"
    called: str = "+49800"
    channel: str = "text"
    variables: MutableMapping[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    hang_ups: list[str] = field(default_factory=list)

    async def say(self, text: str) -> None:
        self.said.append(text)

    async def hang_up(self, reason: str = "") -> None:
        self.hang_ups.append(reason)


@pytest.fixture
def call() -> RecordingCall:
    return RecordingCall()


WriteTool = Callable[..., PythonTarget]


@pytest.fixture
def write_tool(tmp_path: Path) -> WriteTool:
    """Write `tools/<module>.py` into a project of its own and return the target of `function` in it."""

    def write(source: str, function: str = "tool", module: str = "mine") -> PythonTarget:
        folder = tmp_path / "tools"
        folder.mkdir(exist_ok=True)
        (folder / f"{module}.py").write_text(source, encoding="utf-8")
        return PythonTarget(f"tools.{module}", function, str(tmp_path))

    return write


async def run_one(binding: ToolBinding, arguments: Any, call: RecordingCall, **options: Any) -> ToolOutcome:
    """Run one tool in a dispatcher of its own and return its one outcome."""
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    async with Dispatcher([binding], **options) as dispatcher:
        outcomes: asyncio.Queue[ToolOutcome] = asyncio.Queue()
        dispatcher.start(ToolRequest("fc_1", binding.name, text), call, outcomes.put_nowait)
        outcome = await asyncio.wait_for(outcomes.get(), 20)
    assert outcomes.empty()
    return outcome


@dataclass
class Seen:
    """One request as the server saw it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Site:
    """A real HTTP server on loopback; `answer` writes the answer to the next requests."""

    port: int
    seen: list[Seen] = field(default_factory=list)
    answer: Callable[[BaseHTTPRequestHandler], None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer_with(self, status: int, body: bytes = b"", **headers: str) -> None:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        self.answer = answer


@pytest.fixture
def site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.seen.append(Seen(self.command, self.path, headers, body))
            assert found.answer is not None
            found.answer(self)

        do_POST = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_arguments: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = Site(server.server_port)
    found.answer_with(200, b'{"fine": true}', Content_Type="application/json")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join(5)
