"""How the embedded engine listens and speaks: detection, turns, recognition and voice behind small seams.

`open_speech` gives the parts that this machine has; `seams` says what a part must do; `turns` decides,
without any I/O, when a caller's turn begins and ends. Recognition and voice run in processes of their own.
"""

from agentrun.engine.speech.parts import Part, SpeechParts, SpeechStack, open_speech, probe_parts
from agentrun.engine.speech.seams import (
    LISTEN_HZ,
    SPEAK_HZ,
    WINDOW_BYTES,
    WINDOW_MS,
    Hints,
    Recogniser,
    SpeechChunk,
    SpeechDetector,
    Transcript,
    Voice,
    guess_language,
)
from agentrun.engine.speech.silent import DeafRecogniser, SilentVoice, estimate_speech_ms
from agentrun.engine.speech.turns import (
    PauseReached,
    SpeechStarted,
    SpeechStopped,
    TurnDetector,
    TurnEvent,
    TurnSettings,
    compute_wait_ms,
    estimate_completeness,
)

__all__ = [
    "LISTEN_HZ",
    "SPEAK_HZ",
    "WINDOW_BYTES",
    "WINDOW_MS",
    "DeafRecogniser",
    "Hints",
    "Part",
    "PauseReached",
    "Recogniser",
    "SilentVoice",
    "SpeechChunk",
    "SpeechDetector",
    "SpeechParts",
    "SpeechStack",
    "SpeechStarted",
    "SpeechStopped",
    "Transcript",
    "TurnDetector",
    "TurnEvent",
    "TurnSettings",
    "Voice",
    "compute_wait_ms",
    "estimate_completeness",
    "estimate_speech_ms",
    "guess_language",
    "open_speech",
    "probe_parts",
]
