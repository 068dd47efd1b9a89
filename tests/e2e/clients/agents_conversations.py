"""Five conversations of the `openai-agents` runner with a Realtime server; a program, not a test.

    .venv-agents/bin/python agents_conversations.py "ws://HOST:PORT/v1/realtime?model=MODEL" QUESTION.pcm

It runs in an environment of its own (`agents-requirements.txt`), so it imports nothing of this project. It
prints one JSON object for each conversation: its name, the types of the server's events in order, what the
session told of (tools, errors, interruptions), and the history at the end. `test_agents_sdk.py` judges them.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENAI_AGENTS_DISABLE_TRACING", "1")

from agents import function_tool
from agents.realtime import (
    RealtimeAgent,
    RealtimeModelRawClientMessage,
    RealtimeModelSendRawMessage,
    RealtimeRunner,
    RealtimeSession,
)

LIMIT_S = 30
FRAME_BYTES = 960
"""20 ms of 24 kHz 16-bit mono."""
SILENCE = bytes(FRAME_BYTES)
QUESTION = "Where is my order A1001?"


@function_tool
def lookup_order(order_id: str) -> str:
    """Look up where an order is.

    Args:
        order_id: the number of the order, such as A1001.
    """
    return json.dumps({"order_id": order_id, "status": "on its way", "delivery": "Monday"})


class Conversation:
    """A session and all that it told so far."""

    def __init__(self, session: RealtimeSession) -> None:
        self.session = session
        self.server_events: list[dict[str, Any]] = []
        self.told: list[dict[str, Any]] = []
        self.heard_bytes = 0
        self._changed = asyncio.Event()

    async def follow(self) -> None:
        """Take everything the session tells, for as long as it lives."""
        async for event in self.session:
            self._take(event)
            self._changed.set()

    def _take(self, event: Any) -> None:
        match event.type:
            case "raw_model_event" if event.data.type == "raw_server_event":
                self.server_events.append(event.data.data)
            case "raw_model_event" if event.data.type == "exception":
                self.told.append({"type": "exception", "text": str(event.data.exception)})
            case "tool_start" | "tool_end":
                self.told.append({"type": event.type, "arguments": event.arguments})
            case "error":
                self.told.append({"type": "error", "text": str(event.error)})
            case "audio_interrupted":
                self.told.append({"type": "audio_interrupted", "item_id": event.item_id})
            case "audio":
                self.heard_bytes += len(event.audio.data)

    def find(self, kind: str, **members: Any) -> list[dict[str, Any]]:
        """Return the server's events of a type whose members have these values."""
        return [
            event
            for event in self.server_events
            if event["type"] == kind and all(event.get(name) == value for name, value in members.items())
        ]

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something has been told that makes the condition true."""
        async with asyncio.timeout(LIMIT_S):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def until_answered(self, times: int = 1) -> None:
        """Wait for so many spoken answers that came to their end."""
        await self.until(lambda: len(self.list_answers()) >= times)

    def list_answers(self) -> list[str]:
        """Return what the agent said in responses that completed."""
        return [
            item["content"][0]["transcript"]
            for event in self.find("response.done")
            if event["response"]["status"] == "completed"
            for item in event["response"]["output"]
            if item["type"] == "message"
        ]

    def report(self, name: str) -> None:
        """Print the line of this conversation."""
        line = {
            "name": name,
            "events": [event["type"] for event in self.server_events],
            "errors": [event["error"] for event in self.find("error")],
            "truncated": self.find("conversation.item.truncated"),
            "done": [event["response"]["status_details"] for event in self.find("response.done")],
            "told": self.told,
            "answers": self.list_answers(),
            "heard_bytes": self.heard_bytes,
            "transcripts": [
                event["transcript"]
                for event in self.find("conversation.item.input_audio_transcription.completed")
            ],
        }
        print(json.dumps(line), flush=True)


@asynccontextmanager
async def hold(url: str) -> AsyncIterator[Conversation]:
    """Open a session with the default settings of the runner."""
    agent = RealtimeAgent(
        name="desk",
        instructions="You are the order desk of a bookshop. Look orders up before you answer.",
        tools=[lookup_order],
    )
    session = await RealtimeRunner(agent).run(model_config={"url": url, "api_key": "any"})
    async with session:
        conversation = Conversation(session)
        following = asyncio.create_task(conversation.follow())
        try:
            yield conversation
        finally:
            following.cancel()


async def speak(session: RealtimeSession, pcm: bytes) -> None:
    """Send sound in frames as a phone does, but faster, and after it the silence that ends a turn."""
    for start in range(0, len(pcm), FRAME_BYTES):
        await session.send_audio(pcm[start : start + FRAME_BYTES])
    for _ in range(100):
        await session.send_audio(SILENCE)


async def hold_text(it: Conversation, question: bytes) -> None:
    """Type two turns."""
    await it.session.send_message("Hello")
    await it.until_answered()
    await it.session.send_message("Thank you")
    await it.until_answered(2)


async def hold_tool(it: Conversation, question: bytes) -> None:
    """Ask what only a tool knows."""
    await it.session.send_message(QUESTION)
    await it.until_answered()


async def hold_audio(it: Conversation, question: bytes) -> None:
    """Ask the same aloud."""
    await speak(it.session, question)
    await it.until_answered()


async def hold_barge_in(it: Conversation, question: bytes) -> None:
    """Talk over the answer as soon as it sounds."""
    await it.session.send_message(QUESTION)
    await it.until(lambda: it.heard_bytes)
    await speak(it.session, question)
    await it.until(lambda: it.find("conversation.item.truncated"))
    await it.until_answered(len(it.list_answers()) + 1)


async def hold_error(it: Conversation, question: bytes) -> None:
    """Send what the service refuses, then go on."""
    bad: RealtimeModelRawClientMessage = {
        "type": "conversation.item.delete",
        "other_data": {"item_id": "item_of_nobody", "event_id": "mine"},
    }
    await it.session.model.send_event(RealtimeModelSendRawMessage(message=bad))
    await it.until(lambda: it.find("error"))
    await it.session.send_message("Hello")
    await it.until_answered()


CONVERSATIONS: dict[str, Callable[[Conversation, bytes], Awaitable[None]]] = {
    "text": hold_text,
    "tool": hold_tool,
    "audio": hold_audio,
    "barge-in": hold_barge_in,
    "error": hold_error,
}


async def main(url: str, question: bytes) -> None:
    """Hold one conversation after the other."""
    for name, run in CONVERSATIONS.items():
        async with hold(url) as conversation:
            try:
                await run(conversation, question)
            except TimeoutError:
                conversation.told.append({"type": "timeout"})
            conversation.report(name)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]).read_bytes()))
