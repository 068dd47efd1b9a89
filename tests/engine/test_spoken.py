"""A whole spoken turn: a voice says it, the engine hears it, thinks, and answers in speech."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from openai import AsyncOpenAI

from agentrun.engine.opening import open_engine
from agentrun.engine.server import listen
from agentrun.engine.speech import open_speech, probe_parts
from tests.engine.test_server import read_until

LOOKUP = {
    "type": "function",
    "name": "lookup_order",
    "description": "Look up where an order is.",
    "parameters": {
        "type": "object",
        "properties": {
            "order_id": {"type": "string", "pattern": "^A[0-9]{4}$", "description": "order number"}
        },
        "required": ["order_id"],
    },
}
INSTRUCTIONS = "You are the order desk of a book shop. Tell callers where their order is."

pytestmark = [
    pytest.mark.speech,
    pytest.mark.skipif(bool(probe_parts().degraded), reason="; ".join(probe_parts().degraded)),
]


async def speak(text: str) -> bytes:
    """Return a text as 24 kHz PCM16."""
    async with open_speech() as speech:
        chunks = speech.voice.speak(text, language="en", voice="alloy", speed=1.0)
        return b"".join([chunk.pcm async for chunk in chunks])


async def test_spoken_question_reaches_the_tool() -> None:
    question = await speak("Where is my order A1001?")
    async with open_engine() as (parts, degraded), listen(parts, port=0) as port:
        assert degraded == []
        client = AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="x")
        async with client, client.realtime.connect(model="gpt-realtime-2.1") as connection:
            session: Any = {
                "type": "realtime",
                "instructions": INSTRUCTIONS,
                "tools": [LOOKUP],
                "audio": {"input": {"transcription": {"model": "gpt-realtime-whisper"}}},
            }
            await connection.session.update(session=session)
            pcm = bytes(48 * 500) + question + bytes(48 * 1200)
            for at in range(0, len(pcm), 48 * 100):
                piece = base64.b64encode(pcm[at : at + 48 * 100]).decode()
                await connection.input_audio_buffer.append(audio=piece)
            events = await read_until(connection, "response.done")
            call = events[-1].response.output[-1]
            assert (call.name, json.loads(call.arguments)) == ("lookup_order", {"order_id": "A1001"})
            heard = next(e for e in events if e.type.endswith("input_audio_transcription.completed"))
            assert "A1001" in heard.transcript
            output = json.dumps({"outcome": "ok", "tool": "lookup_order", "result": {"status": "shipped"}})
            item: Any = {"type": "function_call_output", "call_id": call.call_id, "output": output}
            await connection.conversation.item.create(item=item)
            await connection.response.create()
            events = await read_until(connection, "response.done")
    answer = events[-1].response.output[0].content[0].transcript
    assert "shipped" in answer
    sound = b"".join(base64.b64decode(e.delta) for e in events if e.type == "response.output_audio.delta")
    assert len(sound) > 48 * 400
    assert max(sound[1::2]) > 0
