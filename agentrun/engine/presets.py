"""What a session begins with: the defaults of its model, and on them the settings that came with its key."""

from __future__ import annotations

from agentrun.engine.settings import make_settings, update_settings
from agentrun.engine.transcription import make_transcription_settings, update_transcription_settings
from agentrun.wire.json import JsonObject

DEFAULT_MODEL = "gpt-realtime-2.1"
"""The model of a session for which nobody has named one."""


def begin_settings(
    session_id: str, model: str | None, expires_at: int, preset: JsonObject | None = None
) -> JsonObject:
    """Return the settings of a new session.

    Args:
        session_id: of the session.
        model: what the connection asks for; None leaves it to the preset.
        expires_at: Unix time of the session's end; 0 where there is no session yet.
        preset: `session` as in a `session.update`, checked in the same way; its model yields to `model`.

    Raises:
        RemoteProtocolError: something in the preset is not allowed.

    """
    preset = preset or {}
    if preset.get("type") == "transcription":
        return update_transcription_settings(make_transcription_settings(session_id, expires_at), preset)
    named = preset.get("model")
    chosen = model or (named if isinstance(named, str) and named else DEFAULT_MODEL)
    settings = make_settings(session_id, chosen, expires_at)
    if not preset:
        return settings
    if isinstance(named, str):
        preset = {**preset, "model": chosen}
    return update_settings(settings, preset, spoke=False)
