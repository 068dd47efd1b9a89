"""Simulated calls without a network: a real registry, real sessions, a caller that goes faster than time."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import datetime
from array import array
from collections.abc import AsyncIterator, Sequence

import pytest

from agentrun.audio import Wav, parse_wav, render_wav
from agentrun.engine.calls.call import Call
from agentrun.engine.calls.order import parse_order
from agentrun.engine.calls.registry import Calls
from agentrun.engine.calls.simulations import MAX_KEPT, Simulation, Simulations
from agentrun.engine.core import Core
from agentrun.engine.driver import EngineParts
from agentrun.engine.http.refusals import RequestRefused
from agentrun.engine.ids import Ids
from agentrun.engine.responders.script import ScriptedResponder
from agentrun.engine.seams import Move, Say
from agentrun.engine.speech.seams import SpeechChunk
from agentrun.errors import AgentrunError
from agentrun.wire import ServerEvent, server
from agentrun.wire.json import JsonObject
from tests.engine.test_server import Ears, Understanding

NOW = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
SESSION: JsonObject = {"type": "realtime", "model": "gpt-realtime-2.1"}
HASTE: JsonObject = {"greeting_ms": 100, "answer_ms": 5_000, "settle_ms": 100}


class LoudVoice:
    """Speaks 600 ms of a tone that the detector of the tests takes for speech."""

    async def speak(
        self, text: str, *, language: str | None, voice: str, speed: float
    ) -> AsyncIterator[SpeechChunk]:
        tone = array("h", [12_000 if at // 24 % 2 else -12_000 for at in range(2_400)]).tobytes()
        for at in range(1, 7):
            yield SpeechChunk(tone, len(text) * at // 6)

    async def aclose(self) -> None:
        return


class BrokenVoice(LoudVoice):
    """Has lost the machine that speaks."""

    async def speak(
        self, text: str, *, language: str | None, voice: str, speed: float
    ) -> AsyncIterator[SpeechChunk]:
        async for chunk in super().speak(text, language=language, voice=voice, speed=speed):
            if chunk.chars:
                raise AgentrunError("no voice today")
            yield chunk


def measure_loud_ms(heard: Wav) -> int:
    samples = array("h", heard.pcm)
    return sum(abs(sample) > 4_000 for sample in samples) * 1_000 // heard.rate_hz


class Listener:
    """Somebody who controls a call and writes down what they see."""

    def __init__(self) -> None:
        self.events: list[ServerEvent] = []
        self.has_seen = asyncio.Event()

    def send(self, event: ServerEvent) -> None:
        self.events.append(event)
        self.has_seen.set()

    def end(self, code: int, reason: str) -> None:
        return


class Exchange:
    """Simulated calls, and the application's side of them."""

    def __init__(self, parts: EngineParts, ring_limit_s: float) -> None:
        self.calls = Calls(parts, self._open_core, ring_limit_s=ring_limit_s)
        self.simulations = Simulations(self.calls, parts.speech, pace=200)

    def dial(self, **body: object) -> Simulation:
        return self.simulations.begin(parse_order({"patience": HASTE, **body}))

    def answer(self, simulation: Simulation) -> tuple[Call, Listener]:
        call, listener = self.calls.accept(simulation.id, SESSION), Listener()
        call.add_control(listener)
        return call, listener

    @staticmethod
    def _open_core(model: str | None, preset: JsonObject, ids: Ids) -> Core:
        return Core(model, ids, NOW, preset=preset)


@contextlib.asynccontextmanager
async def open_exchange(
    script: Sequence[Sequence[Move]] = (), ears: Ears | None = None, *, ring_limit_s: float = 60.0
) -> AsyncIterator[Exchange]:
    parts = EngineParts(ScriptedResponder(script), ears or Ears(), pace=1_000)
    exchange = Exchange(parts, ring_limit_s)
    try:
        yield exchange
    finally:
        await exchange.calls.close()
        await exchange.simulations.close()


async def finish(simulation: Simulation) -> JsonObject:
    assert simulation.task is not None
    await simulation.task
    return simulation.render()


async def test_a_conversation_in_writing_where_nobody_could_listen() -> None:
    async with open_exchange([[Say("Good day!")], [Say("Goodbye.")]]) as exchange:
        simulation = exchange.dial(say=["Hello.", "Bye."])
        assert simulation.render()["status"] == "ringing"
        exchange.answer(simulation)
        seen = await finish(simulation)
    assert [(said["role"], said["text"]) for said in seen["transcript"]] == [
        ("caller", "Hello."),
        ("agent", "Good day!"),
        ("caller", "Bye."),
        ("agent", "Goodbye."),
    ]
    assert (seen["status"], seen["reason"], seen["sip_status"]) == ("ended", "caller_left", 200)
    assert parse_wav(simulation.render_wav()).rate_hz == 8_000
    assert len(simulation.render_wav()) == 44 + 2 * 8 * seen["audio_ms"]
    assert len(exchange.calls) == 0


async def test_lines_are_spoken_where_somebody_listens() -> None:
    ears = Ears(Understanding("where is my order"))
    ears.voice = LoudVoice()
    async with open_exchange([[Say("On its way.")]], ears) as exchange:
        simulation = exchange.dial(say=["Where is my order?"])
        session = {**SESSION, "audio": {"input": {"transcription": {"model": "whisper-1"}}}}
        exchange.calls.accept(simulation.id, session)
        seen = await finish(simulation)
    caller, agent = seen["transcript"]
    assert caller == {
        "role": "caller",
        "text": "Where is my order?",
        "at_ms": caller["at_ms"],
        "heard": "where is my order",
    }
    assert agent["text"] == "On its way."
    heard = parse_wav(simulation.render_wav())
    assert measure_loud_ms(heard) > 500  # the agent's voice is on the recording


async def test_a_line_that_cannot_be_spoken_costs_no_more_than_itself(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ears = Ears(Understanding("anything"))
    ears.voice = BrokenVoice()
    async with open_exchange(ears=ears) as exchange:
        simulation = exchange.dial(say=["Hello."])
        exchange.answer(simulation)
        seen = await finish(simulation)
    assert [said["text"] for said in seen["transcript"]] == ["Hello."]
    assert seen["reason"] == "caller_left"
    assert "no voice today" in caplog.text


async def test_a_recording_and_keys() -> None:
    tone = array("h", [12_000 if at // 8 % 2 else -12_000 for at in range(8_000)]).tobytes()
    wav = base64.b64encode(render_wav(tone, 16_000)).decode()
    ears = Ears(Understanding("my number is five"))
    async with open_exchange([[Say("Press it, please.")], [Say("Thank you.")]], ears) as exchange:
        simulation = exchange.dial(steps=[{"wav": wav}, {"dtmf": "5#"}])
        call, listener = exchange.answer(simulation)
        seen = await finish(simulation)
    assert [said["text"] for said in seen["transcript"]] == [
        "[a recording of 0.5 s]",
        "Press it, please.",
        "[keys 5#]",
    ]
    keys = [event for event in listener.events if isinstance(event, server.InputAudioBufferDtmfEventReceived)]
    assert [(key.event, key.event_id) for key in keys] == [("5", None), ("#", None)]
    assert call.ended == "caller_left"


async def test_nobody_answers() -> None:
    async with open_exchange(ring_limit_s=0) as exchange:
        seen = await finish(exchange.dial(say=["Hello?"]))
    assert (seen["status"], seen["reason"], seen["sip_status"]) == ("ended", "not_answered", 480)
    assert seen["transcript"] == []


@pytest.mark.parametrize("status", [480, 486, 487])
async def test_the_application_rejects(status: int) -> None:
    async with open_exchange() as exchange:
        simulation = exchange.dial()
        exchange.calls.reject(simulation.id, status)
        seen = await finish(simulation)
    assert (seen["status"], seen["reason"], seen["sip_status"]) == ("rejected", "rejected", status)


async def test_the_application_refers_and_hangs_up() -> None:
    async with open_exchange() as exchange:
        referred, ended = exchange.dial(say=["Hello."]), exchange.dial(say=["Hello."])
        exchange.answer(referred)[0].refer("tel:+4930123")
        exchange.answer(ended)
        exchange.calls.hang_up(ended.id)
        seen = await finish(referred)
        assert (seen["status"], seen["refer_to"]) == ("referred", "tel:+4930123")
        seen = await finish(ended)
        assert (seen["status"], seen["reason"], seen["refer_to"]) == ("ended", "hung_up", None)


async def test_last_words_are_written_down_though_the_call_ends_with_them() -> None:
    class Hasty(Listener):
        def send(self, event: ServerEvent) -> None:
            if isinstance(event, server.ResponseOutputAudioTranscriptDone):
                call.hang_up("hung_up")

    async with open_exchange([[Say("That is all.")]]) as exchange:
        simulation = exchange.dial(say=["Hello."])
        call, _ = exchange.answer(simulation)
        call.add_control(Hasty())
        seen = await finish(simulation)
    assert [said["text"] for said in seen["transcript"]] == ["Hello.", "That is all."]
    assert seen["reason"] == "hung_up"


async def test_the_caller_gives_up() -> None:
    async with open_exchange([[Say("A story. " * 200)]]) as exchange:
        ringing, live = exchange.dial(), exchange.dial(say=["Hello."])
        exchange.simulations.hang_up(ringing.id)
        seen = await finish(ringing)
        assert (seen["status"], seen["reason"], seen["sip_status"]) == ("ended", "caller_left", 487)
        with pytest.raises(RequestRefused):
            exchange.calls.accept(ringing.id, SESSION)
        _, listener = exchange.answer(live)
        await listener.has_seen.wait()
        exchange.simulations.hang_up(live.id)
        seen = await finish(live)
        assert (seen["status"], seen["reason"]) == ("ended", "caller_left")


async def test_the_end_of_the_engine_ends_calls() -> None:
    async with open_exchange() as exchange:
        ringing, live = exchange.dial(say=["Hello."]), exchange.dial(say=["Hello."])
        exchange.answer(live)
    assert (ringing.status, live.status) == ("ended", "ended")
    assert live.reason == "engine_closed"


async def test_only_the_last_calls_are_kept() -> None:
    async with open_exchange(ring_limit_s=0) as exchange:
        first = exchange.dial()
        await finish(first)
        for _ in range(MAX_KEPT - 1):
            await finish(exchange.dial())
        assert exchange.simulations.find(first.id) is first
        await finish(exchange.dial())
        with pytest.raises(RequestRefused) as refused:
            exchange.simulations.find(first.id)
    assert refused.value.code == "call_id_not_found"
