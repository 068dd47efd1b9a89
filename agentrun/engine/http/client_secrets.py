"""Client secrets: keys of short life that a browser may hold, each with the settings of its sessions.

Source: https://platform.openai.com/docs/api-reference/realtime-sessions. A secret can be used again until it
expires. Its settings are where a session begins; the client that connects may change them. A session that is
open outlives its secret.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field

from agentrun.engine.http.access import SECRET_PREFIX
from agentrun.secret import Secret
from agentrun.wire.json import JsonObject

MAX_SECRETS = 10_000
MAX_STORED_CHARS = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """One secret.

    Attributes:
        value: `ek_…`.
        expires_at_s: Unix time.
        session: the settings that it brings, as they were given; empty if none were.

    """

    value: Secret
    expires_at_s: int
    session: JsonObject = field(repr=False)  # may hold keys of MCP servers


class ClientSecrets:
    """The secrets that are alive; a bounded number, of bounded size."""

    def __init__(self) -> None:
        self._live: dict[str, tuple[ClientSecret, int]] = {}
        self._chars = 0

    def __len__(self) -> int:
        return len(self._live)

    def make(self, session: JsonObject, seconds: int, now_s: float) -> ClientSecret | None:
        """Make a secret, or return None if too many are alive.

        Args:
            session: settings that have been checked.
            seconds: how long the secret lives.
            now_s: Unix time.

        """
        self._sweep(now_s)
        chars = len(json.dumps(session))
        if len(self._live) >= MAX_SECRETS or self._chars + chars > MAX_STORED_CHARS:
            return None
        value = SECRET_PREFIX + secrets.token_hex(16)
        made = ClientSecret(Secret(value), int(now_s) + seconds, session)
        self._live[value] = (made, chars)
        self._chars += chars
        return made

    def find(self, value: str, now_s: float) -> ClientSecret | None:
        """Return the secret of a key if it is alive."""
        found, _ = self._live.get(value, (None, 0))
        return found if found is not None and now_s < found.expires_at_s else None

    def _sweep(self, now_s: float) -> None:
        dead = [value for value, (secret, _) in self._live.items() if secret.expires_at_s <= now_s]
        for value in dead:
            self._chars -= self._live.pop(value)[1]
