"""What the parts of hosting hand to each other: servers, tools, failures, limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agentrun.secret import Secret
from agentrun.wire.json import JsonObject

ErrorKind = Literal["protocol_error", "tool_execution_error", "http_error"]

TIMED_OUT = -32001
"""The code of a `protocol_error` where no answer came in time, as the official MCP package uses it."""
CONNECTION_LOST = -32000
"""The code of a `protocol_error` where there is no connection."""
INTERNAL_ERROR = -32603


@dataclass(frozen=True, slots=True)
class HostedServer:
    """An MCP server, as far as it takes to reach it; two that are equal are the same server.

    Attributes:
        label: by which the session knows it.
        url: of its streamable HTTP endpoint; None where the session names a service of the provider.
        service: id of that service (a connector or a tunnel), else empty.
        authorization: an OAuth access token, without `Bearer`.
        headers: to be sent with every request.

    """

    label: str
    url: str | None
    service: str = ""
    authorization: Secret | None = None
    headers: tuple[tuple[str, Secret], ...] = ()


@dataclass(frozen=True, slots=True)
class HostedTool:
    """A tool as its server lists it, cleaned and within bounds (`listing.clean_tools`)."""

    name: str
    description: str
    input_schema: JsonObject
    annotations: JsonObject

    @property
    def read_only(self) -> bool:
        """Whether the server says that it changes nothing."""
        return self.annotations.get("readOnlyHint") is True

    def to_wire(self) -> JsonObject:
        """Return it as `mcp_list_tools` items show it."""
        return {
            "name": self.name,
            "description": self.description,
            "input_schema": self.input_schema,
            "annotations": self.annotations or None,
        }


@dataclass(frozen=True, slots=True)
class HostedError:
    """Why a listing or a call failed.

    Attributes:
        kind: `protocol_error` (MCP itself), `http_error` (before it) or `tool_execution_error` (the tool).
        message: for people and models; holds no secret.
        code: of JSON-RPC or HTTP; a `tool_execution_error` has none.

    """

    kind: ErrorKind
    message: str
    code: int = 0

    def to_wire(self) -> JsonObject:
        """Return it as items show it."""
        if self.kind == "tool_execution_error":
            return {"type": self.kind, "message": self.message}
        return {"type": self.kind, "code": self.code, "message": self.message}


@dataclass(frozen=True, slots=True)
class HostingLimits:
    """How long servers may take, in the time of the core.

    Attributes:
        list_ms: from naming a server to its last tool.
        call_ms: for one call.

    """

    list_ms: int = 30_000
    call_ms: int = 60_000


USUAL_LIMITS = HostingLimits()
