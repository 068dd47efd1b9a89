"""The official Python client holds its conversations with `agentrun engine`.

Every frame is validated strictly against the client's own types, which the client itself does not do.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection

from tests.engine.official import check_event

pytestmark = pytest.mark.slow

LOOKUP = {
    "type": "function",
    "name": "lookup_order",
    "description": "Look up where an order is.",
    "parameters": {
        "type": "object",
        "properties": {"order_id": {"type": "string", "pattern": "^A[0-9]{4}$"}},
        "required": ["order_id"],
    },
}
FRAME = 960
"""Bytes of 20 ms."""


class Caller:
    """A session of the official client, with the words that tests use."""

    def __init__(self, connection: AsyncRealtimeConnection) -> None:
        self.connection = connection
        self.seen: list[Any] = []

    async def until(self, kind: str) -> Any:
        """Read up to the next event of a type, and return that."""
        async with asyncio.timeout(20):
            while True:
                frame = await self.connection.recv_bytes()
                check_event(json.loads(frame))
                event: Any = self.connection.parse_event(frame)
                self.seen.append(event)
                if event.type == kind:
                    return event

    async def send(self, event: Any) -> None:
        """Send an event as it is, also one that the client's types do not allow."""
        await self.connection.send(event)

    async def configure(self, **session: Any) -> None:
        await self.send({"type": "session.update", "session": {"type": "realtime", **session}})
        await self.until("session.updated")

    async def type(self, text: str) -> None:
        part = {"type": "input_text", "text": text}
        item: Any = {"type": "message", "role": "user", "content": [part]}
        await self.connection.conversation.item.create(item=item)
        await self.connection.response.create()

    async def speak(self, pcm: bytes) -> None:
        """Send speech, and the silence after it that ends the turn."""
        sound = pcm + bytes(FRAME * 100)
        for start in range(0, len(sound), FRAME):
            audio = base64.b64encode(sound[start : start + FRAME]).decode()
            await self.connection.input_audio_buffer.append(audio=audio)

    async def answer_call(self, result: dict[str, str]) -> dict[str, Any]:
        """Wait for a function call, answer it and ask for the reply; returns its arguments."""
        call = await self.until("response.function_call_arguments.done")
        await self.until("response.done")
        output: Any = {
            "type": "function_call_output",
            "call_id": call.call_id,
            "output": json.dumps(result),
        }
        await self.connection.conversation.item.create(item=output)
        await self.connection.response.create()
        arguments: dict[str, Any] = json.loads(call.arguments)
        return arguments


@contextlib.asynccontextmanager
async def call(port: int) -> AsyncIterator[Caller]:
    client = AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="any", max_retries=0)
    async with client, client.realtime.connect(model="gpt-realtime-2.1") as connection:
        caller = Caller(connection)
        await caller.until("session.created")
        yield caller


async def test_a_written_conversation(engine: int) -> None:
    async with call(engine) as caller:
        await caller.configure(output_modalities=["text"])
        for words in ("Hello", "Thank you"):
            await caller.type(words)
            assert (await caller.until("response.output_text.done")).text
            done = (await caller.until("response.done")).response
            assert (done.status, done.status_details) == ("completed", None)
            assert done.usage.total_tokens == done.usage.input_tokens + done.usage.output_tokens


async def test_a_tool_in_writing(engine: int) -> None:
    async with call(engine) as caller:
        await caller.configure(output_modalities=["text"], tools=[LOOKUP])
        await caller.type("Where is my order A1001?")
        assert await caller.answer_call({"status": "on its way"}) == {"order_id": "A1001"}
        assert "on its way" in (await caller.until("response.output_text.done")).text


@pytest.mark.speech
async def test_a_spoken_conversation(engine: int, question: bytes) -> None:
    async with call(engine) as caller:
        transcription = {"model": "gpt-realtime-whisper", "language": "en"}
        await caller.configure(tools=[LOOKUP], audio={"input": {"transcription": transcription}})
        await caller.speak(question)
        started = await caller.until("input_audio_buffer.speech_started")
        committed = await caller.until("input_audio_buffer.committed")
        assert committed.item_id == started.item_id
        assert await caller.answer_call({"status": "on its way"}) == {"order_id": "A1001"}
        sound = (await caller.until("response.output_audio.delta")).delta
        assert any(base64.b64decode(sound))
        assert "on its way" in (await caller.until("response.output_audio_transcript.done")).transcript
        await caller.until("response.done")
        kind = "conversation.item.input_audio_transcription.completed"
        (heard,) = [event.transcript for event in caller.seen if event.type == kind]
        assert heard == "Where is my order A1001?"


@pytest.mark.speech
async def test_a_caller_who_talks_over_the_answer(engine: int, question: bytes) -> None:
    async with call(engine) as caller:
        await caller.configure(tools=[])
        await caller.type("Hello")
        delta = await caller.until("response.output_audio.delta")
        await caller.speak(question)
        await caller.until("input_audio_buffer.speech_started")
        cancelled = (await caller.until("response.done")).response
        assert cancelled.status == "cancelled"
        assert cancelled.status_details.reason == "turn_detected"
        assert cancelled.output[0].status == "incomplete"
        await caller.connection.conversation.item.truncate(
            item_id=delta.item_id, content_index=0, audio_end_ms=40
        )
        truncated = await caller.until("conversation.item.truncated")
        assert (truncated.item_id, truncated.audio_end_ms) == (delta.item_id, 40)
        assert (await caller.until("response.done")).response.status == "completed"


async def test_errors_leave_the_session_alone(engine: int) -> None:
    async with call(engine) as caller:
        await caller.send({"type": "session.update", "event_id": "a", "session": {"voice": "marin"}})
        error = (await caller.until("error")).error
        expected = ("missing_required_parameter", "session.type", "a")
        assert (error.code, error.param, error.event_id) == expected
        await caller.type("Hello")
        created = await caller.until("response.created")
        await caller.connection.response.create(event_id="b")
        error = (await caller.until("error")).error
        assert error.code == "conversation_already_has_active_response"
        assert created.response.id in error.message
        assert error.event_id == "b"
        await caller.connection.response.cancel()
        done = (await caller.until("response.done")).response
        assert done.status_details.reason == "client_cancelled"
        await caller.connection.response.cancel()
        assert (await caller.until("error")).error.code == "response_cancel_not_active"
