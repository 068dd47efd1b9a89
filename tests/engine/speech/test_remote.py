"""Ears and a voice behind real HTTP servers, good and bad."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from agentrun.audio import PCM_24K, parse_wav, render_wav
from agentrun.engine.remote.failures import RemoteFailed
from agentrun.engine.responders.script import ScriptedResponder
from agentrun.engine.seams import Say
from agentrun.engine.speech.parts import open_speech
from agentrun.engine.speech.remote import (
    MAX_INPUT_CHARS,
    RemotePart,
    RemoteRecogniser,
    RemoteVoice,
    split_text,
)
from agentrun.engine.speech.seams import Hints, SpeechChunk
from agentrun.engine.speech.streamed import make_sound_reader
from agentrun.secret import Secret
from tests.engine.remote_kit import Answer, RemoteKit, serve_posts, stream_then_hang
from tests.engine.test_server import LOUD, open_door, read_until

TONE = struct.pack("<2400h", *([1000, -1000] * 1200))  # 100 ms


def answer_with(make: Callable[[], Response]) -> Answer:
    async def answer(_: Request) -> Response:
        return make()

    return answer


def sound(data: bytes, kind: str = "audio/pcm") -> Callable[[], Response]:
    return lambda: Response(data, media_type=kind)


async def hear(url: str, hints: Hints | None = None, language: str | None = None, **options: Any) -> str:
    ears = RemoteRecogniser(RemotePart(url, "whisper", Secret("sk-canary")), **options)
    try:
        return (await ears.transcribe(bytes(32_000), hints or Hints(), language)).text
    finally:
        await ears.aclose()


async def speak(url: str, text: str = "Good day.", speed: float = 1.0, **options: Any) -> list[SpeechChunk]:
    mouth = RemoteVoice(RemotePart(url, "tts"), **options)
    try:
        return [chunk async for chunk in mouth.speak(text, language=None, voice="marin", speed=speed)]
    finally:
        await mouth.aclose()


async def test_an_utterance_is_sent_as_wav() -> None:
    hints = Hints('Callers say "where is my order" and "cancel it".')
    async with serve_posts(answer_with(lambda: JSONResponse({"text": " Where is\nmy order? "}))) as kit:
        assert await hear(kit.url, hints, "en") == "Where is my order?"
    [body] = kit.bodies
    assert kit.paths == ["/v1/audio/transcriptions"]
    assert kit.headers[0]["authorization"] == "Bearer sk-canary"
    assert (body["model"], body["language"]) == ("whisper", "en")
    assert body["prompt"] == "where is my order, cancel it"
    wav = parse_wav(body["file"])
    assert (wav.rate_hz, len(wav.pcm)) == (16_000, 32_000)


async def test_a_path_of_its_own_and_plain_text() -> None:
    async with serve_posts(answer_with(lambda: PlainTextResponse("hello"))) as kit:
        assert await hear(kit.url.replace("/v1", "/inference")) == "hello"
    assert kit.paths == ["/inference"]


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: JSONResponse({"error": {"message": "no"}}, 401), "invalid_api_key"),
        (lambda: JSONResponse({"error": {"message": "no"}}, 500), "server_error"),
        (lambda: JSONResponse({"words": "hello"}), "bad_answer"),
        (lambda: PlainTextResponse("<html>", media_type="text/html"), "bad_answer"),
        (lambda: JSONResponse({"text": "x" * 300_000}), "bad_answer"),
    ],
)
async def test_ears_that_fail(make: Callable[[], Response], code: str) -> None:
    async with serve_posts(answer_with(make)) as kit:
        with pytest.raises(RemoteFailed) as failed:
            await hear(kit.url)
    assert failed.value.code == code


async def test_ears_that_are_too_slow() -> None:
    kit: RemoteKit
    answer = answer_with(lambda: stream_then_hang(lambda: kit, b"{", media_type="application/json"))
    async with serve_posts(answer) as kit:
        with pytest.raises(RemoteFailed, match="did not answer within"):
            await hear(kit.url, limit_s=0.1)
        await kit.gone.wait()


async def test_speech_comes_in_pieces_that_count_the_text() -> None:
    async with serve_posts(answer_with(sound(TONE * 5 + TONE[:1000]))) as kit:
        chunks = await speak(kit.url, speed=1.25)
    assert b"".join(chunk.pcm for chunk in chunks) == TONE * 5 + TONE[:1000]
    assert max(len(chunk.pcm) for chunk in chunks) == PCM_24K.to_bytes(100)
    counted = [chunk.chars for chunk in chunks]
    assert counted == sorted(counted)
    assert counted[-1] == len("Good day.") > counted[-2]
    assert kit.bodies == [
        {"model": "tts", "input": "Good day.", "voice": "marin", "speed": 1.25, "response_format": "pcm"}
    ]


async def test_a_server_that_sends_wav_is_understood() -> None:
    async with serve_posts(answer_with(sound(render_wav(bytes(2 * 16_000), 16_000), "audio/wav"))) as kit:
        chunks = await speak(kit.url)
    assert abs(sum(len(chunk.pcm) for chunk in chunks) - 48_000) <= 4


async def test_a_server_without_pcm_is_asked_for_wav_from_then_on() -> None:
    async def answer(request: Request) -> Response:
        if (await request.json())["response_format"] == "pcm":
            return JSONResponse({"error": {"message": "unknown format"}}, 400)
        return Response(render_wav(TONE, 24_000), media_type="audio/wav")

    async with serve_posts(answer) as kit:
        mouth = RemoteVoice(RemotePart(kit.url, "tts", voice="af_heart"))
        for _ in range(2):
            chunks = [c async for c in mouth.speak("Hi", language=None, voice="marin", speed=1.0)]
            assert b"".join(chunk.pcm for chunk in chunks) == TONE
        await mouth.aclose()
    assert [body["response_format"] for body in kit.bodies] == ["pcm", "wav", "wav"]
    assert {body["voice"] for body in kit.bodies} == {"af_heart"}


@pytest.mark.parametrize(
    "make",
    [
        lambda: JSONResponse({"error": "no such voice"}, 404),
        lambda: PlainTextResponse("<html>", media_type="text/html"),
        lambda: JSONResponse({"audio": ""}),
        sound(b""),
        sound(
            b"RIFF" + bytes(8) + b"fmt \x10\0\0\0" + struct.pack("<HHIIHH", 3, 1, 8000, 0, 4, 32) + b"data"
        ),
        sound(b"RIFF" + bytes(100_000)),
    ],
)
async def test_a_voice_that_fails_hums_for_as_long(make: Callable[[], Response], caplog: Any) -> None:
    async with serve_posts(answer_with(make)) as kit:
        chunks = await speak(kit.url, "A sentence of some length.")
    assert chunks[-1].chars == len("A sentence of some length.")
    assert sum(len(chunk.pcm) for chunk in chunks) > PCM_24K.to_bytes(1000)
    assert "was not spoken" in caplog.text


async def test_a_voice_that_stops_in_the_middle_keeps_what_it_said(caplog: Any) -> None:
    kit: RemoteKit
    answer = answer_with(lambda: stream_then_hang(lambda: kit, TONE * 3, media_type="audio/pcm"))
    async with serve_posts(answer) as kit:
        chunks = await speak(kit.url, pause_s=0.05)
        await kit.gone.wait()
    assert b"".join(chunk.pcm for chunk in chunks) == TONE[: len(TONE)]
    assert "did not answer within" in caplog.text


async def test_closing_the_speech_closes_the_connection() -> None:
    kit: RemoteKit
    answer = answer_with(lambda: stream_then_hang(lambda: kit, TONE * 5, media_type="audio/pcm"))
    async with serve_posts(answer) as kit:
        mouth = RemoteVoice(RemotePart(kit.url, "tts"))
        async with contextlib.aclosing(
            mouth.speak("Good day.", language=None, voice="marin", speed=1.0)
        ) as chunks:
            assert (await anext(chunks)).pcm == TONE
        await kit.gone.wait()
        await mouth.aclose()


async def test_a_failing_server_costs_a_turn_and_not_the_session() -> None:
    answers = iter([JSONResponse({"error": "x"}, 500), JSONResponse({"error": "x"}, 500)])

    async def answer(_: Request) -> Response:
        return next(answers, JSONResponse({"text": "hello"}))

    async with serve_posts(answer) as kit:
        ears = RemoteRecogniser(RemotePart(kit.url, "whisper"))
        mind = ScriptedResponder([[Say("Yes?")], [Say("Yes.")]])
        async with open_door(mind, ears) as door, door.call() as connection:
            listening: Any = {"transcription": {"model": "whisper-1"}}
            await connection.session.update(session={"type": "realtime", "audio": {"input": listening}})
            pcm = bytes(48 * 400) + LOUD[:48] * 1000 + bytes(48 * 900)
            seen = []
            for _ in range(2):
                await connection.input_audio_buffer.append(audio=base64.b64encode(pcm).decode())
                events = await read_until(connection, "response.done")
                seen += [e for e in events if e.type.endswith(("tion.failed", "tion.completed"))]
        await ears.aclose()
    assert [e.type.rpartition(".")[2] for e in seen] == ["failed", "completed"]
    assert seen[1].transcript == "hello"


async def test_parts_can_be_taken_from_servers() -> None:
    async with serve_posts(answer_with(lambda: JSONResponse({"text": "hello"}))) as kit:
        remote = RemotePart(kit.url, "m")
        async with open_speech(ears=remote, mouth=remote) as speech:
            assert speech.parts.recogniser.uses == speech.parts.voice.uses == "remote"
            assert (await speech.recogniser.transcribe(bytes(320), Hints(), None)).confident


@given(st.text("ab. \n", max_size=300))
def test_long_texts_are_said_in_parts(text: str) -> None:
    long = text + "x" * MAX_INPUT_CHARS + text * 20
    parts = list(split_text(long))
    assert all(len(part) <= MAX_INPUT_CHARS for part in parts)
    assert "".join(parts) == long[: len("".join(parts))]
    assert long[len("".join(parts)) :].strip() == ""


WAV = render_wav(TONE, 24_000)


@given(st.sampled_from([TONE, WAV]), st.lists(st.integers(0, len(WAV)), max_size=6))
def test_sound_is_the_same_however_it_is_cut(data: bytes, cuts: list[int]) -> None:
    reader = make_sound_reader()
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pcm = b"".join(reader.feed(data[a:b]) for a, b in itertools.pairwise(places))
    assert pcm + reader.flush() == TONE


def test_of_several_channels_the_first_is_heard() -> None:
    head = WAV[:22] + struct.pack("<H", 2) + WAV[24:44]
    stereo = b"".join(TONE[at : at + 2] + b"\0\0" for at in range(0, len(TONE), 2))
    reader = make_sound_reader()
    assert reader.feed(head + stereo) + reader.flush() == TONE


async def test_cancelling_the_wait_for_ears() -> None:
    kit: RemoteKit
    asked = asyncio.Event()

    async def answer(_: Request) -> Response:
        asked.set()
        return stream_then_hang(lambda: kit, b"{", media_type="application/json")

    async with serve_posts(answer) as kit:
        task = asyncio.create_task(hear(kit.url))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await kit.gone.wait()
