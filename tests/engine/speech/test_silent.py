from __future__ import annotations

from agentrun.audio import PCM_24K
from agentrun.engine.speech import DeafRecogniser, Hints, SilentVoice, Transcript, estimate_speech_ms


async def test_silence_takes_as_long_as_the_words() -> None:
    text = "Where is my order A1001?"
    chunks = [c async for c in SilentVoice().speak(text, language=None, voice="x", speed=1.0)]
    pcm = b"".join(chunk.pcm for chunk in chunks)
    assert PCM_24K.to_ms(len(pcm)) == estimate_speech_ms(text)
    assert not any(pcm)
    assert chunks[-1].chars == len(text)
    assert [c.chars for c in chunks] == sorted(c.chars for c in chunks)
    assert all(len(chunk.pcm) <= PCM_24K.to_bytes(100) for chunk in chunks)


async def test_the_tone_is_quiet_but_not_silent() -> None:
    chunks = [c async for c in SilentVoice(tone_hz=250).speak("Hello", language=None, voice="x", speed=1.0)]
    assert any(chunks[0].pcm)


async def test_no_words_no_sound() -> None:
    assert [c async for c in SilentVoice().speak("", language=None, voice="x", speed=1.0)] == []


def test_faster_is_shorter_and_longer_is_longer() -> None:
    assert estimate_speech_ms("Hello there", 2.0) * 2 == estimate_speech_ms("Hello there")
    assert estimate_speech_ms("안녕하세요") > estimate_speech_ms("hello") > 0


async def test_deaf_ears_hear_nothing() -> None:
    assert await DeafRecogniser().transcribe(b"\1\0" * 9000, Hints(), "en") == Transcript("", confident=False)
