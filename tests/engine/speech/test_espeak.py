from __future__ import annotations

import os
import signal

import pytest

from agentrun.audio import PCM_24K
from agentrun.engine.speech import SpeechChunk, estimate_speech_ms
from agentrun.engine.speech.espeak import EspeakVoice, choose_variant

pytestmark = pytest.mark.speech
pytest.importorskip("espeakng_loader")


async def say(
    voice: EspeakVoice, text: str, language: str | None = None, speed: float = 1.0
) -> list[SpeechChunk]:
    return [chunk async for chunk in voice.speak(text, language=language, voice="marin", speed=speed)]


def measure_ms(chunks: list[SpeechChunk]) -> int:
    return PCM_24K.to_ms(sum(len(chunk.pcm) for chunk in chunks))


async def test_speech_comes_in_small_pieces_that_know_how_far_they_are() -> None:
    voice, text = EspeakVoice(), "Hello, this is the order desk. How can I help you?"
    chunks = await say(voice, text)
    assert all(len(chunk.pcm) <= PCM_24K.to_bytes(100) for chunk in chunks)
    counts = [chunk.chars for chunk in chunks]
    assert counts == sorted(counts)
    assert 0 < counts[0] < 12
    assert counts[-1] == len(text)
    assert 0.6 < measure_ms(chunks) / estimate_speech_ms(text) < 1.5
    await voice.aclose()


async def test_languages_and_speeds_differ() -> None:
    voice = EspeakVoice()
    slow, fast = await say(voice, "one two three four"), await say(voice, "one two three four", speed=1.5)
    assert measure_ms(fast) < 0.85 * measure_ms(slow)
    korean = await say(voice, "안녕하세요. 예약하고 싶어요.")
    assert measure_ms(korean) > 1000
    assert await say(voice, "hello", language="xx-unknown")
    assert await voice.render_ipa(["hello", "kakao"], "en") == ["həlˈoʊ", "kˈækaʊ"]
    await voice.aclose()


async def test_a_cancelled_utterance_does_not_hold_up_the_next() -> None:
    voice = EspeakVoice()
    endless = voice.speak("word " * 20_000, language="en", voice="alloy", speed=1.0)
    await anext(endless)
    await endless.aclose()
    assert measure_ms(await say(voice, "Hello")) > 200
    assert voice.worker.load == 0
    await voice.aclose()


@pytest.mark.skipif(os.name == "nt", reason="signals differ on Windows")
async def test_a_crash_becomes_a_hum_and_the_next_utterance_is_spoken() -> None:
    voice = EspeakVoice()
    await say(voice, "Hello")
    assert voice.worker.pid
    os.kill(voice.worker.pid, signal.SIGSTOP)
    hum = voice.speak("Are you still there?", language="en", voice="alloy", speed=1.0)
    os.kill(voice.worker.pid, signal.SIGKILL)
    chunks = [chunk async for chunk in hum]
    assert chunks[-1].chars == len("Are you still there?")
    assert measure_ms(await say(voice, "Hello")) > 200
    await voice.aclose()


async def test_no_words_no_crash() -> None:
    voice = EspeakVoice()
    assert measure_ms(await say(voice, "")) < 500
    assert measure_ms(await say(voice, "a\0b")) > 100
    await voice.aclose()


def test_every_name_has_a_voice() -> None:
    assert choose_variant("Marin") == choose_variant("marin") == "+f3"
    assert choose_variant("somebody") == choose_variant("somebody")
