"""What sessions of the embedded engine cost: processor time, memory, and how late its replies are.

    python benchmarks/engine.py [--sessions 25 50 100 200] [--seconds 20] [--vad energy] [--kinds audio text]

The engine runs in a process of its own and so does the load, which is why two cores are needed; what is
reported is the *engine's* own processor time. A spoken session sends G.711 in frames of 20 ms, all the time,
as a telephone does: a word of 700 ms, then silence until the reply has come, and a while longer. The replies
are scripted sentences of about two seconds in G.711. Nobody recognises what was said. A written session asks
the next question as soon as the last answer is complete.

* **load**: processor seconds of the engine for each second of the clock; below 1.0 one core keeps up.
* **each**: the same for one session, which stays level where cost grows linearly.
* **a reply**: the same for one reply, where replies are all there is to do (written sessions).
* **late**: from `response.create`, or from the frame that ends a turn, to the first delta.
* **idle**, **busy**: resident memory for each session, connected and after the load.
* **faults**: sessions that were dropped and errors; **behind**: how late the load itself was at worst.

Frames are masked with zeros and made beforehand, so that the load costs little; the server cannot tell.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import math
import os
import random
import statistics
import struct
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from agentrun.audio import encode_g711

FRAME_S = 0.02
WORD_FRAMES = 35
PAUSE_FRAMES = 250
"""From the end of one word to the next one: the turn ends, the reply comes and is heard."""
REPLY = "Your order is on its way and should be with you on Monday."
SPOKEN = {
    "type": "realtime",
    "audio": {
        "input": {
            "format": {"type": "audio/pcmu"},
            "turn_detection": {"type": "server_vad", "silence_duration_ms": 300, "interrupt_response": False},
        },
        "output": {"format": {"type": "audio/pcmu"}},
    },
}
WRITTEN = {"type": "realtime", "output_modalities": ["text"]}


# The engine's side


async def run_engine(vad: str) -> None:
    """Serve until standard input ends; each line of it is answered with what the process has used so far."""
    from agentrun.engine.driver import EngineParts
    from agentrun.engine.responders.script import ScriptedResponder
    from agentrun.engine.seams import Say
    from agentrun.engine.server import listen
    from agentrun.engine.speech.parts import Part, SpeechParts, open_speech

    class Parrot(ScriptedResponder):
        def __init__(self) -> None:
            super().__init__(())

        def respond(self, prompt: object) -> list[Say]:  # type: ignore[override]
            return [Say(REPLY)]

    parts = SpeechParts(Part("vad", vad), Part("stt", "none"), Part("tts", "tone"))
    async with open_speech(parts) as speech, listen(EngineParts(Parrot(), speech), port=0) as port:
        print(port, flush=True)
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, sys.stdin.readline):
            print(time.process_time(), read_memory_mib(), flush=True)


def read_memory_mib() -> float:
    """Return the resident memory of this process; nan where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return math.nan
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


class Engine:
    """The engine's process, seen from the load's side."""

    def __init__(self, vad: str) -> None:
        command = [sys.executable, __file__, "--run-engine", vad]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._in, self._out = self._process.stdin, self._process.stdout
        self.port = int(self._read())

    def measure(self) -> tuple[float, float]:
        """Return the processor seconds it has used so far, and its memory in MiB."""
        assert self._in is not None
        self._in.write("\n")
        self._in.flush()
        seconds, memory = self._read().split()
        return float(seconds), float(memory)

    def close(self) -> None:
        """Let it end."""
        self._process.kill()
        self._process.wait()

    def _read(self) -> str:
        assert self._out is not None
        return self._out.readline()


# The load's side


def make_frame(event: dict[str, object]) -> bytes:
    """Return a client's WebSocket frame, masked with zeros."""
    data = json.dumps(event).encode()
    size = len(data)
    head = (
        struct.pack("!BB", 0x81, 0x80 | size) if size < 126 else struct.pack("!BBH", 0x81, 0x80 | 126, size)
    )
    return head + bytes(4) + data


def make_append(pcm16: bytes) -> bytes:
    """Return the frame that appends a piece of sound in G.711."""
    audio = base64.b64encode(encode_g711(pcm16, "pcmu")).decode()
    return make_frame({"type": "input_audio_buffer.append", "audio": audio})


async def speak_word() -> bytes:
    """Return 700 ms at 8 kHz of a voice, which a neural detector knows for one; of a tone without one."""
    from agentrun.audio import resample
    from agentrun.engine.speech.parts import open_speech

    async with open_speech() as speech:
        if speech.parts.voice.problem:
            tone = (round(12000 * math.sin(at * 0.7)) for at in range(160 * WORD_FRAMES))
            return b"".join(struct.pack("<h", sample) for sample in tone)
        chunks = speech.voice.speak("Where is my order, please?", language="en", voice="marin", speed=1.0)
        pcm24k = b"".join([chunk.pcm async for chunk in chunks])
    word = resample(pcm24k, 24_000, 8_000)
    return word[: 320 * WORD_FRAMES].ljust(320 * WORD_FRAMES, b"\0")


def make_hiss() -> bytes:
    """Return 20 ms of the faint noise of a line, at 8 kHz."""
    chance = random.Random(1)
    return b"".join(struct.pack("<h", round(chance.gauss(0, 30))) for _ in range(160))


QUIET = make_append(make_hiss())
ASK = make_frame(
    {
        "type": "conversation.item.create",
        "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "And?"}]},
    }
)
CREATE = make_frame({"type": "response.create"})
UPGRADE = (
    "GET /v1/realtime?model=gpt-realtime-2.1 HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@dataclass
class Tally:
    """What all sessions of one run have seen."""

    late_ms: list[float] = field(default_factory=list)
    replies: int = 0
    dropped: int = 0
    errors: int = 0


class Session(asyncio.Protocol):
    """One connection: writes frames that are made already, and looks for a few words in what comes back."""

    def __init__(self, tally: Tally, *, spoken: bool) -> None:
        self._tally = tally
        self._spoken = spoken
        self._asked_at: float | None = None
        self.opened = asyncio.get_running_loop().create_future()
        self.talks = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(UPGRADE.encode())

    def data_received(self, data: bytes) -> None:
        """Note what has come; a word that the network has cut in two is missed, which is rare."""
        if b"session.created" in data:
            self.write(make_frame({"type": "session.update", "session": SPOKEN if self._spoken else WRITTEN}))
        if b"session.updated" in data and not self.opened.done():
            self.opened.set_result(None)
        if self._asked_at is not None and (b"_audio.delta" in data or b"_text.delta" in data):
            self._tally.late_ms.append((time.perf_counter() - self._asked_at) * 1000)
            self._asked_at = None
        if b'"response.done"' in data:
            self._tally.replies += 1
            if self.talks and not self._spoken:
                self.ask()
        if b'"type":"error"' in data:
            self._tally.errors += 1

    def connection_lost(self, exc: Exception | None) -> None:
        """Count a session that the engine has dropped."""
        if not self.transport or not self.transport.is_closing() or exc is not None:
            self._tally.dropped += 1

    def write(self, frame: bytes) -> None:
        """Send."""
        assert self.transport is not None
        self.transport.write(frame)

    def ask(self) -> None:
        """Ask in writing."""
        self._asked_at = time.perf_counter()
        self.write(ASK + CREATE)

    def wait_for_reply(self) -> None:
        """Begin to wait: the frame that ends the turn has been sent."""
        self._asked_at = time.perf_counter()


@dataclass(frozen=True)
class Row:
    """What one load has cost; see the head of this file."""

    sessions: int
    load: float
    each_ms: float
    reply_ms: float
    late_ms: list[float]
    idle_kib: float
    busy_kib: float
    replies: int
    faults: int
    behind_ms: float

    HEAD = "sessions   load  each ms/s  reply ms  late ms   95 %  idle KiB  busy KiB  replies  faults  behind"

    def render(self) -> str:
        """Return it as a line below `HEAD`."""
        late = sorted(self.late_ms) or [math.nan]
        return (
            f"{self.sessions:8} {self.load:6.2f} {self.each_ms:10.2f} {self.reply_ms:9.2f}"
            f" {statistics.median(late):8.1f} {late[int(len(late) * 0.95)]:6.1f}"
            f" {self.idle_kib:9.0f} {self.busy_kib:9.0f}"
            f" {self.replies:8} {self.faults:7} {self.behind_ms:7.0f}"
        )


async def open_sessions(port: int, count: int, tally: Tally, *, spoken: bool) -> list[Session]:
    """Connect so many sessions, a few at a time."""
    loop = asyncio.get_running_loop()
    sessions: list[Session] = []
    for _ in range(count):
        _, session = await loop.create_connection(lambda: Session(tally, spoken=spoken), "127.0.0.1", port)
        await session.opened
        sessions.append(session)
    return sessions


async def speak_all(sessions: list[Session], seconds: float) -> float:
    """Send a frame of every session each 20 ms; returns how late the load was at worst, in seconds."""
    sound = await speak_word()
    word = [make_append(sound[at : at + 320]) for at in range(0, len(sound), 320)]
    period = WORD_FRAMES + PAUSE_FRAMES
    ends_turn = WORD_FRAMES + math.ceil(0.3 / FRAME_S)
    started = time.perf_counter()
    worst = 0.0
    for tick in range(round(seconds / FRAME_S)):
        wait = started + tick * FRAME_S - time.perf_counter()
        worst = max(worst, -wait)
        await asyncio.sleep(max(0.0, wait))
        for number, session in enumerate(sessions):
            at = (tick + number * period // len(sessions)) % period
            session.write(word[at] if at < WORD_FRAMES else QUIET)
            if at == ends_turn and tick > ends_turn:
                session.wait_for_reply()
    return worst


async def write_all(sessions: list[Session], seconds: float) -> float:
    """Have every session ask and ask again."""
    for session in sessions:
        session.talks = True
        session.ask()
    await asyncio.sleep(seconds)
    for session in sessions:
        session.talks = False
    return 0.0


async def measure(kind: str, count: int, seconds: float, vad: str) -> Row:
    """Run one load and return its row."""
    engine, tally, spoken = Engine(vad), Tally(), kind == "audio"
    try:
        (warm,) = await open_sessions(engine.port, 1, Tally(), spoken=spoken)
        await (speak_all if spoken else write_all)([warm], 2)
        before_mib = engine.measure()[1]
        sessions = await open_sessions(engine.port, count, tally, spoken=spoken)
        used, idle_mib = engine.measure()
        began = time.perf_counter()
        behind = await (speak_all if spoken else write_all)(sessions, seconds)
        passed = time.perf_counter() - began
        used_after, busy_mib = engine.measure()
        load = (used_after - used) / passed
        return Row(
            sessions=count,
            load=load,
            each_ms=load / count * 1000,
            reply_ms=(used_after - used) / max(1, tally.replies) * 1000,
            late_ms=tally.late_ms,
            idle_kib=(idle_mib - before_mib) / count * 1024,
            busy_kib=(busy_mib - before_mib) / count * 1024,
            replies=tally.replies,
            faults=tally.dropped + tally.errors,
            behind_ms=behind * 1000,
        )
    finally:
        engine.close()


def main() -> None:
    """Run every load."""
    parser = argparse.ArgumentParser(description="What sessions of the embedded engine cost.")
    parser.add_argument("--sessions", type=int, nargs="+", default=[25, 50, 100, 200])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--vad", choices=["energy", "silero"], nargs="+", default=["energy", "silero"])
    parser.add_argument("--kinds", choices=["audio", "text"], nargs="+", default=["audio", "text"])
    parser.add_argument("--run-engine", metavar="VAD", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run_engine:
        asyncio.run(run_engine(options.run_engine))
        return
    for kind in options.kinds:
        for vad in options.vad if kind == "audio" else options.vad[:1]:
            print(f"{kind}, {vad} detector" if kind == "audio" else kind)
            print(Row.HEAD)
            for count in options.sessions:
                print(asyncio.run(measure(kind, count, options.seconds, vad)).render(), flush=True)


if __name__ == "__main__":
    main()
