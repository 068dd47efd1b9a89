"""The exception tree: one root, one branch for each kind of thing that can go wrong.

Errors carry attributes, not only text. Local and remote mistakes are different classes, because the
first is our bug and the second is a normal input.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentrun.diagnostics import Diagnostic


class AgentrunError(Exception):
    """Root of everything that agentrun raises on purpose."""


class ConfigError(AgentrunError):
    """An agent file (or a file it names) cannot be used.

    Attributes:
        diagnostics: what is wrong and where; at least one is an error.

    """

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        first = next((d for d in self.diagnostics if d.severity == "error"), None)
        super().__init__(first.message if first else "the configuration cannot be used")


class ProtocolError(AgentrunError):
    """The rules of the Realtime protocol were broken."""


class LocalProtocolError(ProtocolError):
    """We broke the rules: a bug of ours or a misuse of our interface."""


class RemoteProtocolError(ProtocolError):
    """The other side sent something that the protocol does not allow.

    Attributes:
        code: the API's error code, for example `missing_required_parameter`.
        param: dotted path of the offending parameter, or None.

    """

    def __init__(self, message: str, *, code: str = "invalid_event", param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.param = param


class TransportError(AgentrunError):
    """The connection to the model failed."""


class ConnectFailed(TransportError):
    """No connection could be made.

    Attributes:
        url: where we dialled, without secrets.
        status: HTTP status of a refused handshake, or None if nobody answered.
        hint: what the operator can do about it.

    """

    def __init__(self, message: str, *, url: str, status: int | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.url = url
        self.status = status
        self.hint = hint


class ConnectionLost(TransportError):
    """An open connection ended without our doing.

    Attributes:
        code: WebSocket close code (1006 if there was no close frame).
        reason: the peer's words, possibly empty.

    """

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"the connection was lost (code {code}{': ' + reason if reason else ''})")
        self.code = code
        self.reason = reason


class ListenFailed(AgentrunError):
    """An address cannot be listened on.

    Attributes:
        host: as the operator gave it.
        port: as the operator gave it.

    """

    def __init__(self, host: str, port: int, error: OSError) -> None:
        super().__init__(_explain_listening(host, port, error))
        self.host = host
        self.port = port


def _explain_listening(host: str, port: int, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} of {host} is taken by another program; choose another with `--port`"
        case errno.EACCES:
            return f"port {port} needs special rights; choose one from 1024 up with `--port`"
        case errno.EADDRNOTAVAIL:
            return f"`{host}` is not an address of this machine; use `--host 127.0.0.1`"
        case _:
            return f"cannot listen on {host} port {port}: {error.strerror or error}"


class ToolError(AgentrunError):
    """A tool call did not work; becomes an answer to the model and never ends the call."""


class ToolNotFound(ToolError):
    """The model asked for a tool that this call does not offer."""


class ToolTimeout(ToolError):
    """A tool did not answer in time; whether it took effect is unknown."""


class ToolFailed(ToolError):
    """A tool raised, refused its arguments or answered with an error.

    Attributes:
        detail: what the model may read in order to correct itself; no stack, no secret.

    """

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail or message


class ChannelError(AgentrunError):
    """The caller's side of the call failed in a way that ends it."""
