"""What the routes of one engine share: its parts, who may come in, and who is connected."""

from __future__ import annotations

import contextlib
import datetime
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from agentrun.engine.calls.registry import RING_LIMIT_S, Calls
from agentrun.engine.calls.simulations import Simulations
from agentrun.engine.calls.webhook import Endpoint, Messenger
from agentrun.engine.core import SESSION_LIMIT_MS, Core
from agentrun.engine.driver import EngineParts
from agentrun.engine.faults.desk import FaultDesk
from agentrun.engine.faults.rules import FaultRules
from agentrun.engine.http.access import check_host, check_key, check_origin, find_key
from agentrun.engine.http.client_secrets import ClientSecret, ClientSecrets
from agentrun.engine.http.refusals import refuse_for_now, refuse_parameter
from agentrun.engine.ids import Ids
from agentrun.engine.options import USUAL_OPTIONS, SessionOptions
from agentrun.errors import RemoteProtocolError
from agentrun.secret import Secret
from agentrun.wire.json import JsonObject

MAX_SESSIONS = 500


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What the operator decides.

    Attributes:
        keys: those that are let in; empty means that any key, and none, will do.
        loopback_only: whether only loopback names are answered: where the engine listens on loopback.
        max_sessions: how many may be open at once.
        session_limit_ms: when a session is closed; an hour at the service.
        session: how sessions behave.
        faults: what goes wrong on purpose, or None.
        webhook: who is told of telephone calls that come in, or None.
        ring_limit_s: how long such a call rings.

    """

    keys: tuple[Secret, ...] = ()
    loopback_only: bool = True
    max_sessions: int = MAX_SESSIONS
    session_limit_ms: int = SESSION_LIMIT_MS
    session: SessionOptions = USUAL_OPTIONS
    faults: FaultRules | None = None
    webhook: Endpoint | None = None
    ring_limit_s: float = RING_LIMIT_S


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who sent a request that was let in.

    Attributes:
        secret: the client secret that was shown, or None for an API key or no key.

    """

    secret: ClientSecret | None = None


class Switchboard:
    """One engine, as its routes see it.

    Args:
        parts: mind, ears and voice, shared by all sessions.
        options: what the operator decides.
        now_s: the clock by which client secrets expire, in Unix time.

    """

    def __init__(
        self,
        parts: EngineParts,
        options: EngineOptions | None = None,
        *,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self.parts = parts
        self.options = options or EngineOptions()
        self.now_s = now_s
        self.client_secrets = ClientSecrets()
        self.faults = FaultDesk(self.options.faults)
        self.calls = Calls(parts, self.open_core, ring_limit_s=self.options.ring_limit_s)
        self.simulations = Simulations(self.calls, parts.speech, self._find_messenger())
        self._open = 0

    def admit(self, headers: Mapping[str, str]) -> Visitor:
        """Let a request in.

        Args:
            headers: names in lower case.

        Raises:
            RequestRefused: the key, the host or the page is not welcome.

        """
        key = find_key(headers)
        secret = self.client_secrets.find(key, self.now_s())
        if secret is not None:
            return Visitor(secret)
        check_key(key, self.options.keys)
        if not self.options.keys:
            check_origin(headers)
            if self.options.loopback_only:
                check_host(headers)
        return Visitor()

    def open_core(self, model: str | None, preset: JsonObject, ids: Ids | None = None) -> Core:
        """Make a session.

        Args:
            model: what the client asks for; None leaves it to the preset.
            preset: settings to begin with, as in a `session.update`.
            ids: source of the session's ids; by default a new one.

        Raises:
            RequestRefused: 400, something in the preset is not allowed.

        """
        try:
            return Core(
                model,
                ids or Ids(os.urandom(16)),
                datetime.datetime.now().astimezone(),
                session_limit_ms=self.options.session_limit_ms,
                preset=preset,
                options=self.options.session,
            )
        except RemoteProtocolError as refusal:
            raise refuse_parameter(refusal) from refusal

    async def close(self) -> None:
        """End the calls; sessions on WebSockets end with their connections."""
        await self.calls.close()
        await self.simulations.close()

    def _find_messenger(self) -> Messenger | None:
        endpoint = self.options.webhook
        return Messenger(endpoint, find_fate=self.faults.webhook) if endpoint is not None else None

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Keep a place for one session while the block runs.

        Raises:
            RequestRefused: 429, there is none.

        """
        if self._open >= self.options.max_sessions:
            raise refuse_for_now(f"All {self.options.max_sessions} sessions of this engine are in use.")
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1
