"""Bodies of requests: bounded in size and time, and JSON objects that can be written again."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus

from starlette.requests import ClientDisconnect, Request

from agentrun.engine.frames import check_writable
from agentrun.engine.http.refusals import RequestRefused
from agentrun.errors import RemoteProtocolError
from agentrun.wire.json import JsonObject

MAX_BODY_BYTES = 1024 * 1024
BODY_LIMIT_S = 20.0


async def read_body(request: Request, most_bytes: int = MAX_BODY_BYTES) -> bytes:
    """Return the body.

    Raises:
        RequestRefused: it is too long (413) or takes too long (408), or the client has gone.

    """
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_LIMIT_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most_bytes:
                    message = f"The request is longer than {most_bytes} bytes."
                    raise RequestRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request_too_large", message)
    except TimeoutError:
        message = "The request took too long to arrive."
        raise RequestRefused(HTTPStatus.REQUEST_TIMEOUT, "request_timeout", message) from None
    except ClientDisconnect:
        message = "The request broke off."
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "invalid_request", message) from None
    return bytes(body)


async def read_json(request: Request) -> JsonObject:
    """Return the body as a JSON object; no body at all is an empty one.

    Raises:
        RequestRefused: it is none, or `read_body` refuses it.

    """
    return parse_object(await read_body(request))


def parse_object(body: bytes) -> JsonObject:
    """Return the JSON object of a body; raises as `read_json` does."""
    if not body.strip():
        return {}
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _refuse_json(f"The body of the request is not valid JSON: {error}") from None
    if not isinstance(payload, dict):
        raise _refuse_json("The body of the request is not a JSON object.")
    try:
        check_writable(payload)
    except RemoteProtocolError as refusal:
        raise _refuse_json(str(refusal)) from None
    return payload


def _refuse_json(message: str) -> RequestRefused:
    return RequestRefused(HTTPStatus.BAD_REQUEST, "invalid_json", message)
