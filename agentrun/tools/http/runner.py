"""Runs HTTP tools: one request, or several tries of it where the file allows them, within one time limit.

What each try may take, whether there is another, and what an answer means is decided in `repeats` and
`answer`. One rule is kept here: once a write may have taken effect, no later try can make it `failed`.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING

from agentrun.plan import Effect, HttpTarget, ToolBinding
from agentrun.tools.call import CallContext, CodedFailure, Unconfirmed, without_answer
from agentrun.tools.http.answer import Answer, judge
from agentrun.tools.http.connections import HttpConnections
from agentrun.tools.http.exchange import CONNECT_S, Interrupted, exchange
from agentrun.tools.http.redirects import MOST_HOPS
from agentrun.tools.http.repeats import Ending, decide_wait_ms, make_key, parse_retry_after_ms, share_ms
from agentrun.tools.http.request import Request, build_request
from agentrun.tools.http.template import Scope
from agentrun.wire.json import JsonObject, JsonValue

if TYPE_CHECKING:
    from agentrun.tools.http.transport import Resolve

logger = logging.getLogger("agentrun.tools")

_CONNECT_SHARE = 0.8
"""Of a try's time: a connection that is not made by then leaves room to say so, which is not `unknown`."""


class HttpRunner:
    """Runs the HTTP tools of one dispatcher.

    Args:
        connections: shared with others, who close them; without them the runner has its own.
        resolve: replaces the system's resolver of its own connections, for tests.

    """

    def __init__(self, connections: HttpConnections | None = None, *, resolve: Resolve | None = None) -> None:
        self._connections = connections or HttpConnections(resolve)
        self._owns_connections = connections is None

    async def prepare(self) -> None:
        """Load httpx and the certificates, off the loop."""
        await self._connections.open()

    async def run(self, binding: ToolBinding, arguments: JsonObject, context: CallContext) -> JsonValue:
        """Send the request; see `ToolRunner.run`."""
        assert isinstance(binding.target, HttpTarget)
        request = build_request(binding.target, Scope(binding.parameters, arguments, context))
        request = _add_key(request, binding, arguments, context)
        return await _Run(self._connections, binding, request, context.id).run()

    async def aclose(self) -> None:
        """Close the connections, if they are the runner's own."""
        if self._owns_connections:
            await self._connections.aclose()


def _add_key(request: Request, binding: ToolBinding, arguments: JsonObject, context: CallContext) -> Request:
    rules = binding.idempotency
    if rules.kind != "key":
        return request
    key = make_key(binding.name, rules, arguments, context.id, context.caller)
    others = tuple(pair for pair in request.headers if pair[0].lower() != rules.header.lower())
    return replace(request, headers=(*others, (rules.header, key)))


class _Ended(Exception):
    """A try gave no result.

    Attributes:
        ending: for the decision about another try.
        failure: what is told if there is none.

    """

    def __init__(self, ending: Ending, failure: CodedFailure | Unconfirmed) -> None:
        super().__init__(str(failure))
        self.ending = ending
        self.failure = failure


@dataclass(slots=True)
class _Run:
    """The tries of one tool call.

    Attributes:
        in_doubt: an earlier try may have taken effect.

    """

    connections: HttpConnections
    binding: ToolBinding
    request: Request
    call_id: str
    tries: int = 0
    in_doubt: bool = False

    async def run(self) -> JsonValue:
        ends_s = monotonic() + self.binding.timeout_ms / 1000
        while True:
            share = share_ms(self.binding.retry, self.tries, _left_ms(ends_s))
            self.tries += 1
            try:
                return await self._try(share / 1000)
            except _Ended as ended:
                wait_ms = self._decide(ended, _left_ms(ends_s))
            except CodedFailure as failure:
                raise self._settle(failure) from failure
            await asyncio.sleep(wait_ms / 1000)

    def _decide(self, ended: _Ended, left_ms: int) -> int:
        """Return how long to wait for the next try, or raise what the last one came to."""
        seed = f"{self.call_id} {self.binding.name}"
        wait_ms = decide_wait_ms(self.binding, self.tries, ended.ending, left_ms, seed)
        if wait_ms is None:
            raise self._settle(ended.failure) from ended
        self.in_doubt = self.in_doubt or ended.ending.leaves_doubt
        logger.info("call %s: try %d ended (%s); again in %d ms", *self._who(), ended.ending.cause, wait_ms)
        return wait_ms

    def _settle(self, failure: CodedFailure | Unconfirmed) -> CodedFailure | Unconfirmed:
        """Return what is told at the end: certainty only if no try left a doubt."""
        if self.in_doubt and self.binding.effect == "write" and isinstance(failure, CodedFailure):
            return Unconfirmed(failure.code, str(failure), result=failure.result)
        return failure

    async def _try(self, time_s: float) -> JsonValue:
        host, effect = self.request.host, self.binding.effect
        try:
            async with asyncio.timeout(time_s):
                answer = await self._send(min(CONNECT_S, time_s * _CONNECT_SHARE))
        except TimeoutError as error:
            after = f"in {self.binding.timeout_ms / 1000:g} s" if self.tries == 1 else f"{self.tries} times"
            text = f"`{host}` did not answer {after}."
            raise _Ended(Ending("timeout"), without_answer(effect, "timeout", text)) from error
        except Interrupted as error:
            logger.warning("call %s: try %d: no answer from %s: %s", *self._who(), host, error)
            raise _Ended(Ending(error.cause), _explain(error, host, effect)) from error
        try:
            return judge(answer, effect)
        except (CodedFailure, Unconfirmed) as failure:
            if answer.fault:
                logger.warning("call %s: try %d: answer of %s: %s", *self._who(), host, answer.fault)
            pause_ms = parse_retry_after_ms(answer.retry_after, datetime.now(UTC))
            raise _Ended(Ending(answer.status, pause_ms), failure) from failure

    async def _send(self, connect_s: float) -> Answer:
        """Send the request; once more with a new token if the service refuses the one that we have."""
        client = await self.connections.open()
        hops = MOST_HOPS if self.binding.effect == "read" and self.request.method in ("GET", "HEAD") else 0
        grant = self.request.grant
        if grant is None:
            answer = await exchange(client, self.request, connect_s=connect_s, hops=hops)
        else:
            for _ in range(2):
                token = await self.connections.tokens.get(grant)
                request = _add_token(self.request, token)
                answer = await exchange(client, request, connect_s=connect_s, hops=hops)
                if answer.status != HTTPStatus.UNAUTHORIZED:
                    break
                self.connections.tokens.drop(grant, token)
        logger.debug("call %s: try %d: < %s %s", *self._who(), answer.status, self.request.host)
        return answer

    def _who(self) -> tuple[str, int]:
        return self.call_id, self.tries


def _left_ms(ends_s: float) -> int:
    return round((ends_s - monotonic()) * 1000)


def _add_token(request: Request, token: str) -> Request:
    return replace(request, headers=(*request.headers, ("Authorization", f"Bearer {token}")))


def _explain(error: Interrupted, host: str, effect: Effect) -> CodedFailure | Unconfirmed:
    if error.cause == "lost":
        return without_answer(effect, "no_answer", f"`{host}` gave no readable answer.")
    return CodedFailure("unreachable", f"`{host}` could not be reached.")
