"""How well and how fast the engine hears: every phrase is spoken, and typed, and must get the same answer.

    python benchmarks/hearing.py [--agent support|clinic] [--voice en-us --voice en-gb --voice en-us+f3]
                                 [--every 1] [--pace 1.0]

Each phrase gets a session of its own on the embedded engine: espeak-ng says it at 24 kHz, the audio goes
through the socket in pieces of 20 ms, semantic_vad ends the turn, and the answer (calls and words) is
compared with the answer to the same phrase as text.
The delay is from the caller's last sound to the first sound or call of the answer. A pace above 1 sends
faster than people speak, which makes the delays meaningless.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import statistics
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from agentrun.compiler import compile_agent
from agentrun.config import load_agent
from agentrun.engine.opening import open_engine
from agentrun.engine.server import listen
from agentrun.engine.speech.workers import Worker
from agentrun.tools.python import describe_function

HERE = Path(__file__).resolve().parent
PHRASES = {
    agent: (HERE / f"hearing-{agent}.txt").read_text("utf-8").splitlines() for agent in ("support", "clinic")
}
VOICES = {"support": ["en-us", "en-gb", "en-us+f3"], "clinic": ["ko", "ko+f3"]}
ANSWER_BEGINS = ("response.output_audio.delta", "response.output_item.added")
CALL = dict.fromkeys(("call.id", "call.from", "call.to", "call.channel"), "benchmark")
PIECE_BYTES = 960  # 20 ms
SILENCE = bytes(PIECE_BYTES)


def read_session(agent: str) -> dict[str, Any]:
    """Return the `session.update` of an example, listening to PCM with semantic_vad."""
    spec = load_agent(HERE.parent / "agents" / f"{agent}.yaml", environment=os.environ)
    plan = compile_agent(spec, call=CALL, describe_python=describe_function)
    session = json.loads(json.dumps(plan.session))
    detection = {"type": "semantic_vad", "eagerness": "auto"}
    audio = session.setdefault("audio", {}).setdefault("input", {})
    audio["turn_detection"] = detection
    audio["transcription"] = {"model": "gpt-realtime-whisper"}
    return {**session, "tools": [tool for tool in session["tools"] if tool["type"] == "function"]}


async def say(voice: Worker, text: str, name: str) -> bytes:
    """Return a phrase as 24 kHz PCM16 without the silence at its end."""
    language, plus, variant = name.partition("+")
    request = {"op": "speak", "text": text, "language": language, "variant": plus + variant, "speed": 1.0}
    return b"".join([reply.body async for reply in voice.request(request)]).rstrip(b"\0")


async def read_answer(socket: ClientConnection) -> AsyncIterator[dict[str, Any]]:
    """Yield events until the response is done."""
    async for frame in socket:
        event = json.loads(frame)
        yield event
        if event["type"] == "response.done":
            return


def summarise(event: dict[str, Any]) -> list[object]:
    """Return what a response says and calls."""
    found: list[object] = []
    for item in event["response"]["output"]:
        if item["type"] == "function_call":
            found.append((item["name"], item["arguments"]))
        else:
            found += [part.get("transcript") or part.get("text") for part in item["content"]]
    return found


async def ask_in_text(url: str, session: dict[str, Any], text: str) -> list[object]:
    """Return the answer to a typed phrase."""
    async with connect(url) as socket:
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        for event in (
            {"type": "session.update", "session": session},
            {"type": "conversation.item.create", "item": item},
            {"type": "response.create"},
        ):
            await socket.send(json.dumps(event))
        events = [event async for event in read_answer(socket)]
        return summarise(events[-1])


async def ask_by_voice(
    url: str, session: dict[str, Any], pcm: bytes, pace: float
) -> tuple[list[object], str, float]:
    """Return the answer to a spoken phrase, the transcript, and the delay in seconds."""
    async with connect(url) as socket:
        await socket.send(json.dumps({"type": "session.update", "session": session}))
        ended = 0.0

        async def speak() -> None:
            nonlocal ended
            sound = SILENCE * 40 + pcm
            sound += bytes(-len(sound) % PIECE_BYTES)
            due, at = time.monotonic(), 0
            while True:
                piece = sound[at : at + PIECE_BYTES] or SILENCE
                ended = time.monotonic() if at < len(sound) else ended
                at += PIECE_BYTES
                audio = base64.b64encode(piece).decode()
                await socket.send(json.dumps({"type": "input_audio_buffer.append", "audio": audio}))
                due += 0.02 / pace
                await asyncio.sleep(max(0.0, due - time.monotonic()))

        speaking = asyncio.create_task(speak())
        heard, first, answer = "", 0.0, list[object]()
        try:
            async with asyncio.timeout(30):
                async for event in read_answer(socket):
                    if event["type"].endswith("input_audio_transcription.completed"):
                        heard = event["transcript"]
                    if not first and event["type"] in (
                        "response.output_audio.delta",
                        "response.output_item.added",
                    ):
                        first = time.monotonic()
                    if event["type"] == "response.done":
                        answer = summarise(event)
        except TimeoutError:
            answer = ["no answer"]
        finally:
            speaking.cancel()
        return answer, heard, first - ended


async def measure(agent: str, voices: list[str], every: int, pace: float) -> None:
    """Print one line per phrase that differs, and one per voice."""
    session = read_session(agent)
    voice = Worker("agentrun.engine.speech.espeak_worker")
    async with open_engine() as (parts, degraded), listen(parts, port=0) as port:
        url = f"ws://127.0.0.1:{port}/v1/realtime?model=gpt-realtime-2.1"
        print(*degraded, sep="\n")
        for name in voices:
            delays, equal, phrases = [], 0, PHRASES[agent][::every]
            for text in phrases:
                typed = await ask_in_text(url, session, text)
                spoken, heard, delay = await ask_by_voice(url, session, await say(voice, text, name), pace)
                delays.append(delay)
                equal += typed == spoken
                if typed != spoken:
                    print(f"  {name}: {text!r} was heard as {heard!r}")
            slow = sorted(delays)[int(0.95 * (len(delays) - 1))]
            print(
                f"{agent} {name}: {equal} of {len(phrases)} as typed ({equal / len(phrases):.0%}); "
                f"answer after {statistics.median(delays):.2f} s, 95 % within {slow:.2f} s",
                flush=True,
            )
    await voice.aclose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--agent", choices=list(PHRASES), default="support")
    parser.add_argument("--voice", action="append")
    parser.add_argument("--every", type=int, default=1, help="take only every n-th phrase")
    parser.add_argument("--pace", type=float, default=1.0)
    given = parser.parse_args()
    asyncio.run(measure(given.agent, given.voice or VOICES[given.agent], given.every, given.pace))
