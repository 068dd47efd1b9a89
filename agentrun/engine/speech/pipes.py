"""The protocol between the engine and its speech workers: framed messages on two pipes.

A frame is two big-endian 32-bit lengths, a JSON header of the first length and raw bytes of the second.
Every request has a number; replies carry it back, and the last one has `"final": true`. A request
`{"cancel": number}` asks the worker to stop that one early; it is answered by its final reply as usual.

Plain pipes keep the parts apart: a part that crashes or keeps the interpreter busy does so in a process of
its own, and code under another licence is only ever run, never linked.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from agentrun.wire.json import JsonObject

LENGTHS = struct.Struct("!II")


@dataclass(frozen=True, slots=True)
class Message:
    """One frame.

    Attributes:
        header: JSON of the request or reply.
        body: audio, or nothing.

    """

    header: JsonObject
    body: bytes = b""


def pack_message(message: Message) -> bytes:
    """Return the frame of a message."""
    header = json.dumps(message.header, ensure_ascii=False).encode()
    return LENGTHS.pack(len(header), len(message.body)) + header + message.body


def read_message(stream: BinaryIO) -> Message | None:
    """Read one frame, or return None when the other side has gone."""
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    header_bytes, body_bytes = LENGTHS.unpack(lengths)
    header, body = stream.read(header_bytes), stream.read(body_bytes)
    if len(header) < header_bytes or len(body) < body_bytes:
        return None
    return Message(json.loads(header), body)


class WorkerSide:
    """The worker's end: requests come in by a thread, so that a cancellation is seen during the work."""

    def __init__(self, source: BinaryIO, target: BinaryIO) -> None:
        self._source = source
        self._target = target
        self._inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._cancelled: set[int] = set()

    def is_cancelled(self, number: int) -> bool:
        """Tell whether the engine no longer wants the answer to that request."""
        return number in self._cancelled

    def reply(self, number: int, header: JsonObject, body: bytes = b"", *, final: bool = False) -> None:
        """Send a reply; replies to one request arrive in this order."""
        self._target.write(pack_message(Message({**header, "number": number, "final": final}, body)))
        self._target.flush()

    def serve(self, answer: Callable[[Message, int], Iterator[Message]]) -> None:
        """Answer requests one after the other until the engine goes away.

        Args:
            answer: yields the replies to a request; what it raises becomes a final reply `{"error": text}`.

        """
        threading.Thread(target=self._read, daemon=True).start()
        while (request := self._inbox.get()) is not None:
            number = int(request.header["number"])
            failure: JsonObject = {}
            try:
                for message in answer(request, number):
                    self.reply(number, message.header, message.body)
            except (RuntimeError, ValueError, LookupError, OSError) as error:
                failure = {"error": f"{type(error).__name__}: {error}"}
            self.reply(number, failure, final=True)
            self._cancelled.discard(number)

    def _read(self) -> None:
        while (message := read_message(self._source)) is not None:
            cancelled = message.header.get("cancel")
            if isinstance(cancelled, int):
                self._cancelled.add(cancelled)
            else:
                self._inbox.put(message)
        self._inbox.put(None)


def open_worker_side() -> WorkerSide:
    """Take over this process's standard input and output for the protocol.

    The real standard output is replaced by standard error, because a C library that prints a line would
    break the frames. An interrupt from the keyboard reaches the whole group of processes: the engine ends
    its workers itself, by closing their pipe.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    target = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return WorkerSide(sys.stdin.buffer, target)
