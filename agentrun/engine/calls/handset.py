"""A phone on a live call: what the caller says goes out piece by piece, as time passes.

The phone decides (`phone`); here is the short loop around it. Everything happens at the beat of the line, 20
milliseconds of sound each way: silence where the caller says nothing, as on a telephone. The phone's clock
counts this sound, so that a call that runs faster than time is the same call.

Where the engine has no voice or no recogniser a line would not be understood, so it is typed into the call
instead: an item of the caller and a request for a response.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol, cast

from agentrun.audio import PCM_24K, AudioFormat, encode_audio, open_resampler, resample
from agentrun.engine.calls.phone import (
    Answered,
    Command,
    Ended,
    HangUp,
    Happening,
    Phone,
    Press,
    Sound,
    Utter,
    Uttered,
    Wake,
    Words,
)
from agentrun.engine.speech.seams import Recogniser, SpeechChunk, Voice
from agentrun.engine.speech.silent import DeafRecogniser, SilentVoice
from agentrun.errors import AgentrunError
from agentrun.wire import ServerEvent

log = logging.getLogger(__name__)

BEAT_MS = 20
CALLER_VOICE = "echo"
_TAIL_MS = 100
"""Silence that belongs to an utterance: a line that ends in the middle of a sample's echo is heard badly."""


class LiveCall(Protocol):
    """What a phone needs of a call; `call.Call` is one."""

    @property
    def format(self) -> AudioFormat:
        """Of the sound on the line, both ways."""

    async def hear(self, audio: bytes) -> None:
        """Take sound of the caller."""

    def play(self, duration_ms: int) -> bytes:
        """Return the next sound for the caller."""

    def press(self, key: str) -> None:
        """Take a key of the caller's telephone."""

    def type(self, text: str) -> None:
        """Take a line of the caller in writing, and answer it."""


class Handset:
    """Holds one caller's end of a call; it is a sink of the call's events.

    Args:
        phone: decides.
        voice: speaks the caller's lines.
        recogniser: only to know whether there is one.
        pace: how many times faster than time the call goes.

    Attributes:
        recorded: what the agent said, in the format of the line, with the silence between.

    """

    def __init__(self, phone: Phone, voice: Voice, recogniser: Recogniser, *, pace: float = 1.0) -> None:
        self.recorded = bytearray()
        self._phone = phone
        self._voice = voice
        self._types = isinstance(voice, SilentVoice) or isinstance(recogniser, DeafRecogniser)
        self._pace = pace
        self._happened: deque[Happening] = deque()
        self._outgoing = bytearray()
        self._preparing: asyncio.Task[None] | None = None
        self._uttering = False
        self._line_ms = 0
        self._over = False

    def send(self, event: ServerEvent) -> None:
        """Take an event of the call; the phone looks at it with the next beat."""
        self._happened.append(event)

    def end(self, code: int, reason: str) -> None:
        """Take note that the call is over."""
        self._over = True

    async def run(self, call: LiveCall) -> None:
        """Hold the call until the caller hangs up or the call is over."""
        clock = asyncio.get_running_loop().time
        began_s = clock()
        self._happened.append(Answered())
        try:
            while not self._over and not self._decide(call):
                await self._beat(call)
                ahead_s = self._line_ms / 1000 / self._pace - (clock() - began_s)
                await asyncio.sleep(max(0.0, ahead_s))
        finally:
            for event in (*self._happened, Ended()):  # words that came with the end are not lost
                self._phone.handle(event, self._line_ms)
            if self._preparing is not None:
                self._preparing.cancel()
                await asyncio.wait((self._preparing,))

    def _decide(self, call: LiveCall) -> bool:
        """Let the phone look at what has happened; returns whether it hangs up."""
        if self._uttering and not self._outgoing and (self._preparing is None or self._preparing.done()):
            self._uttering = False
            self._happened.append(Uttered())
        self._happened.append(Wake())
        while self._happened:
            for command in self._phone.handle(self._happened.popleft(), self._line_ms):
                if isinstance(command, HangUp):
                    return True
                self._obey(command, call)
        return False

    def _obey(self, command: Command, call: LiveCall) -> None:
        match command:
            case Press():
                call.press(command.key)
            case Utter(step=Words(text)) if self._types:
                call.type(text)
                self._uttering = True
            case Utter(step=step):
                self._uttering = True
                self._preparing = asyncio.create_task(self._prepare(step, call.format))

    async def _prepare(self, step: Words | Sound, fmt: AudioFormat) -> None:
        try:
            await (self._speak(step.text, fmt) if isinstance(step, Words) else self._play(step, fmt))
        except (AgentrunError, OSError) as error:  # a broken voice costs one line, not the call
            log.warning("a line of the caller could not be spoken: %s", error)
        self._outgoing += fmt.make_silence(_TAIL_MS)

    async def _speak(self, text: str, fmt: AudioFormat) -> None:
        resampler = open_resampler(PCM_24K.rate_hz, fmt.rate_hz)
        chunks = self._voice.speak(text, language=None, voice=CALLER_VOICE, speed=1.0)
        try:
            async with aclosing(cast("AsyncGenerator[SpeechChunk, None]", chunks)) as spoken:
                async for chunk in spoken:
                    self._outgoing += encode_audio(resampler.feed(chunk.pcm), fmt)
        finally:
            self._outgoing += encode_audio(resampler.flush(), fmt)

    async def _play(self, sound: Sound, fmt: AudioFormat) -> None:
        pcm = await asyncio.to_thread(resample, sound.pcm, sound.rate_hz, fmt.rate_hz)  # it may be long
        self._outgoing += encode_audio(pcm, fmt)

    async def _beat(self, call: LiveCall) -> None:
        size = call.format.to_bytes(BEAT_MS)
        sound = bytes(self._outgoing[:size])
        del self._outgoing[:size]
        self._line_ms += BEAT_MS
        self.recorded += call.play(BEAT_MS)
        await call.hear(sound + call.format.make_silence(BEAT_MS)[len(sound) :])
