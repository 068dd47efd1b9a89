"""WebRTC calls with a real peer: aiortc on both sides, the official client for what is HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from openai import AsyncOpenAI, NotFoundError
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from websockets.exceptions import ConnectionClosedOK

from agentrun.engine.driver import EngineParts
from agentrun.engine.http.switchboard import Switchboard
from agentrun.engine.responders.script import ScriptedResponder
from agentrun.engine.seams import Move, Say
from agentrun.engine.server import serve_board
from agentrun.engine.speech.silent import SilentVoice
from tests.engine.official import check_event
from tests.engine.test_server import Ears, Understanding

aiortc = pytest.importorskip("aiortc", reason="the extra `webrtc` is not installed")
SESSION: Any = {"type": "realtime", "model": "gpt-realtime-2.1", "instructions": "Be brief."}


class Peer:
    """A caller with a browser's means: a microphone, a loudspeaker, the event channel."""

    def __init__(self) -> None:
        from aiortc import RTCConfiguration, RTCPeerConnection

        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.channel = self.connection.createDataChannel("oai-events")
        self.microphone = make_microphone()
        self.events: asyncio.Queue[Any] = asyncio.Queue()
        self.seen: list[str] = []
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()
        self.closed = asyncio.Event()
        self.connection.addTrack(self.microphone)
        self.channel.on("message", self.events.put_nowait)
        self.channel.on("close", self.closed.set)
        self.connection.on("track", self._listen)
        self._tasks: set[asyncio.Task[None]] = set()

    async def offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return str(self.connection.localDescription.sdp)

    async def take(self, answer: str) -> None:
        description = aiortc.RTCSessionDescription(answer, "answer")
        await self.connection.setRemoteDescription(description)

    def send(self, event: dict[str, Any]) -> None:
        self.channel.send(json.dumps(event))

    async def until(self, kind: str) -> Any:
        """Read up to the next event of a type; each is validated strictly."""
        async with asyncio.timeout(20):
            while True:
                text = await self.events.get()
                event = json.loads(text)
                check_event(event)
                self.seen.append(event["type"])
                if event["type"] == kind:
                    return event

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await self.connection.close()

    def _listen(self, track: Any) -> None:
        async def drain() -> None:
            with contextlib.suppress(aiortc.mediastreams.MediaStreamError):
                while True:
                    frame = await track.recv()
                    self.heard.put_nowait(bytes(frame.planes[0]))

        self._tasks.add(asyncio.ensure_future(drain()))


def make_microphone() -> Any:
    """Return a track that plays what is put into `sound` (20 ms frames of 48 kHz), and silence else."""
    import fractions

    from av import AudioFrame

    class Microphone(aiortc.MediaStreamTrack):  # type: ignore[misc, name-defined]
        kind = "audio"

        def __init__(self) -> None:
            super().__init__()
            self.sound: list[bytes] = []
            self._samples = 0
            self._started: float | None = None

        async def recv(self) -> AudioFrame:
            clock = asyncio.get_running_loop().time
            self._started = self._started or clock()
            await asyncio.sleep(max(0.0, self._started + self._samples / 48_000 - clock()))
            frame = AudioFrame(format="s16", layout="mono", samples=960)
            frame.planes[0].update(self.sound.pop(0) if self.sound else bytes(1920))
            frame.sample_rate, frame.pts = 48_000, self._samples
            frame.time_base = fractions.Fraction(1, 48_000)
            self._samples += 960
            return frame

    return Microphone()


LOUD = [(b"\x00\x60" * 24 + b"\x00\xa0" * 24) * 20] * 40
"""800 ms of a tone that no codec takes for silence."""


class Door:
    """An engine on a port, its client, and a way to call it."""

    def __init__(self, port: int, board: Switchboard) -> None:
        self.port = port
        self.board = board
        self.client = AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="any", max_retries=0)

    async def create(self, peer: Peer, session: Any = SESSION) -> str:
        reply = await self.client.realtime.calls.with_raw_response.create(
            sdp=await peer.offer(), session=session
        )
        await peer.take(reply.text)
        return reply.headers["location"].rsplit("/", 1)[-1]


@contextlib.asynccontextmanager
async def open_door(*script: list[Move], understood: str = "hello") -> AsyncIterator[Door]:
    ears = Ears(Understanding(understood))
    ears.voice = SilentVoice(tone_hz=300)
    parts = EngineParts(ScriptedResponder(script), ears, 50.0)
    board = Switchboard(parts)
    async with serve_board(board, "127.0.0.1", 0) as port:
        door = Door(port, board)
        try:
            yield door
        finally:
            await door.client.close()


@contextlib.asynccontextmanager
async def open_peer() -> AsyncIterator[Peer]:
    peer = Peer()
    try:
        yield peer
    finally:
        await peer.close()


async def test_a_spoken_turn() -> None:
    async with open_door([Say("It is on its way.")]) as door, open_peer() as peer:
        call_id = await door.create(peer)
        assert call_id.startswith("rtc_u0_")
        created = await peer.until("session.created")
        assert peer.seen == ["session.created"]
        assert created["session"]["id"] == call_id.replace("rtc_", "sess_")
        assert created["session"]["instructions"] == "Be brief."
        peer.microphone.sound.extend(LOUD)
        await peer.until("response.done")
        await peer.until("output_audio_buffer.stopped")
        order = [
            "input_audio_buffer.speech_started",
            "input_audio_buffer.committed",
            "response.created",
            "response.content_part.added",
            "output_audio_buffer.started",
            "output_audio_buffer.stopped",
        ]
        assert [peer.seen.index(kind) for kind in order] == sorted(peer.seen.index(kind) for kind in order)
        assert peer.seen.index("rate_limits.updated") < peer.seen.index("output_audio_buffer.stopped")
        assert "response.output_audio.delta" not in peer.seen
        loudest = max(max(map(abs, memoryview(piece).cast("h"))) for piece in drain(peer.heard))
        assert loudest > 100, "the answer is heard"


def drain(queue: asyncio.Queue[bytes]) -> list[bytes]:
    return [queue.get_nowait() for _ in range(queue.qsize())]


async def test_a_barge_in_is_cut_by_the_engine_where_it_was_heard() -> None:
    async with open_door([Say("A very long story. " * 30)], [Say("Yes?")]) as door, open_peer() as peer:
        await door.create(peer)
        await peer.until("session.created")
        peer.send({"type": "response.create"})
        await peer.until("output_audio_buffer.started")
        peer.microphone.sound.extend(LOUD)
        await peer.until("input_audio_buffer.speech_started")
        cleared = await peer.until("output_audio_buffer.cleared")
        truncated = await peer.until("conversation.item.truncated")
        assert 0 <= truncated["audio_end_ms"] < 10_000
        assert cleared["response_id"].startswith("resp_")
        peer.send({"type": "conversation.item.retrieve", "item_id": truncated["item_id"]})
        item = (await peer.until("conversation.item.retrieved"))["item"]
        assert item["content"][0].get("transcript") in (None, "")
        await peer.until("response.created")


async def test_events_over_the_channel_and_what_they_may_not_do() -> None:
    async with open_door([Say("Hello there.")]) as door, open_peer() as peer:
        await door.create(peer)
        await peer.until("session.created")
        peer.send({"type": "session.update", "session": {"type": "realtime", "instructions": "Sing."}})
        assert (await peer.until("session.updated"))["session"]["instructions"] == "Sing."
        peer.send({"type": "input_audio_buffer.append", "audio": "AAAA", "event_id": "mine"})
        error = (await peer.until("error"))["error"]
        assert (error["code"], error["event_id"]) == ("invalid_value", "mine")
        peer.channel.send("nonsense")
        assert (await peer.until("error"))["error"]["code"] == "invalid_event"
        peer.send({"type": "response.create"})
        await peer.until("output_audio_buffer.started")
        peer.send({"type": "output_audio_buffer.clear"})
        await peer.until("output_audio_buffer.cleared")


async def drain_events(sideband: AsyncRealtimeConnection) -> None:
    """Read until the connection is closed, which raises."""
    async with asyncio.timeout(20):
        while True:
            await sideband.recv()


async def test_a_sideband_sees_and_controls_the_same_session() -> None:
    async with open_door([Say("Hello there.")]) as door, open_peer() as peer:
        call_id = await door.create(peer)
        await peer.until("session.created")
        async with door.client.realtime.connect(call_id=call_id) as sideband:
            await sideband.session.update(session={"type": "realtime", "instructions": "Sing."})
            first = await sideband.recv()
            assert first.type == "session.updated", "no session.created for a sideband"
            assert (await peer.until("session.updated"))["session"]["instructions"] == "Sing."
            await sideband.response.create()
            kinds: list[str] = [first.type]
            async with asyncio.timeout(20):
                while kinds[-1] != "output_audio_buffer.stopped":
                    kinds.append((await sideband.recv()).type)
            assert "response.output_audio.delta" not in kinds
            assert "response.done" in kinds
            await door.client.realtime.calls.hangup(call_id)
            with pytest.raises(ConnectionClosedOK):
                await drain_events(sideband)
        async with asyncio.timeout(20):
            await peer.closed.wait()
        with pytest.raises(NotFoundError) as refused:
            await door.client.realtime.calls.hangup(call_id)
        assert refused.value.code == "call_id_not_found"
        assert len(door.board.calls) == 0


async def test_a_client_secret_brings_the_session() -> None:
    async with open_door() as door, open_peer() as peer, httpx.AsyncClient() as browser:
        secret = await door.client.realtime.client_secrets.create(session=SESSION)
        reply = await browser.post(
            f"http://127.0.0.1:{door.port}/v1/realtime/calls",
            content=await peer.offer(),
            headers={"Content-Type": "application/sdp", "Authorization": f"Bearer {secret.value}"},
        )
        assert reply.status_code == 201
        assert reply.headers["location"].startswith("/v1/realtime/calls/rtc_u0_")
        assert "Location" in reply.headers["access-control-expose-headers"]
        await peer.take(reply.text)
        assert (await peer.until("session.created"))["session"]["instructions"] == "Be brief."


async def test_a_caller_who_leaves_ends_the_call() -> None:
    async with open_door() as door, open_peer() as peer:
        call_id = await door.create(peer)
        await peer.until("session.created")
        call = door.board.calls.find(call_id)
        await peer.close()
        async with asyncio.timeout(40):
            assert await call.wait_ended() == "caller_left"


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        ("v=0", "application/sdp", 400, "invalid_offer"),
        ("", "application/sdp", 400, "missing_required_parameter"),
        ("{}", "application/json", 415, "unsupported_media_type"),
        ("nonsense", "multipart/form-data; boundary=x", 400, "invalid_request"),
        ("--x--", "multipart/form-data; boundary=x", 400, "missing_required_parameter"),
        ("nonsense", "multipart/form-data", 400, "invalid_request"),
    ],
)
async def test_offers_that_cannot_be_used(body: str, kind: str, status: int, code: str) -> None:
    async with open_door() as door, httpx.AsyncClient() as browser:
        url = f"http://127.0.0.1:{door.port}/v1/realtime/calls?model=gpt-realtime-2.1"
        reply = await browser.post(url, content=body, headers={"Content-Type": kind})
        assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)
        assert len(door.board.calls) == 0


async def test_settings_that_are_refused() -> None:
    async with open_door() as door, open_peer() as peer:
        with pytest.raises(Exception, match="nobody"):
            await door.create(peer, {"type": "realtime", "nobody": 1})
        assert len(door.board.calls) == 0
