"""Sound through a real browser: what the microphone hears and how it reaches the server."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import TypeAlias

import pytest

from agentrun.audio.wav import render_wav
from agentrun.conversation.inputs import CallerAudio
from tests.e2e.conftest import Browser
from tests.e2e.speaking import DEVICE_HZ, ESPEAK, speak
from tests.server.echo import EchoDesk

pytest.importorskip("numpy", reason="needs the extra `speech`")
import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.floating]
Take: TypeAlias = Callable[[Browser, EchoDesk], None]

pytestmark = pytest.mark.browser


def make_device_tone(hz: float, seconds: float, level: float = 0.5) -> bytes:
    times = np.arange(round(DEVICE_HZ * seconds)) / DEVICE_HZ
    wave: bytes = np.round(32767 * level * np.sin(2 * np.pi * hz * times)).astype("<i2").tobytes()
    return wave


def to_floats(pcm: bytes) -> Samples:
    return np.frombuffer(pcm, "<i2").astype(float) / 32768


def find_spectrum(pcm: bytes) -> tuple[Samples, Samples]:
    """Return frequencies in Hz and levels in dB below the strongest."""
    samples = to_floats(pcm)
    levels = np.abs(np.fft.rfft(samples * np.blackman(len(samples))))
    return np.fft.rfftfreq(len(samples), 1 / 24000), 20 * np.log10(levels / levels.max() + 1e-12)


def start_talking(browser: Browser, *, headphones: bool = True) -> None:
    if headphones:  # no echo cancellation, no noise suppression, no gain control: what goes in comes out
        browser.find("#headphones").click()
    browser.start()


def wait_heard(browser: Browser, desk: EchoDesk, seconds: float) -> bytes:
    browser.wait_for(lambda: len(desk.heard()) >= 48_000 * seconds, seconds + 10)
    return desk.heard()


def one_clean_take(test: Take) -> Take:
    """Chromium drops sound when the machine is busy; one clean take of three shows that we drop none."""

    @functools.wraps(test)
    def take_until_clean(browser: Browser, desk: EchoDesk) -> None:
        for further_takes in (2, 1, 0):
            try:
                test(browser, desk)
                return
            except AssertionError:
                if not further_takes:
                    raise
            browser.open()
            browser.wait_text("#agents", "echo")
            desk.seen.clear()

    return take_until_clean


@one_clean_take
def test_a_tone_arrives_with_its_pitch_and_level(browser: Browser, desk: EchoDesk) -> None:
    browser.microphone.write_bytes(render_wav(make_device_tone(1000, 4), DEVICE_HZ))
    start_talking(browser)
    heard = wait_heard(browser, desk, 2.5)
    middle = heard[48_000:96_000]
    frequencies, levels = find_spectrum(middle)
    assert frequencies[levels.argmax()] == pytest.approx(1000, abs=3)
    assert np.abs(to_floats(middle)).max() == pytest.approx(0.5, abs=0.03)
    assert levels[(frequencies < 900) | (frequencies > 1100)].max() < -50
    frames = {len(one.audio) for one in desk.seen if isinstance(one, CallerAudio)}
    assert frames == {960}  # 20 ms each


@one_clean_take
def test_frames_come_as_fast_as_time_passes(browser: Browser, desk: EchoDesk) -> None:
    browser.microphone.write_bytes(render_wav(make_device_tone(300, 6), DEVICE_HZ))
    start_talking(browser)
    before = len(wait_heard(browser, desk, 0.5))
    began_s = time.monotonic()
    after = len(wait_heard(browser, desk, 3))
    assert (after - before) / (time.monotonic() - began_s) == pytest.approx(48_000, rel=0.1)


@one_clean_take
def test_a_tone_above_the_band_does_not_fold_back(browser: Browser, desk: EchoDesk) -> None:
    browser.microphone.write_bytes(render_wav(make_device_tone(15_000, 4), DEVICE_HZ))
    start_talking(browser)
    heard = to_floats(wait_heard(browser, desk, 2)[24_000:])
    assert np.abs(heard).max() < 0.002  # 9 kHz would be its mirror


@pytest.mark.skipif(ESPEAK is None, reason="needs espeak-ng on the PATH")
@pytest.mark.speech
@one_clean_take
def test_speech_arrives_as_it_was_spoken(browser: Browser, desk: EchoDesk) -> None:
    spoken = to_floats(speak("Where is my order A 1 0 0 1?", browser.microphone))
    start_talking(browser)
    heard = to_floats(wait_heard(browser, desk, len(spoken) / 24_000 + 1))
    size = 1 << (len(heard) + len(spoken)).bit_length()
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(spoken, size)), size)
    start = int(product[: len(heard) - len(spoken) // 2].argmax())
    part = heard[start : start + len(spoken)]
    same = spoken[: len(part)]
    assert len(part) > 0.95 * len(spoken)
    assert np.corrcoef(part, same)[0, 1] > 0.98
    assert np.sqrt(np.mean(part**2)) == pytest.approx(np.sqrt(np.mean(same**2)), rel=0.05)


@pytest.mark.skipif(ESPEAK is None, reason="needs espeak-ng on the PATH")
@pytest.mark.speech
def test_speech_arrives_through_echo_cancellation_too(browser: Browser, desk: EchoDesk) -> None:
    speak("Where is my order A 1 0 0 1?", browser.microphone)
    desk.answer_ms = 20
    start_talking(browser, headphones=False)
    heard = to_floats(wait_heard(browser, desk, 2.5))
    assert np.abs(heard).max() > 0.1


def test_mute_sends_silence(browser: Browser, desk: EchoDesk) -> None:
    browser.microphone.write_bytes(render_wav(make_device_tone(500, 8), DEVICE_HZ))
    start_talking(browser)
    wait_heard(browser, desk, 0.5)
    meter = "return document.querySelector('#meter div').style.transform"
    assert browser.driver.execute_script(meter) not in ("", "scaleX(0.000)")
    browser.find("#microphone").click()
    assert browser.find("#microphone").get_attribute("aria-pressed") == "true"
    browser.wait_for(lambda: not any(desk.heard()[-9600:]))
    browser.find("#microphone").click()
    browser.wait_for(lambda: any(desk.heard()[-9600:]))


def test_a_denied_microphone_is_explained_and_typing_works(browser: Browser, desk: EchoDesk) -> None:
    browser.microphone.write_bytes(render_wav(make_device_tone(500, 8), DEVICE_HZ))
    browser.set_microphone("denied")
    browser.start()
    browser.wait_text("#notices", "The microphone is blocked for this page.")
    browser.wait_text("#notices", "You can go on typing meanwhile.")
    browser.say("hello")
    browser.wait_text(".turn.agent .words", "You said: hello")
    assert desk.heard() == b""
    browser.set_microphone("granted")
    browser.find("#notices button").click()  # Try the microphone again
    wait_heard(browser, desk, 0.3)
    assert browser.texts("#notices .notice") == []
