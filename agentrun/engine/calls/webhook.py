"""`realtime.call.incoming`: how an application learns that somebody rings.

Source: https://platform.openai.com/docs/guides/realtime-sip and, for the signature, the Standard Webhooks
scheme (https://www.standardwebhooks.com). A delivery counts when it is answered with a 2xx status. Everything
else is tried again with the same `webhook-id` and a new signature: any other status, redirects among them,
a connection that fails, no answer within 10 seconds. The pauses are half a second, one, two, four and so on
up to eight, for as long as the call rings: nobody can accept a call that has ended. So an application may see
the same delivery more than once, as with the service, and should know it by its `webhook-id`.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from agentrun.engine.faults.plan import Delivery
from agentrun.secret import Secret

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

SECRET_PREFIX = "whsec_"
ANSWER_LIMIT_S = 10.0
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 8.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where webhooks go.

    Attributes:
        url: of the application.
        secret: what they are signed with: `whsec_` and base64, or any text.

    """

    url: str
    secret: Secret


def parse_endpoint(url: str, secret: str) -> Endpoint:
    """Check an address and a secret.

    Raises:
        ValueError: one of them is none; the message does not repeat the secret.

    """
    if not _is_address(url):
        raise ValueError(f"`{url}` is not an HTTP address such as http://127.0.0.1:8000/webhook")
    if not secret:
        raise ValueError("webhooks are signed: a secret is needed")
    _read_key(secret)
    return Endpoint(url, Secret(secret))


def render_incoming(
    event_id: str, call_id: str, sip_headers: Sequence[tuple[str, str]], created_at_s: int
) -> bytes:
    """Return the body of the webhook for a call.

    Args:
        event_id: `evt_…`.
        call_id: `rtc_…`.
        sip_headers: names and values of the INVITE, in its order.
        created_at_s: Unix time.

    """
    headers = [{"name": name, "value": value} for name, value in sip_headers]
    data = {"call_id": call_id, "sip_headers": headers, "sip_media_security": "rtp"}
    event = {
        "id": event_id,
        "object": "event",
        "created_at": created_at_s,
        "type": "realtime.call.incoming",
        "data": data,
    }
    return json.dumps(event).encode()


def sign(secret: Secret, webhook_id: str, timestamp_s: int, body: bytes) -> str:
    """Return the value of `webhook-signature` for one attempt."""
    signed = f"{webhook_id}.{timestamp_s}.".encode() + body
    digest = hmac.digest(_read_key(secret.reveal()), signed, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def make_headers(secret: Secret, webhook_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """Return the headers of one attempt."""
    return {
        "content-type": "application/json",
        "user-agent": "OpenAI/1.0",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": sign(secret, webhook_id, timestamp_s, body),
    }


def plan_pauses() -> Iterator[float]:
    """Yield how long to wait after each attempt that has failed, in seconds, without end."""
    pause_s = FIRST_PAUSE_S
    while True:
        yield pause_s
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


class Messenger:
    """Delivers webhooks to one endpoint.

    Args:
        endpoint: where they go.
        find_fate: says of each webhook whether it is lost or repeated, for tests of an application.
        now_s: the clock of signatures, in Unix time.
        pauses: between attempts.

    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        find_fate: Callable[[], Delivery] = Delivery,
        now_s: Callable[[], float] = time.time,
        pauses: Callable[[], Iterator[float]] = plan_pauses,
    ) -> None:
        self._endpoint = endpoint
        self._find_fate = find_fate
        self._now_s = now_s
        self._pauses = pauses

    async def deliver(self, webhook_id: str, body: bytes, over: asyncio.Future[Any]) -> int | None:
        """Send until it is answered with 2xx.

        Args:
            webhook_id: the same for every attempt.
            body: as `render_incoming` makes it.
            over: when it is done, the attempt that is under way is the last one.

        Returns:
            How many attempts it took; None if it was not taken.

        """
        import httpx

        fate = self._find_fate()
        if fate.wait_ms:
            await asyncio.wait((over,), timeout=fate.wait_ms / 1000)
        if fate.copies == 0:
            log.info("webhook %s is lost on purpose", webhook_id)
            return None
        local = (urlsplit(self._endpoint.url).hostname or "") in ("localhost", "127.0.0.1", "::1")
        # a proxy of the environment does not lead to this machine
        async with httpx.AsyncClient(trust_env=not local, timeout=ANSWER_LIMIT_S) as client:
            for attempt, pause_s in enumerate(self._pauses(), 1):
                if await self._post(client, webhook_id, body):
                    for _ in range(1, fate.copies):
                        await self._post(client, webhook_id, body)
                    return attempt
                await asyncio.wait((over,), timeout=pause_s)
                if over.done():
                    break
        return None

    async def _post(self, client: httpx.AsyncClient, webhook_id: str, body: bytes) -> bool:
        import httpx

        host = urlsplit(self._endpoint.url).netloc.rpartition("@")[2]
        headers = make_headers(self._endpoint.secret, webhook_id, int(self._now_s()), body)
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                answer = await client.post(self._endpoint.url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            log.warning("a webhook did not reach %s: %s", host, str(error) or type(error).__name__)
            return False
        if not answer.is_success:
            log.warning("%s answered a webhook with status %d", host, answer.status_code)
        return answer.is_success


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of a port that is none
        return False


def _read_key(secret: str) -> bytes:
    if not secret.startswith(SECRET_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError(f"what follows `{SECRET_PREFIX}` in the secret is not base64") from None
