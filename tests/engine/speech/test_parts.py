from __future__ import annotations

import pytest

from agentrun.engine.speech import DeafRecogniser, Hints, SilentVoice, open_speech, probe_parts
from agentrun.engine.speech.detectors import EnergyDetector


def test_what_is_off_is_said_with_what_happens_instead() -> None:
    degraded = probe_parts({"AGENTRUN_SPEECH_OFF": "all"}).degraded
    assert degraded == [
        "speech is detected by loudness alone, it is switched off by AGENTRUN_SPEECH_OFF",
        "spoken words are not understood, it is switched off by AGENTRUN_SPEECH_OFF",
        "the agent hums instead of speaking, it is switched off by AGENTRUN_SPEECH_OFF",
    ]


def test_one_part_can_be_switched_off() -> None:
    parts = probe_parts({"AGENTRUN_SPEECH_OFF": " STT "})
    assert parts.recogniser.uses == "none"
    assert "off" not in parts.detector.problem


def test_a_missing_part_names_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    assert [line.rpartition(": ")[2] for line in probe_parts({}).degraded] == ["install agentrun[speech]"] * 3


async def test_the_stack_works_with_nothing_installed() -> None:
    async with open_speech(probe_parts({"AGENTRUN_SPEECH_OFF": "all"})) as speech:
        assert isinstance(speech.detector(), EnergyDetector)
        assert isinstance(speech.recogniser, DeafRecogniser)
        assert isinstance(speech.voice, SilentVoice)
        assert (await speech.recogniser.transcribe(b"", Hints(), None)).text == ""
        assert len(speech.degraded) == 3


@pytest.mark.speech
async def test_a_complete_machine_lacks_nothing() -> None:
    pytest.importorskip("pocketsphinx")
    async with open_speech(probe_parts({})) as speech:
        assert speech.degraded == []
        assert not isinstance(speech.detector(), EnergyDetector)
