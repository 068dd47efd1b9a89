"""The socket shell, held to by the official client over a real socket."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
from array import array
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from agentrun.engine.connection import Connection
from agentrun.engine.driver import EngineParts
from agentrun.engine.http.realtime import serve_session
from agentrun.engine.http.switchboard import EngineOptions
from agentrun.engine.responders.script import ScriptedResponder
from agentrun.engine.seams import Call, Mind, Move, Prompt, Say
from agentrun.engine.server import listen
from agentrun.engine.speech.seams import Hints, Recogniser, Transcript, Voice
from agentrun.engine.speech.silent import DeafRecogniser, SilentVoice
from agentrun.errors import ConnectFailed
from agentrun.secret import Secret
from tests.engine.official import check_event

USER = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
LOUD = b"\x7f" * 1024
TOOL = {"type": "function", "name": "lookup", "parameters": {"type": "object", "properties": {}}}


class LevelDetector:
    """Takes every window with a loud sample for speech; the sound itself is real."""

    rate_hz = 16_000

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, pcm: bytes) -> list[float]:
        data = self._rest + pcm
        whole = len(data) - len(data) % 1024
        self._rest = data[whole:]
        windows = [data[at : at + 1024] for at in range(0, whole, 1024)]
        return [1.0 if max(array("h", window)) > 4000 else 0.0 for window in windows]

    def reset(self) -> None:
        self._rest = b""


class Understanding:
    """A recogniser that understands the same in everything, and keeps what it was given."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.heard_ms: list[int] = []

    async def transcribe(self, pcm16k: bytes, hints: Hints, language: str | None) -> Transcript:
        self.heard_ms.append(len(pcm16k) // 32)
        return Transcript(self._text, confident=True)

    async def aclose(self) -> None:
        return


class Ears:
    """Speech parts of tests."""

    def __init__(self, recogniser: Recogniser | None = None) -> None:
        self.recogniser: Recogniser = recogniser or DeafRecogniser()
        self.voice: Voice = SilentVoice()

    def detector(self, threshold: float, rate_hz: int) -> LevelDetector:
        return LevelDetector()


class Door:
    """A running engine and a client for it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.client = AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="any", max_retries=0)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/v1/realtime?model=gpt-realtime-2.1"

    @contextlib.asynccontextmanager
    async def call(self) -> AsyncIterator[AsyncRealtimeConnection]:
        async with self.client.realtime.connect(model="gpt-realtime-2.1") as connection:
            yield connection


@contextlib.asynccontextmanager
async def open_door(
    responder: Mind | Sequence[Sequence[Move]],
    recogniser: Recogniser | None = None,
    *,
    pace: float = 1000.0,
    **options: Any,
) -> AsyncIterator[Door]:
    mind = ScriptedResponder(responder) if isinstance(responder, Sequence) else responder
    parts = EngineParts(mind, Ears(recogniser), pace)
    async with listen(parts, port=0, options=EngineOptions(**options)) as port:
        door = Door(port)
        try:
            yield door
        finally:
            await door.client.close()


async def read_until(connection: AsyncRealtimeConnection, kind: str) -> list[Any]:
    """Read events up to the first of a type, each checked strictly against the official types."""
    events: list[Any] = []
    async with asyncio.timeout(20):
        while not events or events[-1].type != kind:
            frame = await connection.recv_bytes()
            check_event(json.loads(frame))
            events.append(connection.parse_event(frame))
    return events


async def drain(socket: ClientConnection) -> None:
    """Read until the connection ends."""
    while True:
        await socket.recv()


async def test_text_turn() -> None:
    async with open_door([[Say("Hello from the engine.")]]) as door, door.call() as connection:
        await connection.session.update(session={"type": "realtime", "output_modalities": ["text"]})
        await connection.conversation.item.create(item=USER)  # type: ignore[arg-type]
        await connection.response.create()
        events = await read_until(connection, "response.done")
    assert [event.type for event in events][:2] == ["session.created", "session.updated"]
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == "Hello from the engine."
    assert events[-1].response.output[0].content[0].text == "Hello from the engine."


async def test_function_call_turn() -> None:
    script: list[list[Move]] = [
        [Say("Let me look.", "commentary"), Call("lookup", {"id": "A1"})],
        [Say("It is on its way.")],
    ]
    async with open_door(script) as door, door.call() as connection:
        session = {"type": "realtime", "tools": [TOOL], "output_modalities": ["text"]}
        await connection.session.update(session=session)  # type: ignore[arg-type]
        await connection.conversation.item.create(item=USER)  # type: ignore[arg-type]
        await connection.response.create()
        call = (await read_until(connection, "response.done"))[-1].response.output[1]
        assert json.loads(call.arguments) == {"id": "A1"}
        await connection.conversation.item.create(
            item={"type": "function_call_output", "call_id": call.call_id, "output": "shipped"}
        )
        await connection.response.create()
        answer = (await read_until(connection, "response.done"))[-1].response
    assert answer.output[0].content[0].text == "It is on its way."


async def test_audio_turn() -> None:
    ear = Understanding("where is my order")
    async with open_door([[Say("It is on its way.")]], ear) as door, door.call() as connection:
        await connection.session.update(
            session={"type": "realtime", "audio": {"input": {"transcription": {"model": "whisper-1"}}}}
        )
        pcm = bytes(48 * 400) + LOUD[:48] * 1000 + bytes(48 * 900)
        for at in range(0, len(pcm), 48 * 100):
            await connection.input_audio_buffer.append(
                audio=base64.b64encode(pcm[at : at + 48 * 100]).decode()
            )
        events = await read_until(connection, "response.done")
    kinds = [event.type for event in events]
    started = next(event for event in events if event.type == "input_audio_buffer.speech_started")
    stopped = next(event for event in events if event.type == "input_audio_buffer.speech_stopped")
    assert started.audio_start_ms == pytest.approx(100, abs=70)
    assert stopped.audio_end_ms == pytest.approx(1900, abs=100)
    heard = next(e for e in events if e.type.endswith("input_audio_transcription.completed"))
    assert heard.transcript == "where is my order"
    [heard_ms] = ear.heard_ms  # once, at the first pause: the second of sound and what is round it
    assert 1000 < heard_ms <= stopped.audio_end_ms - started.audio_start_ms
    order = ["input_audio_buffer.committed", "response.created", "response.output_audio.delta"]
    assert [kinds.index(kind) for kind in order] == sorted(kinds.index(kind) for kind in order)


async def test_g711_audio_turn() -> None:
    async with open_door([[Say("Yes.")]], Understanding("hello")) as door, door.call() as connection:
        ulaw: Any = {"format": {"type": "audio/pcmu"}}
        await connection.session.update(
            session={"type": "realtime", "audio": {"input": ulaw, "output": ulaw}}
        )
        audio = b"\xff" * 8 * 200 + (b"\x10" * 8 + b"\x90" * 8) * 400 + b"\xff" * 8 * 900
        await connection.input_audio_buffer.append(audio=base64.b64encode(audio).decode())
        events = await read_until(connection, "response.done")
    assert "input_audio_buffer.speech_stopped" in [event.type for event in events]


async def test_semantic_turn_ends_when_the_sentence_does() -> None:
    async with open_door([[Say("Yes.")]], Understanding("all done")) as door, door.call() as connection:
        await connection.session.update(
            session={"type": "realtime", "audio": {"input": {"turn_detection": {"type": "semantic_vad"}}}}
        )
        pcm = LOUD[:48] * 800 + bytes(48 * 1600)
        for at in range(0, len(pcm), 48 * 50):
            await connection.input_audio_buffer.append(
                audio=base64.b64encode(pcm[at : at + 48 * 50]).decode()
            )
        events = await read_until(connection, "response.done")
    stopped = next(event for event in events if event.type == "input_audio_buffer.speech_stopped")
    assert stopped.audio_end_ms < 800 + 1000  # a caller who sounds unfinished would be waited for longer


async def test_barge_in() -> None:
    script = [[Say("A very long story. " * 20)], [Say("Yes?")]]
    async with open_door(script, Understanding("stop"), pace=2.0) as door, door.call() as connection:
        await connection.response.create()
        await read_until(connection, "response.output_audio.delta")
        pcm = LOUD[:48] * 500 + bytes(48 * 800)
        await connection.input_audio_buffer.append(audio=base64.b64encode(pcm).decode())
        events = await read_until(connection, "response.done")
        done = events[-1].response
        assert (done.status, done.status_details.reason) == ("cancelled", "turn_detected")
        item_id = done.output[0].id
        await connection.conversation.item.truncate(item_id=item_id, content_index=0, audio_end_ms=50)
        assert (await read_until(connection, "conversation.item.truncated"))[-1].audio_end_ms == 50
        assert (await read_until(connection, "response.done"))[-1].response.status == "completed"


async def test_refused_event_leaves_the_session_open() -> None:
    async with open_door([[]]) as door, door.call() as connection:
        await connection.send_raw("this is not JSON")
        assert (await read_until(connection, "error"))[-1].error.code == "invalid_event"
        await connection.response.cancel(event_id="mine")
        error = (await read_until(connection, "error"))[-1].error
        assert (error.code, error.event_id) == ("response_cancel_not_active", "mine")
        await connection.response.create()
        await read_until(connection, "response.done")


async def test_beta_header() -> None:
    async with open_door([]) as door:
        headers = {"OpenAI-Beta": "realtime=v1"}
        async with connect(door.url, additional_headers=headers, proxy=None) as socket:
            error = json.loads(await socket.recv())
            assert error["error"]["code"] == "beta_api_shape_disabled"
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4000


async def test_browser_subprotocols() -> None:
    offered = [Subprotocol("realtime"), Subprotocol("openai-insecure-api-key.secret")]
    async with (
        open_door([], keys=(Secret("secret"),)) as door,
        connect(door.url, subprotocols=offered, proxy=None) as socket,
    ):
        assert socket.subprotocol == "realtime"


async def test_wrong_key_and_wrong_path() -> None:
    async with open_door([], keys=(Secret("secret"),)) as door:
        for url, status in (
            (door.url, 401),
            (door.url.replace("/v1/realtime", "/v2"), 404),
        ):
            with pytest.raises(InvalidStatus) as refused:
                await connect(url, additional_headers={"Authorization": "Bearer nö"}, proxy=None)
            assert refused.value.response.status_code == status


async def test_session_ends_after_its_time() -> None:
    async with open_door([], session_limit_ms=300) as door, connect(door.url, proxy=None) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await drain(socket)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, "maximum duration" in closed.value.rcvd.reason) == (1001, True)


class Moody:
    """Breaks on the first question of a session that is told to; answers the others."""

    def respond(self, prompt: Prompt) -> list[Move]:
        if prompt.instructions == "break":
            raise ZeroDivisionError("a bug")
        return [Say("Fine.")]


async def test_failed_session_leaves_the_others_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "agentrun")
    async with open_door(Moody()) as door, door.call() as good, connect(door.url, proxy=None) as bad:
        await bad.send(json.dumps({"type": "response.create", "response": {"instructions": "break"}}))
        with pytest.raises(ConnectionClosed) as closed:
            await drain(bad)
        await good.response.create()
        assert (await read_until(good, "response.done"))[-1].response.status == "completed"
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1011
    assert [record.getMessage() for record in caplog.records] == [
        "a session failed: ZeroDivisionError('a bug')"
    ]


class Remote:
    """Answers over time, and then cannot be reached."""

    async def respond(self, prompt: Prompt) -> AsyncIterator[Move]:
        yield Say("First.")
        raise ConnectFailed("the mind is away", url="http://127.0.0.1:9/v1")


async def test_mind_that_fails_in_mid_answer() -> None:
    async with open_door(Remote()) as door, door.call() as connection:
        await connection.response.create()
        done = (await read_until(connection, "response.done"))[-1].response
    assert done.status == "failed"
    assert done.status_details.error.message == "the mind is away"


async def test_deaf_engine_says_so() -> None:
    async with open_door([[Say("Pardon?")]]) as door, door.call() as connection:
        await connection.session.update(
            session={
                "type": "realtime",
                "audio": {"input": {"turn_detection": None, "transcription": {"model": "whisper-1"}}},
            }
        )
        await connection.input_audio_buffer.append(audio=base64.b64encode(bytes(48 * 200)).decode())
        await connection.input_audio_buffer.commit()
        failed = (await read_until(connection, "conversation.item.input_audio_transcription.failed"))[-1]
        assert "agentrun[speech]" in failed.error.message


async def test_client_that_vanishes_takes_its_tasks_along() -> None:
    async with open_door([[Say("A very long story. " * 50)]], pace=1.0) as door:
        before = asyncio.all_tasks()
        socket = await connect(door.url, proxy=None)
        await socket.send('{"type":"response.create"}')
        await socket.recv()
        socket.transport.abort()
        await socket.wait_closed()
        async with asyncio.timeout(10):
            while asyncio.all_tasks() - before:
                await asyncio.wait(asyncio.all_tasks() - before, timeout=0.05)


async def test_client_that_does_not_read_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    from agentrun.engine import connection
    from agentrun.engine.core import Core
    from agentrun.engine.ids import Ids
    from tests.engine.kit import EPOCH

    monkeypatch.setattr(connection, "MAX_UNSENT_BYTES", 100_000)
    closed: list[int] = []

    async def receive() -> str | None:
        if not asked:
            asked.append(True)
            return '{"type":"response.create"}'
        await asyncio.Event().wait()
        return None

    async def send(frame: str) -> None:
        await asyncio.Event().wait()

    async def close(code: int, reason: str) -> None:
        closed.append(code)

    asked: list[bool] = []
    parts = EngineParts(ScriptedResponder([[Say("A very long story. " * 20)]]), Ears(), 1000.0)
    async with asyncio.timeout(10):
        await serve_session(Core("m", Ids(1), EPOCH), parts, Connection(receive, send, close))
    assert closed == [1008]
