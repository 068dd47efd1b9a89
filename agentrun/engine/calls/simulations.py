"""The simulated calls of an engine: those that go on, and the last ones that are over."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Literal, TypeAlias

from agentrun.audio import decode_audio, render_wav
from agentrun.engine.calls import registry
from agentrun.engine.calls.call import Call, EndReason
from agentrun.engine.calls.handset import Handset
from agentrun.engine.calls.medium import SIP
from agentrun.engine.calls.order import Order
from agentrun.engine.calls.phone import Ended, Phone, Said
from agentrun.engine.calls.registry import Calls, Rejected, Ringing
from agentrun.engine.calls.webhook import Messenger, render_incoming
from agentrun.engine.driver import Speech
from agentrun.wire.json import JsonObject

log = logging.getLogger(__name__)

MAX_KEPT = 100
MAX_KEPT_BYTES = 64 * 1024 * 1024
"""How much is kept of calls that are over: so many, and so much sound."""
OK = 200
"""The SIP status of a call that is answered."""

Status = Literal["ringing", "live", "rejected", "referred", "ended"]
Reason: TypeAlias = EndReason | Literal["rejected", "not_answered"]
_REASONS: Mapping[str, Reason] = {
    "application": "rejected",
    "caller": "caller_left",
    "nobody": "not_answered",
}
"""Why a call ends that was not taken, by who would not have it."""
Deliver = Callable[[asyncio.Future[Call | Rejected]], Awaitable[int | None]]
"""Sends a webhook until it is taken or the future is done; returns how many attempts it took."""


class Simulation:
    """One simulated call; what it says of itself stays true when the call is over.

    Args:
        call_id: `rtc_…`.
        phone: the caller.
        handset: holds the caller's end.
        deliver: sends the webhook, if there is somewhere to send it.

    Attributes:
        task: is over when everything about the call is.

    """

    def __init__(self, call_id: str, phone: Phone, handset: Handset, deliver: Deliver | None) -> None:
        self.id = call_id
        self.task: asyncio.Task[None] | None = None
        self._phone = phone
        self._handset = handset
        self._call: Call | None = None
        self._rejected: Rejected | None = None
        self._deliver = deliver
        self._webhook: JsonObject = {"state": "none" if deliver is None else "sending"}

    @property
    def status(self) -> Status:
        """Where the call stands."""
        match self.reason:
            case None:
                return "ringing" if self._call is None else "live"
            case "rejected":
                return "rejected"
            case "referred":
                return "referred"
            case _:
                return "ended"

    @property
    def reason(self) -> Reason | None:
        """Why the call is over; None while it goes on."""
        if self._call is not None:
            return self._call.ended
        return _REASONS[self._rejected.by] if self._rejected is not None else None

    @property
    def sip_status(self) -> int | None:
        """What SIP tells the caller; None while it rings."""
        if self._call is not None:
            return OK
        return self._rejected.status if self._rejected is not None else None

    @property
    def recorded_bytes(self) -> int:
        """How much sound is kept."""
        return len(self._handset.recorded)

    def render(self) -> JsonObject:
        """Return what the API says about the call."""
        return {
            "call_id": self.id,
            "status": self.status,
            "reason": self.reason,
            "sip_status": self.sip_status,
            "refer_to": self._call.referred_to if self._call else None,
            "webhook": self._webhook,
            "transcript": [_render_said(said) for said in self._phone.transcript],
            "audio_ms": SIP.format.to_ms(self.recorded_bytes),
        }

    def render_wav(self) -> bytes:
        """Return what the caller has heard as a WAV file."""
        return render_wav(decode_audio(bytes(self._handset.recorded), SIP.format), SIP.format.rate_hz)

    def hang_up(self) -> None:
        """The caller has had enough."""
        if self._call is not None:
            self._call.hang_up("caller_left")

    async def run(self, ringing: Ringing) -> None:
        """Ring, and hold the call if it is accepted.

        Args:
            ringing: the call as the engine has it.

        """
        async with asyncio.TaskGroup() as tasks:
            if self._deliver is not None:
                tasks.create_task(self._announce(self._deliver, ringing.decided))
            decision = await ringing.decided
            if isinstance(decision, Rejected):
                self._rejected = decision
                self._phone.handle(Ended(), 0)
            else:
                await self._hold(decision)

    async def _hold(self, call: Call) -> None:
        self._call = call
        call.add_control(self._handset)
        try:
            await self._handset.run(call)
        finally:
            call.hang_up("caller_left")

    async def _announce(self, deliver: Deliver, decided: asyncio.Future[Call | Rejected]) -> None:
        attempts = await deliver(decided)
        if attempts is None:
            self._webhook = {"state": "failed"}
        else:
            self._webhook = {"state": "delivered", "attempts": attempts}


class Simulations:
    """All simulated calls of one engine.

    Args:
        calls: of the engine.
        speech: its voice speaks for callers, too.
        messenger: takes webhooks to the application; without it a call rings all the same.
        pace: how many times faster than time the calls go.
        now_s: Unix time.

    """

    def __init__(
        self,
        calls: Calls,
        speech: Speech,
        messenger: Messenger | None = None,
        *,
        pace: float = 1.0,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._calls = calls
        self._speech = speech
        self._messenger = messenger
        self._pace = pace
        self._now_s = now_s
        self._known: dict[str, Simulation] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, order: Order) -> Simulation:
        """Let a call ring.

        Raises:
            RequestRefused: there are too many calls.

        """
        ringing = self._calls.ring()
        self._forget_old()
        phone = Phone(order.script, order.patience)
        handset = Handset(phone, self._speech.voice, self._speech.recogniser, pace=self._pace)
        deliver = self._prepare_webhook(ringing.id, order.sip_headers)
        simulation = Simulation(ringing.id, phone, handset, deliver)
        self._known[ringing.id] = simulation
        task = asyncio.get_running_loop().create_task(simulation.run(ringing))
        simulation.task = task
        self._tasks.add(task)
        task.add_done_callback(self._end)
        return simulation

    def find(self, call_id: str) -> Simulation:
        """Return a call that goes on or is not over for long.

        Raises:
            RequestRefused: 404, there is none.

        """
        if call_id not in self._known:
            raise registry.refuse_unknown_call()
        return self._known[call_id]

    def hang_up(self, call_id: str) -> None:
        """Let the caller hang up, whether somebody has answered or not; raises as `find` does."""
        simulation = self.find(call_id)
        if simulation.status == "ringing":
            self._calls.cancel(call_id)
        else:
            simulation.hang_up()

    async def close(self) -> None:
        """Wait until all is let go of; the engine's calls have been ended before."""
        for task in self._tasks:
            task.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a simulated call failed: %r", error, exc_info=error)

    def _prepare_webhook(self, call_id: str, sip_headers: Sequence[tuple[str, str]]) -> Deliver | None:
        if self._messenger is None:
            return None
        event_id, webhook_id = f"evt_{secrets.token_hex(16)}", f"wh_{secrets.token_hex(16)}"
        body = render_incoming(event_id, call_id, sip_headers, int(self._now_s()))
        return partial(self._messenger.deliver, webhook_id, body)

    def _forget_old(self) -> None:
        over = [it for it in self._known.values() if it.reason is not None]
        kept_bytes = sum(it.recorded_bytes for it in over)
        while len(over) >= MAX_KEPT or kept_bytes > MAX_KEPT_BYTES:
            oldest = over.pop(0)
            kept_bytes -= oldest.recorded_bytes
            del self._known[oldest.id]


def _render_said(said: Said) -> JsonObject:
    shown = dataclasses.asdict(said)
    return {name: value for name, value in shown.items() if value not in (None, False)}
