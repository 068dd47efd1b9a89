"""What the API answers when it refuses: one JSON shape for HTTP and for WebSocket handshakes.

Source: https://platform.openai.com/docs/guides/error-codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from agentrun.errors import AgentrunError, RemoteProtocolError
from agentrun.wire.json import JsonObject

RETRY_AFTER_S = 5


class RequestRefused(AgentrunError):
    """A request that is answered with an error.

    Attributes:
        status: of the HTTP response.
        code: for programs.
        param: dotted path of the offending parameter, or None.
        headers: of the response, beyond the usual ones.

    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        param: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.param = param
        self.headers = headers

    def render(self) -> JsonObject:
        """Return the JSON body."""
        kind = "server_error" if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
        error = {"message": str(self), "type": kind, "code": self.code, "param": self.param}
        return {"error": error}


def refuse_parameter(refusal: RemoteProtocolError) -> RequestRefused:
    """Return as a response what a check has found in a body."""
    return RequestRefused(HTTPStatus.BAD_REQUEST, refusal.code, str(refusal), refusal.param)


def refuse_for_now(message: str) -> RequestRefused:
    """Return the refusal of what would be too much at the moment."""
    headers = {"retry-after": str(RETRY_AFTER_S)}
    return RequestRefused(HTTPStatus.TOO_MANY_REQUESTS, "rate_limit_exceeded", message, headers=headers)
