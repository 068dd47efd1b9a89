"""A caller's voice for the browser's fake microphone."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from agentrun.audio.resample import resample
from agentrun.audio.wav import parse_wav, render_wav

ESPEAK = shutil.which("espeak-ng")
DEVICE_HZ = 48_000


def speak(text: str, path: Path, *, voice: str = "en-us", after_s: float = 0.5) -> bytes:
    """Write `text`, after a silence, as the microphone's 48 kHz WAV; return the speech alone at 24 kHz."""
    assert ESPEAK
    command = [ESPEAK, "-v", voice, "--stdout", text]
    wav = parse_wav(subprocess.run(command, capture_output=True, check=True).stdout)
    before, after = bytes(2 * round(DEVICE_HZ * after_s)), bytes(2 * DEVICE_HZ // 2)
    path.write_bytes(render_wav(before + resample(wav.pcm, wav.rate_hz, DEVICE_HZ) + after, DEVICE_HZ))
    return resample(wav.pcm, wav.rate_hz, 24_000)
