"""What can go wrong with a server elsewhere, said so that an operator can mend it.

nobody answers, TLS, DNS     unreachable
no answer in time            timeout
401, 403                     invalid_api_key
404                          not_found
429                          inference_rate_limit_exceeded, or insufficient_quota where the body says so
other 4xx, redirects         the code of the body, else refused
5xx                          server_error
the answer breaks off        connection_lost
HTML, broken JSON, too long  bad_answer
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from agentrun.errors import AgentrunError
from agentrun.wire.json import JsonValue

_LONGEST_QUOTE = 300

_SAID = {
    401: "refuses the key (401)",
    403: "denies access (403)",
    404: "does not know the model or the address (404)",
    429: "has no capacity or quota left (429)",
}
_CODES = {401: "invalid_api_key", 403: "invalid_api_key", 404: "not_found"}


class RemoteFailed(AgentrunError):
    """A server elsewhere did not do its part.

    Attributes:
        code: for programs; see the table of this module.
        status: of its HTTP answer, or None if there was none.

    """

    def __init__(self, message: str, code: str, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def explain_status(host: str, status: int, headers: Mapping[str, str], body: bytes) -> RemoteFailed:
    """Return what an answer other than 200 means.

    Args:
        host: who answered.
        status: of the HTTP answer.
        headers: names in any case that the mapping takes for the same.
        body: JSON in the API's shape, or anything.

    """
    said = read_error(body)
    text = f"{host} {_SAID.get(status) or _describe(status)}"
    if retry_after := headers.get("retry-after", ""):
        text += f"; it asks to wait {retry_after[:40]}{' s' if retry_after.isdigit() else ''}"
    if said.message:
        text += f": {said.message}"
    return RemoteFailed(text, _find_code(status, said.code), status)


def _describe(status: int) -> str:
    if status >= 500:
        return f"has failed ({status})"
    if 300 <= status < 400:
        return f"redirects elsewhere ({status}), which is not followed"
    return f"refuses the request ({status})"


def _find_code(status: int, said: str) -> str:
    if status == 429:
        return said if said == "insufficient_quota" else "inference_rate_limit_exceeded"
    if status >= 500:
        return "server_error"
    return _CODES.get(status) or said or "refused"


class SaidError:
    """What the body of an error says; both texts may be empty."""

    __slots__ = ("code", "message")

    def __init__(self, message: str, code: str) -> None:
        self.message = " ".join(message.split())[:_LONGEST_QUOTE]
        self.code = code


def read_error(body: bytes | JsonValue) -> SaidError:
    """Read the error of a body in one of the shapes that servers use; what is no JSON says nothing."""
    if isinstance(body, bytes):
        try:
            body = json.loads(body)
        except (ValueError, RecursionError):
            return SaidError("", "")
    if not isinstance(body, dict):
        return SaidError("", "")
    error = body.get("error", body)
    if isinstance(error, str):
        return SaidError(error, "")
    if not isinstance(error, dict):
        return SaidError("", "")
    message = next((error[key] for key in ("message", "detail") if isinstance(error.get(key), str)), "")
    code = next((error[key] for key in ("code", "type") if isinstance(error.get(key), str)), "")
    return SaidError(message, code)
