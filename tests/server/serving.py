"""A process that serves the echo desk: `python -m tests.server.serving DRAIN_S`; prints its port."""

from __future__ import annotations

import asyncio
import sys

from agentrun.asgi import open_listener
from agentrun.server.app import build_app
from agentrun.server.run import serve_app
from tests.server.echo import EchoDesk


def main() -> None:
    desk, drain_s = EchoDesk(), float(sys.argv[1])
    with open_listener("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        asyncio.run(serve_app(build_app(desk), listener, desk, drain_s, on_ready=lambda: say(port)))
    say("left in good order")


def say(words: object) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
