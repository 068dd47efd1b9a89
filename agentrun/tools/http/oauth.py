"""Tokens of OAuth 2.0 by client credentials (RFC 6749, 4.4): one for all calls, until it runs out.

Any number of tools that need a token at the same time wait for one request. A token that the service refuses
is dropped, once, by whoever sees it first. Tokens and secrets are never part of an error or a log line.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from urllib.parse import quote_plus, urlencode, urlsplit

from agentrun.tools.call import CodedFailure
from agentrun.tools.http.addresses import is_allowed
from agentrun.tools.http.answer import Answer
from agentrun.tools.http.exchange import Interrupted
from agentrun.tools.http.request import ClientCredentials, Request

logger = logging.getLogger("agentrun.tools")

FETCH_S = 10.0
MOST_TOKENS = 256
_MARGIN_S = 30.0  # a token that is about to run out may be refused on its way
_UNSAFE = frozenset(map(chr, (*range(33), 127)))


@dataclass(frozen=True, slots=True)
class Token:
    """A token and the moment (monotonic seconds) from which it is not used any more; None for no end."""

    text: str
    until_s: float | None

    def __repr__(self) -> str:
        return "Token(***)"


class TokenCache:
    """The tokens of one process.

    Args:
        send: sends a request for a token; raises like `exchange`.
        now_s: the clock, for tests.

    """

    def __init__(
        self, send: Callable[[Request], Awaitable[Answer]], now_s: Callable[[], float] = monotonic
    ) -> None:
        self._send = send
        self._now_s = now_s
        self._tokens: OrderedDict[ClientCredentials, Token] = OrderedDict()
        self._fetches: dict[ClientCredentials, asyncio.Task[Token]] = {}

    async def get(self, who: ClientCredentials) -> str:
        """Return a token, from memory or from the service.

        Raises:
            CodedFailure: there is none (`auth_failed`).

        """
        known = self._tokens.get(who)
        if known is not None and (known.until_s is None or self._now_s() < known.until_s):
            self._tokens.move_to_end(who)
            return known.text
        fetch = self._fetches.get(who)
        if fetch is None:
            fetch = asyncio.create_task(self._fetch(who), name=f"token of {urlsplit(who.token_url).hostname}")
            self._fetches[who] = fetch
            fetch.add_done_callback(lambda task: self._on_fetched(who, task))
        # Whoever stops waiting does not stop it for the others.
        return (await asyncio.shield(fetch)).text

    def drop(self, who: ClientCredentials, text: str) -> None:
        """Forget a token that was refused, unless a newer one has taken its place."""
        known = self._tokens.get(who)
        if known is not None and known.text == text:
            del self._tokens[who]

    async def aclose(self) -> None:
        """Stop what is being fetched, and forget everything."""
        fetches = list(self._fetches.values())
        for fetch in fetches:
            fetch.cancel()
        await asyncio.gather(*fetches, return_exceptions=True)
        self._tokens.clear()

    def _on_fetched(self, who: ClientCredentials, task: asyncio.Task[Token]) -> None:
        del self._fetches[who]
        if task.cancelled() or task.exception() is not None:
            return
        self._tokens[who] = task.result()
        if len(self._tokens) > MOST_TOKENS:
            self._tokens.popitem(last=False)

    async def _fetch(self, who: ClientCredentials) -> Token:
        host = urlsplit(who.token_url).hostname
        began_s = self._now_s()
        try:
            async with asyncio.timeout(FETCH_S):
                answer = await self._send(make_token_request(who))
            return read_token(answer, began_s)
        except TimeoutError:
            reason = f"no answer in {FETCH_S:g} s"
        except (CodedFailure, Interrupted, ValueError) as error:
            reason = str(error)
        logger.warning("no token from %s: %s", host, reason)
        raise CodedFailure("auth_failed", f"`{host}` gave no permission to use the service.")


def make_token_request(who: ClientCredentials) -> Request:
    """Return the request that asks for a token."""
    form = {"grant_type": "client_credentials", "scope": who.scope, "audience": who.audience}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if who.in_body:
        form |= {"client_id": who.client_id, "client_secret": who.client_secret}
    else:
        pair = f"{quote_plus(who.client_id)}:{quote_plus(who.client_secret)}"  # RFC 6749, 2.3.1
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    url = urlsplit(who.token_url)
    host = url.hostname or ""
    return Request(
        method="POST",
        url=who.token_url,
        host=host,
        headers=tuple(headers.items()),
        content=urlencode({name: value for name, value in form.items() if value}).encode(),
        allow_private=is_allowed(host, url.port, who.allow_hosts),
    )


def read_token(answer: Answer, now_s: float) -> Token:
    """Return the token of an answer.

    Args:
        answer: of the service.
        now_s: when it was asked for.

    Raises:
        ValueError: there is none; the text names the service's own code and nothing else of the answer.

    """
    body = answer.body if isinstance(answer.body, dict) and not answer.fault else {}
    text, kind = body.get("access_token"), body.get("token_type", "bearer")
    if not 200 <= answer.status < 300 or not isinstance(text, str) or not text:
        code = json.dumps(str(body.get("error", "no token"))[:60])
        raise ValueError(f"status {answer.status}, {code}")
    if not isinstance(kind, str) or kind.lower() != "bearer" or _UNSAFE & set(text):
        raise ValueError("the token is not one for the header `Authorization: Bearer …`")
    lasts_s = body.get("expires_in")
    if isinstance(lasts_s, str) and lasts_s.isdigit():
        lasts_s = int(lasts_s)
    if not isinstance(lasts_s, int | float) or isinstance(lasts_s, bool):
        return Token(text, None)
    return Token(text, now_s + max(0.0, lasts_s - min(_MARGIN_S, lasts_s / 10)))
