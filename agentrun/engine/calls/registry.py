"""The calls of an engine: those that ring, those that live, and (for a while) those that are over.

A telephone call that comes in rings until somebody accepts or rejects it over HTTP, or until its time is up,
which is when the caller's side hears that nobody answered. How long the service waits is not documented; here
it is a minute unless the operator decides otherwise.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal

from agentrun.engine.calls.call import Call
from agentrun.engine.calls.medium import SIP, CallIds, Medium
from agentrun.engine.core import Core
from agentrun.engine.driver import EngineParts
from agentrun.engine.http.refusals import RequestRefused, refuse_for_now, refuse_parameter
from agentrun.errors import RemoteProtocolError
from agentrun.wire.json import JsonObject

MAX_CALLS = 200
RING_LIMIT_S = 60.0
DECLINED = 603
"""The SIP status of a call that is rejected without one."""
NO_ANSWER = 480
"""The SIP status of a call that nobody has decided about in time."""
CANCELLED = 487
"""The SIP status of a call whose caller has hung up before anybody decided."""

OpenCore = Callable[[str | None, JsonObject, CallIds], Core]
"""Makes a session from a model, settings and a source of ids; raises RequestRefused."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """Nobody took the call.

    Attributes:
        status: what SIP tells the caller.
        by: who would not have it; `nobody` where nothing was decided in time.

    """

    status: int
    by: Literal["application", "caller", "nobody"] = "application"


@dataclass(slots=True)
class Ringing:
    """A call that comes in.

    Attributes:
        ids: of the call that may become of it.
        decided: what became of it; set once.

    """

    ids: CallIds
    decided: asyncio.Future[Call | Rejected] = field(repr=False)

    @property
    def id(self) -> str:
        """`rtc_…`."""
        return self.ids.call_id


class Calls:
    """All calls of one engine.

    Args:
        parts: mind, ears and voice.
        open_core: makes sessions.
        max_calls: how many may ring or live at once.
        ring_limit_s: how long a call rings.

    """

    def __init__(
        self,
        parts: EngineParts,
        open_core: OpenCore,
        *,
        max_calls: int = MAX_CALLS,
        ring_limit_s: float = RING_LIMIT_S,
    ) -> None:
        self._parts = parts
        self._open_core = open_core
        self._max_calls = max_calls
        self._ring_limit_s = ring_limit_s
        self._ringing: dict[str, Ringing] = {}
        self._live: dict[str, Call] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._ringing) + len(self._live)

    def find(self, call_id: str) -> Call:
        """Return a live call.

        Raises:
            RequestRefused: 404, there is none.

        """
        call = self._live.get(call_id)
        if call is None or call.ended is not None:
            raise refuse_unknown_call()
        return call

    def answer(self, medium: Medium, model: str | None, session: JsonObject) -> Call:
        """Begin a call that needs nobody's decision.

        Raises:
            RequestRefused: something in the settings is not allowed, or there are too many calls.

        """
        self._check_room()
        return self._begin(medium, CallIds(os.urandom(16)), model, session)

    def ring(self) -> Ringing:
        """Have a telephone call come in.

        Raises:
            RequestRefused: there are too many calls.

        """
        self._check_room()
        loop = asyncio.get_running_loop()
        ringing = Ringing(CallIds(os.urandom(16)), loop.create_future())
        self._ringing[ringing.id] = ringing
        timer = loop.call_later(self._ring_limit_s, self._give_up, ringing.id)
        ringing.decided.add_done_callback(lambda _: timer.cancel())
        return ringing

    def accept(self, call_id: str, session: JsonObject) -> Call:
        """Answer a call that rings.

        Args:
            call_id: which one.
            session: its settings, with their `type`.

        Raises:
            RequestRefused: no such call rings, or something in the settings is not allowed.

        """
        ringing = self._find_ringing(call_id)
        call = self._begin(SIP, ringing.ids, None, session)
        del self._ringing[call_id]
        ringing.decided.set_result(call)
        return call

    def reject(self, call_id: str, status: int = DECLINED) -> None:
        """Turn a call down that rings; raises RequestRefused if there is none."""
        self._turn_down(call_id, Rejected(status))

    def cancel(self, call_id: str) -> None:
        """Let the caller of a call that rings hang up; raises RequestRefused if there is none."""
        self._turn_down(call_id, Rejected(CANCELLED, "caller"))

    def hang_up(self, call_id: str) -> None:
        """End a call that lives or rings; raises RequestRefused if there is none."""
        if call_id in self._ringing:
            self.reject(call_id)
        else:
            self.find(call_id).hang_up("hung_up")

    async def close(self) -> None:
        """End all calls and wait until they have let go of everything."""
        for call_id in list(self._ringing):
            self._give_up(call_id)
        for call in self._live.values():
            call.hang_up("engine_closed")
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _begin(self, medium: Medium, ids: CallIds, model: str | None, session: JsonObject) -> Call:
        try:
            preset = medium.preset(session)
        except RemoteProtocolError as refusal:
            raise refuse_parameter(refusal) from refusal
        call = Call(self._open_core(model, preset, ids), medium, ids, self._parts)
        self._live[call.id] = call
        task = asyncio.get_running_loop().create_task(self._run(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return call

    async def _run(self, call: Call) -> None:
        try:
            await call.run()
        finally:
            del self._live[call.id]

    def _give_up(self, call_id: str) -> None:
        with contextlib.suppress(RequestRefused):
            self._turn_down(call_id, Rejected(NO_ANSWER, "nobody"))

    def _turn_down(self, call_id: str, rejected: Rejected) -> None:
        ringing = self._find_ringing(call_id)
        del self._ringing[call_id]
        ringing.decided.set_result(rejected)

    def _find_ringing(self, call_id: str) -> Ringing:
        ringing = self._ringing.get(call_id)
        if ringing is None:
            raise refuse_unknown_call()
        return ringing

    def _check_room(self) -> None:
        if len(self) >= self._max_calls:
            raise refuse_for_now(f"All {self._max_calls} calls of this engine are in use.")


def refuse_unknown_call() -> RequestRefused:
    """Return the refusal of the id of a call that is unknown or over."""
    message = "No session found for the provided call_id"
    return RequestRefused(HTTPStatus.NOT_FOUND, "call_id_not_found", message, "")
