"""A server without the `mcp` package, for what no good server does. `python raw_server.py BEHAVIOUR`.

It speaks the protocol of 2025-11-25, starts in no time, and notes its number in the file of `RAW_PIDS`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import Any

BEHAVIOUR = sys.argv[1] if len(sys.argv) > 1 else "good"
OBJECT = {"type": "object", "properties": {"n": {"type": "integer"}}}
LIES = {"type": "object", "properties": {"n": {"$ref": "http://127.0.0.1:9/no", "type": "nonsense"}}}


def send(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def list_tools() -> list[dict[str, Any]]:
    names = ["echo", "echo"] if BEHAVIOUR == "double" else ["echo", "more"] if changed else ["echo"]
    schema = LIES if BEHAVIOUR == "lies" else OBJECT
    wrong = {"outputSchema": {"type": "object", "required": ["missing"]}} if BEHAVIOUR == "lies" else {}
    return [{"name": name, "inputSchema": schema, **wrong} for name in names]


def answer(method: str, request: dict[str, Any]) -> dict[str, Any]:
    global changed  # noqa: PLW0603 - a script
    match method:
        case "initialize":
            return {
                "protocolVersion": "2025-11-25",
                "capabilities": {"tools": {"listChanged": True}},
                "serverInfo": {"name": "raw", "version": "1"},
            }
        case "tools/list":
            return {"tools": list_tools()}
    if BEHAVIOUR == "crash":
        os._exit(3)
    if BEHAVIOUR == "changes":
        changed = True
        send({"method": "notifications/tools/list_changed"})
    if BEHAVIOUR == "noisy":
        for number in range(10_000):
            sys.stderr.write(f"line {number}\n")
            sys.stdout.write("not a message\n")
    token = request["params"].get("_meta", {}).get("progressToken")
    if token is not None:
        send(
            {
                "method": "notifications/progress",
                "params": {"progressToken": token, "progress": 1, "message": "half"},
            }
        )
    size = 50 << 20 if BEHAVIOUR == "huge" else 0
    text = "x" * size or json.dumps(request["params"].get("arguments"))
    return {
        "content": [{"type": "text", "text": text}],
        **({"structuredContent": {"odd": 1}} if BEHAVIOUR == "lies" else {}),
    }


changed = False
if pids := os.environ.get("RAW_PIDS"):
    with open(pids, "a") as file:
        file.write(f"{os.getpid()}\n")
if BEHAVIOUR == "dies":
    sys.exit("no database at db.example.com, password is hush-hush")
if BEHAVIOUR == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = os.fork()
    if child == 0:
        time.sleep(600)
    with open(os.environ["RAW_PIDS"], "a") as file:
        file.write(f"{child}\n")
for line in sys.stdin:
    request = json.loads(line)
    method = request.get("method", "")
    if "id" not in request or BEHAVIOUR == "mute":
        if method == "notifications/cancelled":
            with open(os.environ["RAW_PIDS"], "a") as file:
                file.write("cancelled\n")
        continue
    if method in ("initialize", "tools/list") or (method == "tools/call" and BEHAVIOUR != "hangs"):
        send({"id": request["id"], "result": answer(method, request)})
    elif method != "tools/call":
        send({"id": request["id"], "error": {"code": -32601, "message": "Method not found"}})
if BEHAVIOUR == "stubborn":
    time.sleep(600)
