"""WebRTC calls: an offer is answered with aiortc, sound goes as RTP, events over the channel `oai-events`.

Everything runs on the event loop of the engine. aiortc paces nothing: the outgoing track asks for a frame as
soon as it has sent one, so `_Speaker` waits for the clock; incoming tracks must always be drained, or their
queue grows. A connection that breaks ends the call.

Source: https://platform.openai.com/docs/guides/realtime-webrtc and https://aiortc.readthedocs.io.
"""

from __future__ import annotations

import asyncio
import contextlib
import fractions
import logging
from collections.abc import Coroutine
from http import HTTPStatus

from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, AudioResampler

from agentrun.audio import AudioFormat
from agentrun.engine.calls.call import Call
from agentrun.engine.calls.medium import WEBRTC
from agentrun.engine.calls.offers import Offer
from agentrun.engine.calls.registry import Calls
from agentrun.engine.http.refusals import RequestRefused
from agentrun.wire import ServerEvent, encode_event

log = logging.getLogger(__name__)

CHANNEL = "oai-events"
_FRAME_MS = 20
_CONNECT_LIMIT_S = 30.0
"""How long a client may take to connect after its offer was answered."""
_MAX_UNSENT_BYTES = 16 * 1024 * 1024
_GONE = ("failed", "closed", "disconnected")


async def answer_offer(calls: Calls, offer: Offer) -> tuple[Call, str]:
    """Begin a call for an offer; returns it and the answer's SDP.

    Raises:
        RequestRefused: the offer cannot be used, or the session's settings are not allowed.

    """
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        await _take_offer(peer, offer.sdp)
        call = calls.answer(WEBRTC, offer.model, offer.session)
    except RequestRefused:
        await peer.close()
        raise
    call.own(_Leg(call, peer).run())
    await peer.setLocalDescription(await peer.createAnswer())
    return call, peer.localDescription.sdp


async def _take_offer(peer: RTCPeerConnection, sdp: str) -> None:
    try:
        await peer.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
    except Exception as error:  # a border: aiortc raises whatever its parser stumbles over
        message = f"The SDP offer cannot be used: {error!r}"
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "invalid_offer", message, "sdp") from error
    if not any(it.kind == "audio" for it in peer.getTransceivers()):
        message = "The SDP offer has no audio."
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "invalid_offer", message, "sdp")


class _Leg:
    """The engine's end of one connection."""

    def __init__(self, call: Call, peer: RTCPeerConnection) -> None:
        self._call = call
        self._peer = peer
        self._speaker = _Speaker(call)
        self._connected = asyncio.Event()
        self._gone = asyncio.Event()
        self._tasks = asyncio.TaskGroup()
        for transceiver in peer.getTransceivers():
            if transceiver.kind == "audio":
                transceiver.direction = "sendrecv"
                transceiver.sender.replaceTrack(self._speaker)
        peer.on("datachannel", self._open_channel)
        peer.on("connectionstatechange", self._note_state)

    async def run(self) -> None:
        """Carry sound and events until the call ends or the connection breaks."""
        try:
            async with self._tasks:
                for transceiver in self._peer.getTransceivers():
                    if transceiver.kind == "audio":
                        self._tasks.create_task(self._listen(transceiver.receiver.track))
                self._tasks.create_task(self._watch())
        except* _LegOver:
            pass
        finally:
            self._speaker.stop()
            await self._peer.close()

    async def _watch(self) -> None:
        try:
            async with asyncio.timeout(_CONNECT_LIMIT_S):
                await self._connected.wait()
            await self._gone.wait()
        except TimeoutError:
            log.info("call %s: nobody connected within %g seconds", self._call.id, _CONNECT_LIMIT_S)
        self._call.hang_up("caller_left")
        raise _LegOver

    def _note_state(self) -> None:
        if self._peer.connectionState == "connected":
            self._connected.set()
        elif self._peer.connectionState in _GONE:
            self._connected.set()
            self._gone.set()

    async def _listen(self, track: MediaStreamTrack) -> None:
        ear = _Ear(self._call.format)
        with contextlib.suppress(MediaStreamError):  # how aiortc says that the track has ended
            while True:
                frame = await track.recv()
                if isinstance(frame, AudioFrame):
                    await self._call.hear(ear.convert(frame))

    def _open_channel(self, channel: RTCDataChannel) -> None:
        if channel.label != CHANNEL:
            return
        control = _Channel(channel)

        def take(frame: str | bytes) -> None:
            self._start(self._call.take(frame))

        channel.on("message", take)
        channel.on("close", lambda: self._call.remove_control(control))
        self._call.add_control(control, is_first=True)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        self._tasks.create_task(work)


class _Channel:
    """The data channel, as one that sees the events of a call."""

    def __init__(self, channel: RTCDataChannel) -> None:
        self._channel = channel

    def send(self, event: ServerEvent) -> None:
        """Send an event; a client that does not read loses the connection."""
        if self._channel.readyState != "open":
            return
        if self._channel.bufferedAmount > _MAX_UNSENT_BYTES:
            log.warning("closing an event channel whose client does not read")
            self._channel.close()
            return
        self._channel.send(encode_event(event))

    def end(self, code: int, reason: str) -> None:
        """Close the channel; the connection is closed with the call."""
        if self._channel.readyState == "open":
            self._channel.close()


class _Ear:
    """From decoded frames (48 kHz stereo, for Opus) to the format of the line."""

    def __init__(self, fmt: AudioFormat) -> None:
        self._resampler = AudioResampler(format="s16", layout="mono", rate=fmt.rate_hz)

    def convert(self, frame: AudioFrame) -> bytes:
        """Return the next sound as PCM16."""
        return b"".join(bytes(one.planes[0])[: 2 * one.samples] for one in self._resampler.resample(frame))


class _Speaker(MediaStreamTrack):
    """The track of what the agent says, at the pace of the clock; silence where there is nothing."""

    kind = "audio"

    def __init__(self, call: Call) -> None:
        super().__init__()
        self._call = call
        self._clock = asyncio.get_running_loop().time
        self._due_s: float | None = None
        self._samples = 0

    async def recv(self) -> AudioFrame:
        """Return the next 20 ms when their time has come."""
        if self.readyState != "live":
            raise MediaStreamError
        now_s = self._clock()
        # after a pause of the machine sound goes on from now: nobody wants to hear what is late twice as fast
        self._due_s = now_s if self._due_s is None or now_s - self._due_s > 1 else self._due_s
        if self._due_s > now_s:
            await asyncio.sleep(self._due_s - now_s)
        self._due_s += _FRAME_MS / 1000
        return self._make_frame(self._call.play(_FRAME_MS))

    def _make_frame(self, pcm: bytes) -> AudioFrame:
        rate_hz = self._call.format.rate_hz
        frame = AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2)
        frame.planes[0].update(pcm)
        frame.sample_rate = rate_hz
        frame.pts = self._samples
        frame.time_base = fractions.Fraction(1, rate_hz)
        self._samples += frame.samples
        return frame


class _LegOver(Exception):
    """Ends the tasks of a connection in good order."""
