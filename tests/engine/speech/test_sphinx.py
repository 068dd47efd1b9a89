"""From spoken sound to text: voice, resampler, detector, turns and recogniser together."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from agentrun.audio import PCM_24K, open_resampler
from agentrun.engine.speech import (
    LISTEN_HZ,
    Hints,
    SpeechStack,
    SpeechStarted,
    SpeechStopped,
    Transcript,
    TurnDetector,
    TurnSettings,
    open_speech,
    probe_parts,
)
from agentrun.wire.json import JsonObject

pytestmark = pytest.mark.speech
pytest.importorskip("pocketsphinx")
pytest.importorskip("espeakng_loader")


def make_tool(name: str, description: str, **properties: JsonObject) -> JsonObject:
    parameters = {"type": "object", "properties": properties}
    return {"type": "function", "name": name, "description": description, "parameters": parameters}


ORDER_ID: JsonObject = {"type": "string", "pattern": r"^A\d{4}$"}
ORDERS = Hints(
    "You are the order desk of a book shop.",
    [
        make_tool("lookup_order", "Look up an order: its status and delivery date.", order_id=ORDER_ID),
        make_tool("cancel_order", "Cancel an order that has not been shipped yet.", order_id=ORDER_ID),
    ],
)
PIZZA = Hints(
    "You take orders for a pizza place.",
    [
        make_tool(
            "order_pizza",
            "Order a pizza for delivery.",
            size={"type": "string", "enum": ["small", "medium", "large"]},
            topping={"type": "string", "enum": ["mushrooms", "olives", "extra cheese"]},
            quantity={"type": "integer"},
        )
    ],
)
DENTIST = Hints(
    "You are the front desk of a dentist.",
    [
        make_tool(
            "book_appointment",
            "Book an appointment.",
            date={"type": "string", "format": "date"},
            time={"type": "string", "format": "time"},
        )
    ],
)
KOREAN = Hints(
    "당신은 병원의 접수원입니다.", phrases=("내일 오후에 예약하고 싶어요", "진료 시간이 어떻게 되나요")
)


@pytest.fixture(scope="module")
async def speech() -> AsyncIterator[SpeechStack]:
    async with open_speech(probe_parts({})) as stack:
        yield stack


async def listen(
    speech: SpeechStack, text: str, hints: Hints, language: str, voice: str = "alloy"
) -> Transcript:
    pcm = PCM_24K.make_silence(300)
    async for chunk in speech.voice.speak(text, language=language, voice=voice, speed=1.0):
        pcm += chunk.pcm
    pcm += PCM_24K.make_silence(900)
    stream = open_resampler(PCM_24K.rate_hz, LISTEN_HZ, "LQ")
    heard = stream.feed(pcm) + stream.flush()
    events = TurnDetector(TurnSettings()).feed(speech.detector().feed(heard))
    starts = [event.audio_start_ms for event in events if isinstance(event, SpeechStarted)]
    stops = [event.audio_end_ms for event in events if isinstance(event, SpeechStopped)]
    assert len(starts) == len(stops) >= 1
    return await speech.recogniser.transcribe(heard[32 * starts[0] : 32 * stops[-1]], hints, None)


async def test_an_order_desk_understands_its_callers(speech: SpeechStack) -> None:
    cases = {
        "Where is my order A1001?": "Where is my order A1001?",
        "what is the status of order A one zero zero two": "What is the status of order A1002?",
        "cancel my order": "Cancel my order.",
        "yes please": "Yes please.",
        "goodbye": "Goodbye.",
    }
    heard = {text: await listen(speech, text, ORDERS, "en") for text in cases}
    assert {text: transcript.text for text, transcript in heard.items()} == cases
    assert sum(transcript.confident for transcript in heard.values()) >= 4


@pytest.mark.slow
@pytest.mark.parametrize(("language", "voice"), [("en", "cedar"), ("en-gb", "marin")])
async def test_other_voices_are_understood(speech: SpeechStack, language: str, voice: str) -> None:
    assert "A1001" in (await listen(speech, "Where is my order A1001?", ORDERS, language, voice)).text
    assert (await listen(speech, "yes please", ORDERS, language, voice)).text == "Yes please."


@pytest.mark.slow
async def test_other_agents_are_understood_as_well(speech: SpeechStack) -> None:
    pizza = await listen(speech, "I'd like a large pizza with mushrooms", PIZZA, "en")
    assert pizza.text == "I'd like a large pizza with mushrooms."
    dentist = await listen(
        speech, "I want to book an appointment for tomorrow at half past nine", DENTIST, "en"
    )
    assert dentist.text == "I want to book an appointment for tomorrow at 9:30."


@pytest.mark.slow
async def test_what_nobody_expects_is_not_believed(speech: SpeechStack) -> None:
    foreign = await listen(speech, "The quick brown fox jumps over the lazy dog", ORDERS, "en")
    assert not foreign.confident


async def test_korean_phrases_are_told_apart(speech: SpeechStack) -> None:
    for phrase in (*KOREAN.phrases, "아니요", "감사합니다"):
        assert (await listen(speech, phrase, KOREAN, "ko")).text == phrase


async def test_silence_and_scraps_give_nothing_to_act_on(speech: SpeechStack) -> None:
    for pcm in (b"", b"\0", bytes(3200), bytes(64000)):
        assert not (await speech.recogniser.transcribe(pcm, ORDERS, "en")).confident
