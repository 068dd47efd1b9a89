"""What the medium of a call decides about its session: formats, and what a telephone call cannot set.

The two ends of a call agree on their codec before there is a session, so the engine fixes the format of the
sound and passes over what clients say about it.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Literal

from agentrun.audio import PCM_24K, PCMU, AudioFormat
from agentrun.engine.checks import refuse
from agentrun.engine.ids import IdKind, Ids
from agentrun.wire.json import JsonObject

_FIXED_ON_SIP = ("threshold", "prefix_padding_ms", "silence_duration_ms")


@dataclass(frozen=True, slots=True)
class Medium:
    """How a caller is connected.

    Attributes:
        format: in which sound enters and leaves the core.

    """

    name: Literal["webrtc", "sip"]
    format: AudioFormat

    def fit(self, session: JsonObject) -> JsonObject:
        """Return session settings without what the medium decides.

        Raises:
            RemoteProtocolError: they set what cannot be set on this medium.

        """
        self._check(session)
        return _drop_formats(session)

    def preset(self, session: JsonObject) -> JsonObject:
        """Return the settings with which a session on this medium begins; raises as `fit` does."""
        fitted = self.fit(session)
        fitted.setdefault("type", "realtime")
        if fitted["type"] != "realtime":
            message = f"Invalid value: '{fitted['type']}'. Calls have sessions of type 'realtime' only."
            refuse(message, "invalid_value", "session.type")
        audio = fitted.setdefault("audio", {})
        for direction in ("input", "output"):
            if isinstance(audio, dict):
                side = audio.setdefault(direction, {})
                if isinstance(side, dict):
                    side["format"] = self.format.to_wire()
        return fitted

    def _check(self, session: JsonObject) -> None:
        detection = _find(session, "audio", "input", "turn_detection")
        for name in _FIXED_ON_SIP if self.name == "sip" else ():
            if name in detection:
                path = f"session.audio.input.turn_detection.{name}"
                refuse(f"Unknown parameter: '{path}'.", "unknown_parameter", path)


WEBRTC = Medium("webrtc", PCM_24K)
SIP = Medium("sip", PCMU)


class CallIds(Ids):
    """Ids of a call: the session's ends like the call's.

    Attributes:
        call_id: `rtc_u0_…`.

    """

    def __init__(self, seed: int | str | bytes) -> None:
        super().__init__(seed)
        self._ending = self._pick(21)
        self.call_id = f"rtc_u0_{self._ending}"

    def make(self, kind: IdKind) -> str:
        """Return a new id; that of the session tells its call."""
        return f"sess_u0_{self._ending}" if kind == "sess" else super().make(kind)

    def make_playback_event(self) -> str:
        """Return the id of an `output_audio_buffer` event, which has a form of its own."""
        return f"event_{self._random.randbytes(8).hex()}"


def _find(value: object, *path: str) -> JsonObject:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _drop_formats(settings: JsonObject) -> JsonObject:
    fitted = copy.deepcopy(settings)
    for direction in ("input", "output"):
        _find(fitted, "audio", direction).pop("format", None)
    return fitted
