"""A desk that needs no model: its agent says back what it hears, calls a tool, and plays tones."""

from __future__ import annotations

import array
import asyncio
import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from anyio.from_thread import start_blocking_portal

from agentrun.asgi import open_listener, run_asgi
from agentrun.channels import Channel
from agentrun.conversation import inputs, reports
from agentrun.diagnostics import Diagnostic, Span
from agentrun.errors import ConfigError, ConnectFailed
from agentrun.secret import Secret
from agentrun.server.app import build_app
from agentrun.server.desk import AgentCard, VariableCard
from agentrun.wire.json import JsonValue

TONE_HZ = 440


def make_tone(ms: int, hz: float = TONE_HZ, level: float = 0.5) -> bytes:
    """Return PCM16 at 24 kHz."""
    wave = (math.sin(2 * math.pi * hz * n / 24000) for n in range(24 * ms))
    return array.array("h", (round(32767 * level * value) for value in wave)).tobytes()


CARDS = (
    AgentCard("echo", "Says back what it hears.", "en", "Hello, this is the echo.", ("look_up", "book")),
    AgentCard("메아리", "들은 말을 그대로 돌려줍니다.", "ko", "안녕하세요.", ()),
    AgentCard("club", "Wants to know who calls.", variables=(VariableCard("member", required=True),)),
    AgentCard("offline", "Has no model behind it."),
    AgentCard("stuck", "Never comes to an end."),
    AgentCard("broken", "Has a bug."),
)


@dataclass
class EchoDesk:
    """Satisfies `CallDesk`, and remembers what the callers did."""

    cards: Sequence[AgentCard] = CARDS
    draining: bool = False
    max_calls: int | None = None
    engine: str = "echo engine, no key needed"
    state: tuple[bool, str] = (True, "")
    seen: list[inputs.CallerInput] = field(default_factory=list)
    answer_ms: int = 400

    def agents(self) -> Sequence[AgentCard]:
        return self.cards

    def ready(self) -> tuple[bool, str]:
        return self.state

    def heard(self) -> bytes:
        """Return all the audio that came in."""
        return b"".join(one.audio for one in list(self.seen) if isinstance(one, inputs.CallerAudio))

    def played(self) -> dict[str, list[int]]:
        """Return the acknowledgements, by item."""
        acks: dict[str, list[int]] = {}
        for one in list(self.seen):
            if isinstance(one, inputs.CallerPlayed):
                acks.setdefault(one.item_id, []).append(one.ms)
        return acks

    async def take(self, agent: str, variables: Mapping[str, JsonValue], channel: Channel) -> str:
        if agent == "club" and "member" not in variables:
            finding = Diagnostic(
                "AR101", "error", "`member` is missing", Span("club.yaml"), hint="give `member` at the start"
            )
            raise ConfigError([finding])
        if agent == "offline":
            raise ConnectFailed("nobody listens at ws://127.0.0.1:1", url="ws://127.0.0.1:1", hint="start it")
        if agent == "broken":
            raise ZeroDivisionError
        if agent == "stuck":
            await asyncio.Event().wait()
        return await EchoCall(self, channel).run(agent)


class EchoCall:
    def __init__(self, desk: EchoDesk, channel: Channel) -> None:
        self._desk = desk
        self._channel = channel
        self._turn = 0
        self._inbox: asyncio.Queue[inputs.CallerInput] = asyncio.Queue()

    async def run(self, agent: str) -> str:
        running = asyncio.create_task(self._channel.run(self._inbox.put_nowait))
        try:
            self._channel.tell(reports.CallStarted("c_1", agent))
            self._say("Hello, this is the echo.")
            while True:
                one = await self._inbox.get()
                self._desk.seen.append(one)
                match one:
                    case inputs.CallerLeft(reason):
                        break
                    case inputs.CallerText("bye"):
                        reason = "agent_hung_up"
                        break
                    case inputs.CallerText(text):
                        self._answer(text)
            self._channel.tell(reports.CallEnded(reason))
            return reason
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await self._channel.aclose()

    def _answer(self, text: str) -> None:
        self._turn += 1
        self._channel.tell(reports.CallerSaid(f"caller_{self._turn}", text))
        call_id = f"call_{self._turn}"
        match text:
            case "stop":
                self._channel.clear()
                self._channel.tell(reports.CallerInterrupted("agent_long", 300))
                whole = "This sentence is long and nobody hears the end of it."
                self._channel.tell(reports.AgentSaid("agent_long", whole, "This sentence is long", 0))
            case "long":
                self._channel.tell(reports.AgentSpeaking("agent_long", "This sentence is long"))
                self._channel.play("agent_long", make_tone(8000))
            case "fail":
                self._channel.tell(reports.ToolCalled("book", {"day": "Monday"}, call_id))
                self._channel.tell(
                    reports.ToolReturned("book", call_id, "failed", None, "The day is full.", 1200)
                )
                self._channel.tell(
                    reports.ErrorReported("tool_failed", "the day is full", hint="try another")
                )
            case _:
                self._channel.tell(reports.ToolCalled("look_up", {"words": text, "deep": True}, call_id))
                self._channel.tell(reports.PlaceholderSaid("look_up", call_id, "One moment, please."))
                self._channel.tell(
                    reports.ToolReturned("look_up", call_id, "ok", {"found": text, "pages": 3}, "", 850)
                )
                self._say(f"You said: {text}")

    def _say(self, text: str) -> None:
        item_id = f"agent_{self._turn}"
        self._channel.tell(reports.FirstSound(item_id, 420))
        words = text.split()
        for count in range(1, len(words)):
            self._channel.tell(reports.AgentSpeaking(item_id, " ".join(words[:count])))
        tone = make_tone(self._desk.answer_ms)
        for start in range(0, len(tone), 4800):
            self._channel.play(item_id, tone[start : start + 4800])
        self._channel.tell(reports.AgentSaid(item_id, text, text, 0))


@contextlib.contextmanager
def serve_desk(desk: EchoDesk, token: Secret | None = None) -> Iterator[int]:
    """Serve `desk` on a free port of 127.0.0.1 from a thread; yields the port."""
    with (
        open_listener("127.0.0.1", 0) as listener,
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(run_asgi(build_app(desk, token=token), listener)),
    ):
        yield listener.getsockname()[1]
